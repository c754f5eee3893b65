// os/datagram: several datagrams a call, their addresses, and those that are cut.
#include "os/datagram.h"

#include "base/macros.h"
#include "os/sock.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

enum { COUNT = 4, SIZE = 64 };

static struct datagram_socket bound(const struct endpoint *where, struct endpoint *e)
{
    struct datagram_socket s;
    struct addr a = {.transport = ADDR_UDP};
    CHECK(datagram_bind(&s, &a, where, false) == 0);
    CHECK(sock_local_endpoint(s.fd, e) == 0);
    return s;
}

static struct datagram_socket peer_of(struct endpoint server, const char *ip)
{
    struct datagram_socket s = {.fd = -1};
    inet_pton(AF_INET, ip, server.ip);
    CHECK(datagram_connect(&s, &server) == 0);
    return s;
}

static const struct endpoint any = {.family = AF_INET};

static void receives_several_at_once(void)
{
    struct endpoint e, mine;
    struct datagram_socket server = bound(&any, &e), client = peer_of(e, "127.0.0.5");
    struct datagram_box *box = datagram_box_new(COUNT, SIZE);
    static const char *const sent[] = {"one", "", "three"};
    for (size_t i = 0; i < ARRAY_LEN(sent); i++)
        CHECK(datagram_send(&client, NULL, NULL, sent[i], strlen(sent[i])) == 0);
    CHECK(sock_local_endpoint(client.fd, &mine) == 0);
    CHECK(datagram_receive(&server, box) == 3);
    for (int i = 0; i < 3; i++) {
        struct datagram d = datagram_get(box, i);
        char text[ENDPOINT_TEXT_SIZE];
        CHECK(d.length == strlen(sent[i]) && memcmp(d.bytes, sent[i], d.length) == 0);
        CHECK(!d.truncated && d.remote.port == mine.port);
        CHECK(strcmp(endpoint_ip(&d.local, text), "127.0.0.5") == 0);
    }
    CHECK(datagram_receive(&server, box) == -EAGAIN);
    datagram_box_free(box);
    close(server.fd), close(client.fd);
}

static void says_when_one_was_cut(void)
{
    struct endpoint e;
    struct datagram_socket server = bound(&any, &e), client = peer_of(e, "127.0.0.1");
    struct datagram_box *box = datagram_box_new(COUNT, SIZE);
    char bytes[SIZE + 1] = {0};
    CHECK(datagram_send(&client, NULL, NULL, bytes, SIZE) == 0);
    CHECK(datagram_send(&client, NULL, NULL, bytes, SIZE + 1) == 0);
    CHECK(datagram_receive(&server, box) == 2);
    CHECK(!datagram_get(box, 0).truncated && datagram_get(box, 0).length == SIZE);
    CHECK(datagram_get(box, 1).truncated);
    datagram_box_free(box);
    close(server.fd), close(client.fd);
}

static void answers_from_the_address_that_was_asked(void)
{
    struct endpoint e;
    struct datagram_socket server = bound(&any, &e), client = peer_of(e, "127.0.0.6");
    struct datagram_box *box = datagram_box_new(COUNT, SIZE);
    CHECK(datagram_send(&client, NULL, NULL, "ask", 3) == 0);
    CHECK(datagram_receive(&server, box) == 1);
    struct datagram d = datagram_get(box, 0);
    CHECK(datagram_send(&server, &d.remote, &d.local, "answer", 6) == 0);
    CHECK(datagram_receive(&client, box) == 1); // connected: from elsewhere it would not come
    CHECK(datagram_get(box, 0).length == 6);
    datagram_box_free(box);
    close(server.fd), close(client.fd);
}

static void refuses_what_is_too_long(void)
{
    static char bytes[70000];
    struct endpoint e;
    struct datagram_socket server = bound(&any, &e), client = peer_of(e, "127.0.0.1");
    CHECK(datagram_send(&client, NULL, NULL, bytes, sizeof(bytes)) == -EMSGSIZE);
    close(server.fd), close(client.fd);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"several datagrams are received at once", receives_several_at_once},
        {"a datagram that was cut says so", says_when_one_was_cut},
        {"an answer leaves from the address that was asked", answers_from_the_address_that_was_asked},
        {"a datagram that is too long is refused", refuses_what_is_too_long},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

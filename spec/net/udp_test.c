// net/udp: what comes in the iteration in which its peer is forgotten. (No script can hit that moment.)
#include "net/udp.h"

#include "base/addr.h"
#include "base/macros.h"
#include "os/sock.h"
#include "support/check.h"
#include "support/pair.h"

#include <time.h>
#include <unistd.h>

static const struct limits limits = {.high = 1 << 20, .low = 1 << 18, .queue = 1 << 26, .idle = 20000000};

static struct world {
    struct conn *conn; // opened last
    int opened, data, closed;
} world;

static void accepted(struct conn *c)
{
    world.conn = c;
}

static void opened(struct conn *c)
{
    (void)c;
    world.opened++;
}

static void closed(struct conn *c)
{
    (void)c;
    world.closed++;
}

static struct delivery data(struct conn *c, const char *bytes, size_t n)
{
    (void)c;
    (void)bytes;
    world.data++;
    return (struct delivery){.used = n};
}

static const struct net_events events = {
    .accepted = accepted, .arrived = pair_no_filters, .opened = opened, .data = data, .closed = closed,
};

// A socket whose datagrams go there.
static int connect_to(const struct endpoint *e)
{
    struct sockaddr_storage address;
    socklen_t length = endpoint_to_sockaddr(e, &address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, length) == 0);
    return fd;
}

static void is_not_lost(void)
{
    struct net *net;
    struct addr a;
    struct datagram_socket socket;
    struct endpoint e = {.family = AF_INET, .ip = {127, 0, 0, 1}};
    char error[ADDR_ERROR_SIZE];
    CHECK(net_open(&net, NULL, &events, NULL) == 0 && udp_prepare(net) == 0);
    CHECK(addr_parse(&a, "udp://127.0.0.1:0", error) == 0 && datagram_bind(&socket, &a, &e, false) == 0);
    struct conn_group group = {.net = net, .limits = &limits, .user = &world};
    struct udp u = {.group = &group, .socket = socket, .index = 1, .address = "udp://127.0.0.1:0"};
    list_init(&group.conns);
    CHECK(sock_local_endpoint(socket.fd, &u.local) == 0);
    udp_start(&u);
    int peer = connect_to(&u.local);
    CHECK(write(peer, "one", 3) == 3);
    turn_at_once(net);
    CHECK(world.opened == 1 && world.data == 1);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    turn_at_once(net);
    CHECK(world.conn->excused && world.closed == 0);
    CHECK(write(peer, "two", 3) == 3);
    turn_at_once(net);
    CHECK(world.opened == 2 && world.data == 2 && world.closed == 1);
    conn_end(world.conn);
    turn_at_once(net);
    CHECK(world.closed == 2 && group.connections == 0);
    close(peer);
    udp_free(&u);
    net_close(net);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a datagram that comes when its peer is forgotten is a new one's", is_not_lost},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

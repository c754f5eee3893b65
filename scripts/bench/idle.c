/*
 * idle [-n COUNT] [-m BYTES] HOST PORT - holds many connections to an echo server and does
 * nothing with them, so that the server's memory can be read meanwhile. It is led by lines on
 * stdin and answers each with one on stdout:
 *   (at start)  -> "connected COUNT"
 *   "echo"      -> "echoed COUNT": each connection has sent one message and got it back
 *   end of file -> it ends, which closes all connections
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

enum { RUN_TIME = 300, REPLY_TIME = 10000, MESSAGE = 1024 };

static const char USAGE[] = "usage: idle [-n COUNT] [-m BYTES] HOST PORT";

static void answer(const char *word, unsigned count)
{
    printf("%s %u\n", word, count);
    fflush(stdout);
}

static void echo_once(int fd, const char *message, size_t size)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char reply[MESSAGE];
    size_t received = 0;

    if (send(fd, message, size, MSG_NOSIGNAL) != (ssize_t)size)
        die("send: %s", strerror(errno));
    while (received < size) {
        ssize_t amount;

        if (poll(&poll_fd, 1, REPLY_TIME) <= 0)
            die("no echo within %d ms", REPLY_TIME);
        amount = recv(fd, reply + received, size - received, 0);
        if (amount <= 0)
            die("recv: %s", amount == 0 ? "the server closed" : strerror(errno));
        received += (size_t)amount;
    }
    if (memcmp(reply, message, size) != 0)
        die("an echo differs from what was sent");
}

static void serve_commands(const int *fds, unsigned count, size_t size)
{
    char message[MESSAGE];
    char line[64];

    memset(message, 'x', sizeof(message));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strcmp(line, "echo\n") != 0)
            die("unknown command: %s", line);
        for (unsigned i = 0; i < count; i++)
            echo_once(fds[i], message, size);
        answer("echoed", count);
    }
}

int main(int argc, char **argv)
{
    struct target target;
    unsigned count = 10000;
    size_t size = 6;
    int option;
    int *fds;

    while ((option = getopt(argc, argv, "n:m:")) != -1) {
        if (option == 'n')
            count = (unsigned)number_parse("-n", optarg, 1, 1000000);
        else if (option == 'm')
            size = (size_t)number_parse("-m", optarg, 1, MESSAGE);
        else
            die("%s", USAGE);
    }
    if (argc - optind != 2)
        die("%s", USAGE);
    target = target_parse(argv[optind], argv[optind + 1]);
    limit_run_time(RUN_TIME);
    raise_descriptors(count + 16);
    fds = calloc(count, sizeof(*fds));
    if (fds == NULL)
        die("no memory");
    for (unsigned i = 0; i < count; i++)
        fds[i] = target_connect(&target, i);
    answer("connected", count);
    serve_commands(fds, count, size);
    return 0;
}

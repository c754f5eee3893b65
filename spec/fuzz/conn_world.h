// For the fuzzer of connections: the loop without time, and ways for a connection and its client to come together.
#ifndef FUZZ_CONN_WORLD_H
#define FUZZ_CONN_WORLD_H

#include "fuzz/conn_pair.h"

#include "net/dial.h"
#include "net/loop.h"
#include "net/open.h"
#include "net/server.h"
#include "os/clock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/un.h>

enum { PAIRS = 4, DESCRIPTORS = 128, FILE_SIZE = 81920 };

struct world {
    struct input *in;
    struct net *net;
    struct conn_group group; // of the connections that no server accepted
    struct server *server;   // NULL for none
    struct timer timer;
    struct pair pairs[PAIRS];
    struct pair *queue[PAIRS]; // whose clients wait to be accepted
    int waiting;
    bool idle; // the last wait found nothing to do, and would have waited
    int64_t asked; // so long; negative for ever
    int depth;     // of callbacks
};

// What stays from run to run.
static struct {
    const struct poller_backend *real;
    uint64_t now;
    int file, tcp[PAIRS], local[PAIRS]; // listeners for what is dialed
    struct sockaddr_in tcp_address[PAIRS];
    struct world *world;
    bool tells; // of what is done
    unsigned token; // of this process, in names
} fixed = {.now = 1000000000};

// In place of os/clock.c: time passes when the fuzzer says so.
uint64_t clock_now(void)
{
    return fixed.now;
}

uint64_t clock_time(void)
{
    return fixed.now;
}

static int wait_for_nothing(struct poller *p, struct ready *ready, int max, int64_t timeout)
{
    int n = fixed.real->wait(p, ready, max, 0);
    fixed.world->idle = n == 0 && timeout != 0;
    fixed.world->asked = timeout;
    return n;
}

static inline void use_backend(struct net *net)
{
    static struct poller_backend backends[2];
    struct poller_backend *own = &backends[net->backend == &poller_poll];
    fixed.real = net->backend;
    *own = *net->backend;
    own->wait = wait_for_nothing;
    net->backend = own;
}

static inline const char *local_name(char text[64], int i)
{
    snprintf(text, 64, "@evio-fuzz-%08x-%d", fixed.token, i);
    return text;
}

static inline socklen_t local_address(struct sockaddr_un *sa, int i)
{
    char name[64];
    memset(sa, 0, sizeof(*sa));
    sa->sun_family = AF_UNIX;
    size_t n = strlen(local_name(name, i));
    memcpy(sa->sun_path + 1, name + 1, n - 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static inline void open_fixed(bool tells)
{
    fixed.tells = tells;
    HOLDS(net_random(&fixed.token, sizeof(fixed.token)) == 0);
    signal(SIGPIPE, SIG_IGN); // as the host does

    char name[] = "/tmp/evio-fuzz-XXXXXX", *bytes = malloc(FILE_SIZE);
    fixed.file = mkstemp(name);
    for (int i = 0; i < FILE_SIZE; i++)
        bytes[i] = (char)(i % NUMBERS);
    HOLDS(fixed.file >= 0 && unlink(name) == 0 && write(fixed.file, bytes, FILE_SIZE) == FILE_SIZE);
    free(bytes);
    for (int i = 0; i < PAIRS; i++) {
        struct sockaddr_un sa;
        struct sockaddr_in *tcp = &fixed.tcp_address[i];
        socklen_t length = local_address(&sa, i), size = sizeof(*tcp);
        *tcp = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fixed.local[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        fixed.tcp[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        HOLDS(bind(fixed.local[i], (struct sockaddr *)&sa, length) == 0 && listen(fixed.local[i], 16) == 0);
        HOLDS(bind(fixed.tcp[i], (struct sockaddr *)tcp, size) == 0 && listen(fixed.tcp[i], 16) == 0);
        HOLDS(getsockname(fixed.tcp[i], (struct sockaddr *)tcp, &size) == 0);
    }
}

static inline int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

// Small ones, so that it takes few bytes to fill them.
static inline void shrink(int fd)
{
    int size = 4096;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

// Two ends of one connection; of TCP, or of unix sockets. Returns false when there is none: ports may have run out.
static inline bool connect_pair(int fds[2], bool tcp, int i)
{
    if (!tcp) {
        HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
        shrink(fds[0]);
        shrink(fds[1]);
        return true;
    }
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fds[1], (struct sockaddr *)&fixed.tcp_address[i], sizeof(struct sockaddr_in)) == 0;
    fds[0] = connected ? accept4(fixed.tcp[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (fds[0] < 0)
        close(fds[1]);
    return fds[0] >= 0;
}

// The clients of what was dialed are those that wait at the listeners.
static inline void adopt(struct world *w)
{
    for (int i = 0; i < PAIRS; i++) {
        struct pair *p = &w->pairs[i];
        if (!p->used || p->client >= 0 || p->cut)
            continue;
        p->client = accept4(fixed.tcp[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        p->local = p->client < 0;
        if (p->local)
            p->client = accept4(fixed.local[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
}

// Nobody waits there for the next run.
static inline void clear_listeners(void)
{
    for (int i = 0; i < PAIRS; i++)
        for (int fd; (fd = accept4(fixed.tcp[i], NULL, NULL, SOCK_CLOEXEC)) >= 0 ||
                     (fd = accept4(fixed.local[i], NULL, NULL, SOCK_CLOEXEC)) >= 0;)
            close(fd);
}

#endif

#include "net/resolver.h"

#include "base/macros.h"
#include "net/timer.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS = 16, TRY_MILLISECONDS = 2000, TRIES = 3 };

// A channel is opened anew after this time, so that changes of the system's files are seen.
static const uint64_t channel_age = 60000000000u;

struct resolver {
    struct net *net;
    ares_channel channel; // NULL while there is none
    char *servers;        // owned; NULL for the system's
    unsigned pending;     // queries
    uint64_t opened;      // when the channel was
    bool stale;           // the servers changed since
    struct timer timer;
    struct watch sockets[SOCKETS]; // fd is -1 in a free place
};

// What c-ares holds on to, even if nobody wants the answer any more.
struct query {
    struct resolver *resolver;
    struct lookup *lookup; // NULL once forgotten
};

static void set_timer(struct resolver *r)
{
    struct timeval time;
    if (!r->pending || !ares_timeout(r->channel, NULL, &time)) {
        timer_cancel(r->net, &r->timer);
        return;
    }
    uint64_t wait = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
    timer_set(r->net, &r->timer, net_clock() + wait);
}

static void time_out(struct timer *t)
{
    struct resolver *r = container_of(t, struct resolver, timer);
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(r);
}

static struct watch *place_of(struct resolver *r, int fd)
{
    struct watch *free_place = NULL;
    for (int i = 0; i < SOCKETS; i++) {
        if (r->sockets[i].fd == fd)
            return &r->sockets[i];
        if (r->sockets[i].fd < 0 && !free_place)
            free_place = &r->sockets[i];
    }
    return free_place;
}

// c-ares tells what it waits for on a descriptor; nothing before it closes it.
static void socket_changed(void *data, ares_socket_t fd, int readable, int writable)
{
    struct resolver *r = data;
    struct watch *w = place_of(r, fd);
    if (!w)
        return; // more servers than places: the time-out moves on to the next one
    w->fd = fd;
    r->net->backend->set(r->net->poller, w,
                         (readable ? POLL_READ : 0u) | (writable ? POLL_WRITE : 0u));
    if (!readable && !writable)
        w->fd = -1;
}

void resolver_ready(struct net *net, const struct ready *ready)
{
    struct resolver *r = net->resolver;
    int fd = ready->watch->fd;
    if (fd < 0)
        return; // closed in this iteration
    ares_process_fd(r->channel, ready->events & POLL_READ ? fd : ARES_SOCKET_BAD,
                    ready->events & POLL_WRITE ? fd : ARES_SOCKET_BAD);
    set_timer(r);
}

static int error_of(int status)
{
    switch (status) {
    case ARES_ENOMEM:
        return ENOMEM;
    case ARES_ETIMEOUT:
        return ETIMEDOUT;
    case ARES_ECONNREFUSED:
        return ECONNREFUSED;
    default:
        return ENOENT;
    }
}

static void answered(void *argument, int status, int timeouts, struct ares_addrinfo *found)
{
    struct query *q = argument;
    struct lookup *l = q->lookup;
    struct endpoint endpoints[RESOLVER_ENDPOINTS];
    int count = 0;
    (void)timeouts;
    for (const struct ares_addrinfo_node *i = found ? found->nodes : NULL;
         i && count < RESOLVER_ENDPOINTS; i = i->ai_next) {
        struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
        memcpy(&sa, i->ai_addr, i->ai_addrlen);
        endpoints[count++] = endpoint_from_sockaddr(&sa);
    }
    if (found)
        ares_freeaddrinfo(found);
    q->resolver->pending--;
    free(q);
    if (!l)
        return;
    l->query = NULL;
    l->answer(l, endpoints, count, error_of(status), ares_strerror(status));
}

static int open_channel(struct resolver *r)
{
    struct ares_options options = {
        .timeout = TRY_MILLISECONDS,
        .tries = TRIES,
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = r,
    };
    int status = ares_init_options(&r->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return status;
    r->opened = r->net->now;
    r->stale = false;
    if (r->servers)
        status = ares_set_servers_ports_csv(r->channel, r->servers);
    return status;
}

static void close_channel(struct resolver *r)
{
    if (r->channel)
        ares_destroy(r->channel); // every query is answered with an error
    r->channel = NULL;
}

// The loop's resolver, made when it is needed first; NULL when out of memory.
static struct resolver *get(struct net *net)
{
    struct resolver *r = net->resolver;
    if (r)
        return r;
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return NULL;
    r = net->resolver = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->net = net;
    r->timer.fire = time_out;
    for (int i = 0; i < SOCKETS; i++)
        r->sockets[i] = (struct watch){.fd = -1, .kind = WATCH_RESOLVER};
    return r;
}

void resolver_ask(struct net *net, struct lookup *l, const char *name, int family)
{
    struct resolver *r = get(net);
    struct query *q = r ? malloc(sizeof(*q)) : NULL;
    if (r && r->channel && !r->pending && (r->stale || net->now - r->opened > channel_age))
        close_channel(r);
    int status = !q ? ARES_ENOMEM : r->channel ? ARES_SUCCESS : open_channel(r);
    if (status != ARES_SUCCESS) {
        free(q);
        l->answer(l, NULL, 0, error_of(status), ares_strerror(status));
        return;
    }
    *q = (struct query){.resolver = r, .lookup = l};
    l->query = q;
    r->pending++;
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    ares_getaddrinfo(r->channel, name, NULL, &hints, answered, q);
    set_timer(r);
}

void resolver_forget(struct lookup *l)
{
    if (l->query)
        l->query->lookup = NULL;
    l->query = NULL;
}

int resolver_set_servers(struct net *net, const char *servers)
{
    struct resolver *r = get(net);
    if (!r)
        return -ENOMEM;
    char *copy = NULL;
    if (servers) {
        ares_channel trial;
        int status = ares_init(&trial);
        if (status == ARES_SUCCESS) {
            status = ares_set_servers_ports_csv(trial, servers);
            ares_destroy(trial);
        }
        if (status != ARES_SUCCESS)
            return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
        copy = strdup(servers);
    }
    free(r->servers);
    r->servers = copy;
    r->stale = true; // questions that are under way stay with the old ones
    return 0;
}

void resolver_free(struct net *net)
{
    struct resolver *r = net->resolver;
    if (!r)
        return;
    close_channel(r);
    timer_cancel(net, &r->timer);
    free(r->servers);
    free(r);
    net->resolver = NULL;
    ares_library_cleanup();
}

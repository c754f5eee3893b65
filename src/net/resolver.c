#include "net/resolver.h"

#include "base/error.h"
#include "base/macros.h"
#include "net/timer.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS = 16, TRY_MILLISECONDS = 1000, TRIES = 3 }; // the time doubles with each try

// A channel is opened anew after this time, so that changes of the system's files are seen.
static const uint64_t channel_age = 60000000000u;

// A c-ares channel: the servers as they were when it was opened.
struct channel {
    struct resolver *resolver;
    struct link link; // in resolver->channels, newest last
    ares_channel ares;
    unsigned pending; // queries
    int error;        // a socket of its cannot be polled: a positive errno
    uint64_t opened;
};

struct socket_place {
    struct watch watch; // fd is -1 in a free place
    struct channel *channel;
};

struct resolver {
    struct net *net;
    struct link channels;
    struct channel *current; // for new questions; NULL while there is none
    char *servers;           // owned; NULL for the system's
    struct timer timer;
    unsigned busy; // calls of c-ares under way, which may call back
    struct socket_place sockets[SOCKETS];
};

// What c-ares holds on to, even if nobody wants the answer any more.
struct query {
    struct channel *channel;
    struct lookup *lookup; // NULL once forgotten
};

static void close_channel(struct channel *c)
{
    list_remove(&c->link);
    if (c->resolver->current == c)
        c->resolver->current = NULL;
    ares_destroy(c->ares); // every query is answered with an error
    free(c);
}

// Ends the queries that would wait for what is not polled.
static void give_up(struct resolver *r, struct channel *c)
{
    r->busy++;
    ares_cancel(c->ares);
    r->busy--;
    c->error = 0;
}

// After c-ares was at work: old channels go with their last query, and the timer follows the others.
static void settle(struct resolver *r)
{
    if (r->busy)
        return; // whoever called c-ares will
    struct timeval time, *first = NULL;
    for (struct link *i = r->channels.next, *next; i != &r->channels; i = next) {
        struct channel *c = container_of(i, struct channel, link);
        if (c->error)
            give_up(r, c);
        next = i->next;
        if (c->pending > 0)
            first = ares_timeout(c->ares, first, &time);
        else if (c != r->current)
            close_channel(c);
    }
    if (!first) {
        timer_cancel(r->net, &r->timer);
        return;
    }
    uint64_t wait = (uint64_t)first->tv_sec * 1000000000u + (uint64_t)first->tv_usec * 1000u;
    timer_set(r->net, &r->timer, net_clock() + wait);
}

static void time_out(struct timer *t)
{
    struct resolver *r = container_of(t, struct resolver, timer);
    r->busy++;
    for (struct link *i = r->channels.next; i != &r->channels; i = i->next)
        ares_process_fd(container_of(i, struct channel, link)->ares, ARES_SOCKET_BAD,
                        ARES_SOCKET_BAD);
    r->busy--;
    settle(r);
}

static struct socket_place *place_of(struct resolver *r, int fd)
{
    struct socket_place *free_place = NULL;
    for (int i = 0; i < SOCKETS; i++) {
        if (r->sockets[i].watch.fd == fd)
            return &r->sockets[i];
        if (r->sockets[i].watch.fd < 0 && !free_place)
            free_place = &r->sockets[i];
    }
    return free_place;
}

// c-ares tells what it waits for on a descriptor; nothing before it closes it.
static void socket_changed(void *data, ares_socket_t fd, int readable, int writable)
{
    struct channel *c = data;
    struct net *net = c->resolver->net;
    struct socket_place *p = place_of(c->resolver, fd);
    if (!p)
        return; // more servers than places: the time-out moves on to the next one
    p->watch.fd = fd;
    p->channel = c;
    int err = net->backend->set(net->poller, &p->watch,
                                (readable ? POLL_READ : 0u) | (writable ? POLL_WRITE : 0u));
    if (err)
        c->error = -err;
    if (!readable && !writable)
        p->watch.fd = -1;
}

void resolver_ready(struct net *net, const struct ready *ready)
{
    struct socket_place *p = container_of(ready->watch, struct socket_place, watch);
    int fd = p->watch.fd;
    if (fd < 0)
        return; // closed in this iteration
    net->resolver->busy++;
    ares_process_fd(p->channel->ares, ready->events & POLL_READ ? fd : ARES_SOCKET_BAD,
                    ready->events & POLL_WRITE ? fd : ARES_SOCKET_BAD);
    net->resolver->busy--;
    settle(net->resolver);
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
    int count = 0, error = q->channel->error;
    char text[96];
    const char *reason = error ? error_message(error, text, sizeof(text)) : ares_strerror(status);
    (void)timeouts;
    for (const struct ares_addrinfo_node *i = found ? found->nodes : NULL;
         i && count < RESOLVER_ENDPOINTS; i = i->ai_next) {
        struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
        memcpy(&sa, i->ai_addr, i->ai_addrlen);
        endpoints[count++] = endpoint_from_sockaddr(&sa);
    }
    if (found)
        ares_freeaddrinfo(found);
    q->channel->pending--;
    free(q);
    if (!l)
        return;
    l->query = NULL;
    l->answer(l, endpoints, count, error ? error : error_of(status), reason);
}

// Returns the channel for a new question: the current one, or a new one where that is old.
static int get_channel(struct resolver *r, struct channel **channel)
{
    *channel = r->current;
    if (r->current && r->net->now - r->current->opened <= channel_age)
        return ARES_SUCCESS;
    struct channel *c = calloc(1, sizeof(*c));
    if (!c)
        return ARES_ENOMEM;
    struct ares_options options = {
        .timeout = TRY_MILLISECONDS,
        .tries = TRIES,
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = c,
    };
    int status = ares_init_options(&c->ares, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        free(c);
        return status;
    }
    if (r->servers)
        ares_set_servers_ports_csv(c->ares, r->servers); // was tried when it was set
    c->resolver = r;
    c->opened = r->net->now;
    list_append(&r->channels, &c->link);
    *channel = r->current = c;
    return ARES_SUCCESS;
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
    list_init(&r->channels);
    for (int i = 0; i < SOCKETS; i++)
        r->sockets[i].watch = (struct watch){.fd = -1, .kind = WATCH_RESOLVER};
    return r;
}

void resolver_ask(struct net *net, struct lookup *l, const char *name, int family)
{
    struct resolver *r = get(net);
    struct query *q = r ? malloc(sizeof(*q)) : NULL;
    struct channel *c;
    int status = q ? get_channel(r, &c) : ARES_ENOMEM;
    if (status != ARES_SUCCESS) {
        free(q);
        l->answer(l, NULL, 0, error_of(status), ares_strerror(status));
        return;
    }
    *q = (struct query){.channel = c, .lookup = l};
    l->query = q;
    c->pending++;
    struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    r->busy++;
    ares_getaddrinfo(c->ares, name, NULL, &hints, answered, q);
    r->busy--;
    settle(r);
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
        if (!copy)
            return -ENOMEM;
    }
    free(r->servers);
    r->servers = copy;
    r->current = NULL; // questions that are under way stay with the old ones
    settle(r);
    return 0;
}

void resolver_free(struct net *net)
{
    struct resolver *r = net->resolver;
    if (!r)
        return;
    while (!list_empty(&r->channels))
        close_channel(container_of(r->channels.next, struct channel, link));
    timer_cancel(net, &r->timer);
    free(r->servers);
    free(r);
    net->resolver = NULL;
    ares_library_cleanup();
}

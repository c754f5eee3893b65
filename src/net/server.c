#include "net/server.h"

#include "base/macros.h"
#include "base/table.h"
#include "net/reap.h"
#include "net/write.h"
#include "base/error.h"
#include "os/fd.h"
#include "os/resolve.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINTS = 16 }; // addresses that one name may have

static struct listener *add_listener(struct server *s, int fd, int index)
{
    struct listener *l = &s->listeners[s->listener_count++];
    *l = (struct listener){
        .watch = {.fd = fd, .kind = WATCH_LISTENER},
        .group = &s->group,
        .index = (uint16_t)index,
    };
    return l;
}

// Binds one endpoint, and stores what was bound. Returns 0 or a negative errno.
static int bind_endpoint(struct server *s, const struct addr *a, int index, struct endpoint *e)
{
    bool both = a->family == 0 && a->host[0] == '\0';
    if (a->transport == ADDR_TCP) {
        int fd = listen_bind_tcp(a, e, both);
        if (fd < 0)
            return fd;
        add_listener(s, fd, index);
        return sock_local_endpoint(fd, e);
    }
    struct datagram_socket socket;
    int err = datagram_bind(&socket, a, e, both);
    if (err)
        return err;
    struct udp *u = &s->udps[s->udp_count++];
    *u = (struct udp){.group = &s->group, .socket = socket, .index = (uint16_t)index};
    err = sock_local_endpoint(socket.fd, e);
    u->local = *e;
    return err;
}

// Binds every endpoint of a name to one port. With port 0 the first one's choice may be taken for
// the second: the caller tries again.
static int bind_endpoints(struct server *s, const struct addr *a, int index,
                          struct endpoint *endpoints, int count)
{
    uint16_t port = a->port;
    int listeners = s->listener_count, udps = s->udp_count, err = 0;
    for (int i = 0; i < count && !err; i++) {
        endpoints[i].port = port;
        err = bind_endpoint(s, a, index, &endpoints[i]);
        if (!err)
            port = endpoints[i].port;
        else if (err == -EADDRNOTAVAIL && count > 1)
            err = 0; // a name may have an address of a family that is off here
    }
    if (!err && s->listener_count == listeners && s->udp_count == udps)
        err = -EADDRNOTAVAIL;
    while (err && s->listener_count > listeners)
        fd_close(s->listeners[--s->listener_count].watch.fd);
    while (err && s->udp_count > udps)
        fd_close(s->udps[--s->udp_count].socket.fd);
    endpoints[0].port = port;
    return err;
}

static int open_ip(struct server *s, const struct addr *a, int index, char *text,
                    char error[ADDR_ERROR_SIZE])
{
    struct endpoint endpoints[ENDPOINTS];
    int count = resolve_host(a, endpoints, ENDPOINTS, error);
    if (count < 0)
        return count;
    int err, tries = 0;
    do {
        err = bind_endpoints(s, a, index, endpoints, count);
    } while (err == -EADDRINUSE && a->port == 0 && ++tries < 20);
    if (err)
        return err;
    const char *open = "", *close = "", *host = a->host;
    char ip[ENDPOINT_TEXT_SIZE];
    if (a->host[0] == '\0')
        host = endpoint_ip(&endpoints[0], ip);
    if (strchr(host, ':'))
        open = "[", close = "]";
    snprintf(text, ADDR_ERROR_SIZE, "%s://%s%s%s:%u", addr_scheme_name(a), open, host,
             close, endpoints[0].port);
    return 0;
}

static int open_unix(struct server *s, const struct addr *a, int index, char *text)
{
    struct listen_file file;
    int fd = listen_bind_unix(a, &file);
    if (fd < 0)
        return fd;
    add_listener(s, fd, index)->file = file;
    snprintf(text, ADDR_ERROR_SIZE, "unix://%s", a->path);
    return 0;
}

// Binds one address and starts to listen on it: from here on clients can connect, but nothing is
// accepted before `serving`.
static int open_address(struct server *s, const char *text, int index, char error[ADDR_ERROR_SIZE])
{
    struct addr a;
    char bound[ADDR_ERROR_SIZE], reason[ADDR_ERROR_SIZE];
    int first = s->listener_count;
    int err = addr_parse(&a, text, error);
    if (err)
        return err;
    error[0] = '\0';
    err = a.transport == ADDR_UNIX ? open_unix(s, &a, index, bound)
                                   : open_ip(s, &a, index, bound, error);
    for (int i = first; i < s->listener_count && !err; i++)
        err = listen_start(s->listeners[i].watch.fd, &a);
    if (err) {
        if (error[0])
            snprintf(reason, sizeof(reason), "%s", error);
        else if (err == -EEXIST)
            snprintf(reason, sizeof(reason), "a file that is not a socket is there");
        else
            error_message(-err, reason, sizeof(reason));
        snprintf(error, ADDR_ERROR_SIZE, "cannot listen on \"%.150s\": %.340s", text, reason);
        return err;
    }
    s->addresses[s->address_count] = strdup(bound);
    return s->addresses[s->address_count++] ? 0 : -ENOMEM;
}

static void start_udp(struct server *s, struct udp *u)
{
    char reason[96], text[128];
    int err = udp_start(u);
    if (!err)
        return;
    snprintf(text, sizeof(text), "cannot receive: %s",
             error_message(-err, reason, sizeof(reason)));
    s->group.net->events->notice(s->group.net, u->address, text);
}

static void start(struct server *s)
{
    s->state = SERVER_SERVING;
    s->group.net->events->serving(s);
    for (int i = 0; i < s->listener_count && s->state == SERVER_SERVING; i++)
        listener_start(&s->listeners[i]);
    for (int i = 0; i < s->udp_count && s->state == SERVER_SERVING; i++)
        start_udp(s, &s->udps[i]);
}

static void time_out(struct timer *t)
{
    struct server *s = container_of(t, struct server, timer);
    struct net *net = s->group.net;
    uint64_t due = t->node.key;
    if (s->state == SERVER_STARTING) {
        due = net->now;
        start(s);
    }
    if (s->state == SERVER_STOPPING || (s->state == SERVER_CLOSED && !s->group.connections))
        return;
    int64_t delay = net->events->tick(s);
    if (delay < 0 || s->state == SERVER_STOPPING)
        return;
    timer_set(net, t, timer_next(due, (uint64_t)delay, net->now));
}

int server_open(struct server **server, struct net *net, const struct server_options *options,
                char error[ADDR_ERROR_SIZE])
{
    size_t count = (size_t)options->address_count;
    struct server *s = calloc(1, sizeof(*s));
    int err = -ENOMEM;
    snprintf(error, ADDR_ERROR_SIZE, "out of memory");
    if (!s)
        return err;
    s->group = (struct conn_group){
        .net = net,
        .limits = options->limits,
        .handlers = options->handlers,
        .user = options->user,
    };
    s->addresses = calloc(count, sizeof(char *));
    s->listeners = calloc(count * ENDPOINTS, sizeof(struct listener));
    s->udps = calloc(count * ENDPOINTS, sizeof(struct udp));
    if (!s->addresses || !s->listeners || !s->udps)
        goto fail;
    for (int i = 0; i < options->address_count; i++) {
        err = open_address(s, options->addresses[i], i + 1, error);
        if (err)
            goto fail;
    }
    for (int i = 0; i < s->listener_count; i++)
        s->listeners[i].address = s->addresses[s->listeners[i].index - 1];
    for (int i = 0; i < s->udp_count; i++)
        s->udps[i].address = s->addresses[s->udps[i].index - 1];
    s->timer.fire = time_out;
    err = timer_set(net, &s->timer, net->now);
    if (err)
        goto fail;
    list_append(&net->servers, &s->link);
    *server = s;
    return 0;

fail:
    server_free(s);
    return err;
}

static void close_listeners(struct server *s)
{
    for (int i = 0; i < s->listener_count; i++)
        listener_close(&s->listeners[i]);
    for (int i = 0; i < s->udp_count; i++)
        udp_close(&s->udps[i]);
}

void server_close(struct server *s)
{
    if (s->state >= SERVER_STOPPING)
        return;
    close_listeners(s);
    s->state = SERVER_CLOSED;
    s->group.net->restless = true; // it may be over with that
}

void server_shutdown(struct server *s)
{
    close_listeners(s);
    timer_cancel(s->group.net, &s->timer);
    s->state = SERVER_STOPPING;
    s->group.stopping = true;
    s->group.newest = UINT64_MAX;
    s->group.net->restless = true;
}

void shutdown_all(struct net *net)
{
    struct link *i;
    for (i = net->servers.next; i != &net->servers; i = i->next)
        server_shutdown(container_of(i, struct server, link));
    net->dialed.stopping = true;
    net->dialed.newest = net->conns.last;
    net->restless = true;
    net->events->ending(net);
}

static void close_connections(struct conn_group *group)
{
    struct net *net = group->net;
    size_t count = net->conns.count;
    uint64_t *ids = slots_ids(&net->conns);
    for (size_t i = 0; ids && i < count; i++) {
        struct conn *c = conn_find(net, ids[i]);
        if (!c || c->group != group || c->slot.id > group->newest)
            continue;
        conn_close(c, NULL);
        conn_flush(c, NULL, 0);
    }
    free(ids);
}

void shutdown_connections(struct net *net)
{
    struct link *i;
    for (i = net->servers.next; i != &net->servers; i = i->next) {
        struct server *s = container_of(i, struct server, link);
        if (s->state != SERVER_STOPPING)
            continue;
        close_connections(&s->group);
        s->state = SERVER_CLOSED;
    }
    if (net->dialed.stopping) {
        net->dialed.stopping = false;
        close_connections(&net->dialed);
    }
}

void servers_reap(struct net *net)
{
    struct link *i, *next;
    for (i = net->servers.next; i != &net->servers; i = next) {
        struct server *s = container_of(i, struct server, link);
        next = i->next;
        if (s->state == SERVER_CLOSED && s->group.connections == 0) {
            net->events->stopped(s);
            server_free(s);
        }
    }
}

void group_free(struct conn_group *group)
{
    struct net *net = group->net;
    for (size_t i = 0; i < net->conns.size && group->connections; i++) {
        struct slot *slot = net->conns.table[i];
        struct conn *c = slot ? container_of(slot, struct conn, slot) : NULL;
        if (c && c->group == group)
            conn_free(c);
    }
}

void server_free(struct server *s)
{
    struct net *net = s->group.net;
    group_free(&s->group);
    close_listeners(s);
    timer_cancel(net, &s->timer);
    list_remove(&s->link);
    for (int i = 0; i < s->address_count; i++)
        free(s->addresses[i]);
    free(s->addresses);
    free(s->listeners);
    for (int i = 0; i < s->udp_count; i++)
        udp_free(&s->udps[i]);
    free(s->udps);
    table_free(s->group.addresses);
    free(s);
}

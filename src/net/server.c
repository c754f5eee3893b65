#include "net/server.h"

#include "base/error.h"
#include "base/macros.h"
#include "base/table.h"
#include "net/reap.h"
#include "net/write.h"
#include "os/systemd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(struct server *s)
{
    s->state = SERVER_SERVING;
    s->group.net->events->serving(s);
    for (int i = 0; i < s->listener_count && s->state == SERVER_SERVING; i++)
        listener_start(&s->listeners[i]);
    for (int i = 0; i < s->udp_count && s->state == SERVER_SERVING; i++)
        udp_start(&s->udps[i]);
    if (!s->group.net->announced && s->state == SERVER_SERVING)
        systemd_notify("READY=1");
    s->group.net->announced = true;
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
    timer_set(net, t, UINT64_MAX); // keeps its place: moving it needs no memory
    int64_t delay = net->events->tick(s);
    if (delay < 0 || s->state == SERVER_STOPPING)
        timer_cancel(net, t);
    else
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
    list_init(&s->group.conns);
    s->addresses = calloc(count, sizeof(char *));
    s->listeners = calloc(count * SERVER_ENDPOINTS, sizeof(struct listener));
    s->udps = calloc(count * SERVER_ENDPOINTS, sizeof(struct udp));
    if (!s->addresses || !s->listeners || !s->udps)
        goto fail;
    for (int i = 0; i < options->address_count; i++) {
        err = server_bind(s, options->addresses[i], i + 1, error);
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
    if (!error[0])
        error_message(-err, error, ADDR_ERROR_SIZE);
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
    if (net->announced)
        systemd_notify("STOPPING=1");
    struct link *i;
    for (i = net->servers.next; i != &net->servers; i = i->next)
        server_shutdown(container_of(i, struct server, link));
    net->dialed.stopping = true;
    net->dialed.newest = net->conns.last;
    net->restless = true;
    net->events->ending(net);
}

// Newest first. None is freed before the reap step.
static void close_connections(struct conn_group *group)
{
    for (struct link *i = group->conns.prev; i != &group->conns; i = i->prev) {
        struct conn *c = container_of(i, struct conn, sibling);
        if (c->state > CONN_CLOSING || c->slot.id > group->newest)
            continue;
        if (c->state == CONN_OPEN && c->opened && !c->shaking)
            group->net->events->stopping(c);
        conn_close(c, NULL);
        conn_flush(c, NULL, 0);
    }
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
    while (!list_empty(&group->conns))
        conn_free(container_of(group->conns.next, struct conn, sibling));
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

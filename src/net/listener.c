#include "net/listener.h"

#include "net/admission.h"
#include "net/open.h"

#include "base/macros.h"
#include "base/error.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>

enum { ACCEPTS = 64 }; // the most an iteration and listener

static const uint64_t first_back_off = 10000000, last_back_off = 1000000000;
// How long clients wait for a descriptor before they are turned away.
static const uint64_t patience = 10000000000u;

static struct net *net_of(const struct listener *l)
{
    return l->group->net;
}

// Errors that concern one connection, not the listener: accept(2), "Error handling".
static bool concerns_peer(int err)
{
    switch (-err) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
        return true;
    default:
        return false;
    }
}

// With the reserve given up there is one descriptor: enough to accept a client and close it, so
// that it does not wait for ever.
static void turn_away(struct listener *l)
{
    struct net *net = net_of(l);
    struct endpoint peer;
    if (net->reserve < 0)
        net->reserve = fd_open_reserve();
    if (net->reserve < 0)
        return;
    fd_close(net->reserve);
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = sock_accept(l->watch.fd, &peer);
        if (fd < 0)
            break;
        fd_close(fd);
    }
    net->reserve = fd_open_reserve();
}

// Once a minute: a shortage comes and goes with every client.
static void tell(struct listener *l, const char *text)
{
    struct net *net = net_of(l);
    if (l->told && net->now - l->told < 60000000000u)
        return;
    net->events->notice(net, l->address, text);
    l->told = net->now;
}

static void tell_error(struct listener *l, int err, const char *what)
{
    char reason[96], text[160];
    snprintf(text, sizeof(text), "cannot accept: %s; %s", error_message(-err, reason, sizeof(reason)), what);
    tell(l, text);
}

static void tell_full(struct listener *l)
{
    char text[160];
    snprintf(text, sizeof(text), "cannot accept: %zu connections are open, and no more may be "
             "(options.connections, ulimit -n); trying again until it works", admission_most(l->group));
    tell(l, text);
}

// Because of an error, or of 0 for as many connections as there may be.
static void pause_accepting(struct listener *l, int err)
{
    struct net *net = net_of(l);
    if (err)
        tell_error(l, err, "trying again until it works");
    else
        tell_full(l);
    if (l->back_off == 0) {
        l->short_since = net->now;
    } else if (net->now - l->short_since > patience) {
        turn_away(l);
    }
    l->back_off = l->back_off ? l->back_off * 2 : first_back_off;
    if (l->back_off > last_back_off)
        l->back_off = last_back_off;
    if (timer_set(net, &l->retry, net->now + l->back_off) < 0)
        return; // stays in the poller: a try each iteration is better than none
    net->backend->set(net->poller, &l->watch, 0);
    if (err == 0 || err == -EMFILE || err == -ENFILE)
        list_append(&net->starved, &l->link);
}

static void refuse(struct listener *l, const struct endpoint *peer, int err)
{
    char ip[ENDPOINT_TEXT_SIZE], text[200];
    if (err != -EUSERS) {
        tell_error(l, err, "the client was turned away");
        return;
    }
    snprintf(text, sizeof(text), "%s has %zu connections, and no more may be from one address "
             "(options.per_address); closing those that come", endpoint_ip(peer, ip),
             admission_most_from(l->group, peer));
    tell(l, text);
}

static void welcome(struct listener *l, int fd, const struct endpoint *peer)
{
    struct conn *c;
    struct net *net = net_of(l);
    int err = admission_enter(l->group, peer);
    if (err) {
        fd_close(fd);
        refuse(l, peer, err);
        return;
    }
    err = conn_new(&c, l->group, fd, peer);
    if (err) {
        admission_leave(l->group, peer);
        refuse(l, peer, err);
        return;
    }
    c->admitted = true;
    c->index = l->index;
    net->events->accepted(c);
    conn_open(c);
}

// How many to accept in this iteration. Asking once more, to hear that nobody waits, costs as much as half
// an accept: so it is one, and more while clients come faster than that.
static int next_burst(struct listener *l)
{
    struct net *net = net_of(l);
    bool pressed = l->accepted_at + 1 == net->iteration;
    l->accepted_at = net->iteration;
    l->burst = !pressed ? 1 : l->burst < ACCEPTS ? l->burst * 8 : ACCEPTS; // 1, 8, 64
    return l->burst;
}

void listener_accept(struct listener *l)
{
    for (int i = next_burst(l); i > 0 && l->watch.fd >= 0; i--) {
        struct endpoint peer;
        if (!admission_has_room(l->group)) {
            pause_accepting(l, 0);
            return;
        }
        int fd = sock_accept(l->watch.fd, &peer);
        if (fd >= 0) {
            l->back_off = 0;
            welcome(l, fd, &peer);
        } else if (fd == -EAGAIN || fd == -EWOULDBLOCK) {
            return;
        } else if (!concerns_peer(fd)) {
            pause_accepting(l, fd);
            return;
        }
    }
}

static void watch(struct listener *l)
{
    list_remove(&l->link);
    int err = net_of(l)->backend->set(net_of(l)->poller, &l->watch, POLL_READ);
    if (err)
        pause_accepting(l, err);
}

static void retry(struct timer *t)
{
    watch(container_of(t, struct listener, retry));
}

void listener_start(struct listener *l)
{
    l->retry.fire = retry;
    watch(l);
}

void listeners_retry(struct net *net)
{
    struct link *link;
    while ((link = list_take(&net->starved))) {
        struct listener *l = container_of(link, struct listener, link);
        timer_set(net, &l->retry, net->now);
    }
}

void listener_close(struct listener *l)
{
    struct net *net = net_of(l);
    if (l->watch.fd < 0)
        return;
    net->backend->set(net->poller, &l->watch, 0);
    timer_cancel(net, &l->retry);
    list_remove(&l->link);
    fd_close(l->watch.fd);
    l->watch.fd = -1;
    listen_file_remove(&l->file);
}

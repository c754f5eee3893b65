#include "net/udp.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/macros.h"
#include "net/open.h"
#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATAGRAMS = 16,        // of one call
    DATAGRAM_SIZE = 65536, // the largest there is
    MOST_PEERS = 65536,    // of one socket
    SMALLEST_TABLE = 64,
};

static const uint64_t retry_delay = 100000000; // nanoseconds

// What tells peers apart. The parts of an endpoint lie next to each other.
struct peer_key {
    struct endpoint remote, local;
};

struct peer {
    struct peer *next;  // in its chain
    struct link recent; // in udp->recent
    struct udp *udp;
    struct conn *conn;
    struct peer_key key;
    uint64_t hash;
};

static struct net *net_of(const struct udp *u)
{
    return u->group->net;
}

static bool is_dialed(const struct udp *u)
{
    return u->index == 0;
}

static struct peer *only_peer(struct udp *u)
{
    return container_of(u->recent.next, struct peer, recent);
}

static uint64_t hash_of(const struct udp *u, const struct peer_key *key)
{
    return hash_keyed(net_of(u)->hash_key, key, sizeof(*key));
}

static struct peer *find(const struct udp *u, const struct peer_key *key, uint64_t hash)
{
    struct peer *p = u->size ? u->table[hash & (u->size - 1)] : NULL;
    while (p && (p->hash != hash || memcmp(&p->key, key, sizeof(*key)) != 0))
        p = p->next;
    return p;
}

static int grow(struct udp *u)
{
    size_t size = u->size ? u->size * 2 : SMALLEST_TABLE;
    struct peer **table = calloc(size, sizeof(*table));
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < u->size; i++) {
        struct peer *p = u->table[i];
        while (p) {
            struct peer *next = p->next, **place = &table[p->hash & (size - 1)];
            p->next = *place;
            *place = p;
            p = next;
        }
    }
    free(u->table);
    u->table = table;
    u->size = size;
    return 0;
}

static int insert(struct udp *u, struct peer *p)
{
    if (u->count == u->size) {
        int err = grow(u);
        if (err)
            return err;
    }
    struct peer **place = &u->table[p->hash & (u->size - 1)];
    p->next = *place;
    *place = p;
    u->count++;
    list_append(&u->recent, &p->recent);
    return 0;
}

static void extract(struct udp *u, struct peer *p)
{
    struct peer **place = &u->table[p->hash & (u->size - 1)];
    while (*place != p)
        place = &(*place)->next;
    *place = p->next;
    u->count--;
    list_remove(&p->recent);
}

// The one that was silent longest makes room. It is gone for the table at once, for the script in
// the reap step.
static void forget_oldest(struct udp *u)
{
    struct peer *p = container_of(u->recent.next, struct peer, recent);
    extract(u, p);
    conn_end(p->conn);
}

// Gives the connection a peer. Returns 0 or -ENOMEM.
static int add_peer(struct udp *u, struct conn *c, const struct peer_key *key, uint64_t hash)
{
    struct peer *p = malloc(sizeof(*p));
    if (!p)
        return -ENOMEM;
    *p = (struct peer){.udp = u, .conn = c, .key = *key, .hash = hash};
    int err = insert(u, p);
    if (err) {
        free(p);
        return err;
    }
    c->peer = p;
    return 0;
}

static struct peer *meet(struct udp *u, const struct peer_key *key, uint64_t hash)
{
    struct conn *c;
    if (u->closed || u->group->stopping)
        return NULL;
    if (u->count == MOST_PEERS)
        forget_oldest(u);
    if (conn_new(&c, u->group, -1, &key->remote) < 0)
        return NULL; // as if the datagram had been lost on its way
    c->index = u->index;
    c->datagram = true;
    net_of(u)->events->accepted(c);
    int err = add_peer(u, c, key, hash);
    if (err) {
        conn_fail(c, -err, NULL);
        return NULL;
    }
    conn_open(c);
    return c->peer;
}

static void tell(struct udp *u, const struct datagram *d)
{
    char remote[ENDPOINT_TEXT_SIZE], text[160];
    snprintf(text, sizeof(text), "dropped a datagram from %s that is longer than %d bytes",
             endpoint_text(&d->remote, "udp", remote), DATAGRAM_SIZE);
    net_of(u)->events->notice(net_of(u), u->address, text);
}

// Whether the peer's time is over since this iteration began: what comes now is another one's.
static bool was_forgotten(const struct peer *p)
{
    return !is_dialed(p->udp) && p->conn->state == CONN_ENDED && p->conn->excused;
}

static void receive(struct udp *u, const struct datagram *d)
{
    struct peer_key key = {.remote = d->remote, .local = d->local.family ? d->local : u->local};
    if (d->truncated) {
        tell(u, d);
        return;
    }
    key.local.port = u->local.port;
    if (is_dialed(u))
        key = only_peer(u)->key;
    uint64_t hash = hash_of(u, &key);
    struct peer *p = find(u, &key, hash);
    if (p && was_forgotten(p)) {
        extract(u, p);
        p = NULL;
    }
    if (!p)
        p = meet(u, &key, hash);
    if (!p || p->conn->state != CONN_OPEN)
        return;
    struct conn *c = p->conn;
    list_remove(&p->recent);
    list_append(&u->recent, &p->recent);
    c->last_in = conn_clock(c);
    net_of(u)->events->data(c, d->bytes, d->length);
}

int udp_prepare(struct net *net)
{
    if (!net->datagrams)
        net->datagrams = datagram_box_new(DATAGRAMS, DATAGRAM_SIZE);
    return net->datagrams ? 0 : -ENOMEM;
}

static int watch(struct udp *u)
{
    struct net *net = net_of(u);
    u->watch = (struct watch){.fd = u->socket.fd, .kind = WATCH_UDP};
    return net->backend->set(net->poller, &u->watch, POLL_READ);
}

// Does not receive for a while.
static void back_off(struct udp *u, int err)
{
    struct net *net = net_of(u);
    char reason[96], text[160];
    snprintf(text, sizeof(text), "cannot receive: %s; trying again until it works",
             error_message(-err, reason, sizeof(reason)));
    net->events->notice(net, u->address, text);
    if (timer_set(net, &u->retry, net->now + retry_delay) == 0)
        net->backend->set(net->poller, &u->watch, 0); // else a try each iteration is better than none
}

static void start(struct timer *t)
{
    struct udp *u = container_of(t, struct udp, retry);
    int err = watch(u);
    if (err)
        back_off(u, err);
}

void udp_start(struct udp *u)
{
    list_init(&u->recent);
    u->retry.fire = start;
    start(&u->retry);
}

static bool failed(int count)
{
    return count < 0 && count != -EAGAIN && count != -EWOULDBLOCK;
}

void udp_ready(struct udp *u)
{
    struct net *net = net_of(u);
    if (u->watch.fd < 0)
        return;
    int count = datagram_receive(&u->socket, net->datagrams);
    if (failed(count) && !is_dialed(u))
        count = datagram_receive(&u->socket, net->datagrams); // an error of the socket is gone by now
    if (failed(count) && is_dialed(u))
        conn_fail(only_peer(u)->conn, -count, NULL); // ECONNREFUSED: nobody listens there
    else if (failed(count))
        back_off(u, count);
    for (int i = 0; i < count; i++) {
        struct datagram d = datagram_get(net->datagrams, i);
        receive(u, &d);
    }
}

void udp_close(struct udp *u)
{
    u->closed = true;
}

void udp_free(struct udp *u)
{
    struct net *net = net_of(u);
    timer_cancel(net, &u->retry);
    net->backend->set(net->poller, &u->watch, 0);
    fd_close(u->socket.fd);
    u->watch.fd = u->socket.fd = -1;
    free(u->table);
    u->table = NULL;
}

int udp_dialed(struct conn *c, const struct datagram_socket *socket, const struct endpoint *remote)
{
    struct udp *u = udp_prepare(c->group->net) == 0 ? calloc(1, sizeof(*u)) : NULL;
    struct peer_key key = {.remote = *remote};
    if (!u)
        return -ENOMEM;
    u->group = c->group;
    u->socket = *socket;
    u->address = "udp";
    sock_local_endpoint(socket->fd, &key.local);
    u->local = key.local;
    list_init(&u->recent);
    int err = watch(u);
    if (!err)
        err = add_peer(u, c, &key, hash_of(u, &key));
    if (err) {
        c->group->net->backend->set(c->group->net->poller, &u->watch, 0);
        free(u->table);
        free(u);
    }
    return err;
}

void peer_free(struct conn *c)
{
    struct peer *p = c->peer;
    if (!p)
        return;
    struct udp *u = p->udp;
    if (link_in_list(&p->recent))
        extract(u, p);
    if (is_dialed(u)) {
        udp_free(u);
        free(u);
    }
    free(p);
    c->peer = NULL;
}

int peer_send(struct conn *c, const char *bytes, size_t n)
{
    const struct peer *p = c->peer;
    const struct udp *u = p->udp;
    int err = datagram_send(&u->socket, is_dialed(u) ? NULL : &p->key.remote,
                            u->socket.any ? &p->key.local : NULL, bytes, n);
    if (!err)
        c->last_out = conn_clock(c);
    else if (err == -ECONNREFUSED && is_dialed(u))
        conn_fail(c, ECONNREFUSED, NULL); // of an earlier one: nobody listens there
    return err;
}

struct endpoint peer_local(const struct conn *c)
{
    return c->peer->key.local;
}

#include "net/packets.h"

#include "base/error.h"
#include "net/udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 65527 }; // UDP over IPv6, RFC 8200; what IPv4 cannot carry, the system refuses

static const struct net_events *events_of(const struct conn *c)
{
    return c->group->net->events;
}

void packets_tell_lost(struct conn *c, size_t n, int err)
{
    char where[ENDPOINT_TEXT_SIZE], reason[96], text[160];
    snprintf(text, sizeof(text), "dropped a datagram of %zu bytes: %s", n,
             error_message(-err, reason, sizeof(reason)));
    events_of(c)->notice(c->group->net, endpoint_text(&c->remote, "udp", where), text);
}

// Each that waits has its length in front.
static int have_wait(struct conn *c, const char *bytes, size_t n)
{
    uint32_t length = (uint32_t)n;
    if (packets_pending(c) + n > c->limits->queue)
        return -ENOBUFS;
    int err = queue_append(&c->out, &c->group->net->chunks, (const char *)&length, sizeof(length));
    if (!err)
        err = queue_append(&c->out, &c->group->net->chunks, bytes, n);
    if (err) {
        conn_fail(c, -err, NULL); // half of it may be there
        return err;
    }
    c->waiting++;
    if (c->state == CONN_OPEN)
        conn_add_work(c, c->writing ? WORK_FLUSH_LATER : WORK_FLUSH);
    return 0;
}

int packets_put(struct conn *c, const char *bytes, size_t n)
{
    if (n > MOST)
        return -EMSGSIZE;
    if (c->state == CONN_CONNECTING || c->observed)
        return have_wait(c, bytes, n);
    return peer_send(c, bytes, n);
}

// Takes n bytes off the queue.
static void take(struct conn *c, char *bytes, size_t n)
{
    struct chunk_pool *pool = &c->group->net->chunks;
    while (n > 0) {
        struct iovec piece;
        size_t covered;
        queue_peek(&c->out, &piece, 1, &covered);
        size_t part = covered < n ? covered : n;
        memcpy(bytes, piece.iov_base, part);
        queue_consume(&c->out, pool, part);
        bytes += part;
        n -= part;
    }
}

static void send_next(struct conn *c)
{
    char bytes[MOST];
    uint32_t n;
    take(c, (char *)&n, sizeof(n));
    take(c, bytes, n);
    c->waiting--;
    if (c->observed)
        events_of(c)->prewrite(c, n);
    int err = c->state >= CONN_ENDED ? -EPIPE : peer_send(c, bytes, n);
    if (err && c->state < CONN_ENDED)
        packets_tell_lost(c, n, err);
    if (c->observed && c->state < CONN_ENDED)
        events_of(c)->postwrite(c, err ? 0 : n, packets_pending(c));
}

void packets_flush(struct conn *c)
{
    unsigned count = c->waiting; // what the observers write comes in the next iteration
    c->writing = true;
    while (count-- && c->state < CONN_ENDED)
        send_next(c);
    c->writing = false;
}

size_t packets_pending(const struct conn *c)
{
    return c->out.length - c->waiting * sizeof(uint32_t);
}

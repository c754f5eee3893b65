#include "net/write.h"

#include "net/files.h"
#include "net/open.h"
#include "net/packets.h"
#include "net/stack.h"
#include "net/timeout.h"
#include "net/udp.h"

#include "base/macros.h"
#include "os/file.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>

enum {
    PIECES = 16,        // chunks that one attempt takes
    FILE_PIECE = 262144, // bytes of a file
};

static struct net *net_of(const struct conn *c)
{
    return c->group->net;
}

size_t conn_pending(const struct conn *c)
{
    return c->datagram ? packets_pending(c)
                       : c->out.length + stack_pending(c) + files_pending(c);
}

// Bytes that may leave now, or as soon as the peer takes them.
static size_t on_wire(const struct conn *c)
{
    return c->out.length + (c->stack ? 0 : files_pending(c));
}

// Plaintext waits for the end of the callback, or of a handshake.
static int put_plain(struct conn *c, const char *bytes, size_t n)
{
    size_t pending = conn_pending(c) + n;
    if (pending - files_pending(c) > c->limits->queue) {
        conn_fail_full(c, pending - files_pending(c));
        return -ENOBUFS;
    }
    int err = stack_put(c, bytes, n);
    if (err)
        conn_fail(c, -err, NULL);
    else if (pending >= c->limits->high)
        c->congested = true;
    return err;
}

ssize_t conn_put(struct conn *c, const char *bytes, size_t n)
{
    if (c->state >= CONN_ENDED)
        return -EPIPE;
    if (c->datagram) {
        int lost = packets_put(c, bytes, n);
        if (lost && c->state < CONN_ENDED)
            packets_tell_lost(c, n, lost);
        return lost;
    }
    int err = c->stack ? put_plain(c, bytes, n) : conn_queue(c, bytes, n);
    return err ? err : (ssize_t)conn_pending(c);
}

ssize_t conn_write(struct conn *c, const char *bytes, size_t n)
{
    if (c->state > CONN_OPEN || c->finishing)
        return -EPIPE;
    if (c->datagram) {
        int err = packets_put(c, bytes, n);
        return err ? err : (ssize_t)packets_pending(c);
    }
    ssize_t pending = conn_put(c, bytes, n);
    if (pending >= 0)
        conn_add_work(c, c->writing ? WORK_FLUSH_LATER : WORK_FLUSH);
    return pending;
}

// Takes what was sent off the queue and keeps what was not of the tail.
static void account(struct conn *c, size_t sent, const char *tail, size_t n)
{
    size_t queued = sent < c->out.length ? sent : c->out.length;
    queue_consume(&c->out, &net_of(c)->chunks, queued);
    if (!c->stack)
        files_pass(c, queued);
    if (sent - queued < n)
        conn_queue(c, tail + (sent - queued), n - (sent - queued));
}

// The queue's first pieces, up to the next file. Returns their number and stores that of their bytes.
static int peek(struct conn *c, struct iovec iov[PIECES], size_t *amount)
{
    int count = queue_peek(&c->out, iov, PIECES, amount);
    size_t allowed = c->stack ? *amount : files_allow(c, *amount);
    for (; *amount > allowed; *amount -= iov[--count].iov_len)
        if (*amount - iov[count - 1].iov_len < allowed) {
            iov[count - 1].iov_len -= *amount - allowed;
            *amount = allowed;
            break;
        }
    return count;
}

// One write attempt: of the file whose turn it is, or of the queue's first pieces, and of the tail when
// it comes right after them.
static void attempt(struct conn *c, const char *tail, size_t n)
{
    struct net *net = net_of(c);
    struct iovec iov[PIECES + 1];
    const struct file *file = c->stack ? NULL : files_turn(c);
    size_t amount = file && file->left < FILE_PIECE ? file->left : FILE_PIECE;
    int count = file ? 0 : peek(c, iov, &amount);
    if (n > 0 && amount == c->out.length) {
        iov[count++] = (struct iovec){.iov_base = (char *)tail, .iov_len = n};
        amount += n;
    }
    bool observed = c->observed && c->opened;
    if (observed)
        net->events->prewrite(c, amount);
    if (c->state >= CONN_ENDED)
        return;
    ssize_t sent = file ? file_send(c->watch.fd, file->fd, file->offset, amount)
                        : sock_send(c->watch.fd, iov, count);
    bool shrank = file && sent == 0;
    bool failed = shrank || (sent < 0 && sent != -EAGAIN && sent != -EWOULDBLOCK);
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (file)
        files_advance(c, taken);
    else if (!failed)
        account(c, taken, tail, n);
    c->took = taken > 0;
    c->blocked = taken < amount;
    if (c->blocked)
        c->unsent = sock_unsent(c->watch.fd);
    if (taken > 0) {
        c->last_out = conn_clock(c);
        if (c->state == CONN_CLOSING)
            timer_cancel(net, &c->timer); // settle() starts the linger time again
    }
    if (observed && c->state < CONN_ENDED)
        net->events->postwrite(c, taken, on_wire(c));
    if (failed)
        conn_fail(c, shrank ? EIO : (int)-sent, shrank ? FILES_SHRANK : NULL);
}

static void send_fin(struct conn *c)
{
    if (!c->fin_sent)
        sock_finish(c->watch.fd); // an error here is the peer's reset, which reading reports
    c->fin_sent = true;
    if (c->state == CONN_CLOSING || c->eof)
        conn_end(c);
}

// FIN comes behind the filters' last bytes; those of a handshake are not there before its end.
static void finish_output(struct conn *c)
{
    if (c->stack && !c->shaking && !c->stack->finished)
        conn_add_work(c, WORK_FLUSH);
    else if (!c->shaking || c->state == CONN_CLOSING)
        send_fin(c);
}

// Until the linger time ends, or the next look whether the peer takes something.
static void linger_on(struct conn *c)
{
    uint64_t end = c->last_out + c->limits->linger;
    uint64_t look = net_of(c)->now + timeout_look(c->limits->linger);
    if (timer_set(net_of(c), &c->timer, look < end ? look : end) < 0)
        conn_fail(c, ENOMEM, NULL);
}

// Whether to try once more at the end of the time: the loop itself may have been late.
static bool may_take(const struct conn *c)
{
    return !c->blocked || c->unsent < 0 || sock_wait(c->watch.fd, true, 0) == 0;
}

static void linger_ended(struct timer *t)
{
    struct conn *c = container_of(t, struct conn, timer);
    size_t before = conn_pending(c);
    if (timeout_took(c))
        c->last_out = net_clock();
    if (c->last_out + c->limits->linger > net_of(c)->now) {
        linger_on(c);
        return;
    }
    if (may_take(c)) {
        c->blocked = c->took = false;
        conn_flush(c, NULL, 0);
        if (c->state != CONN_CLOSING || c->took)
            return;
    }
    char text[96];
    snprintf(text, sizeof(text), "linger time-out: the peer did not take %zu pending bytes", before);
    conn_fail(c, ETIMEDOUT, text);
}

// Not from when this iteration began: its callbacks may have taken long.
static void start_linger(struct conn *c)
{
    c->last_out = net_clock();
    c->timer.fire = linger_ended;
    linger_on(c);
}

// What follows from the amount of pending output.
static void settle(struct conn *c)
{
    if (c->state >= CONN_ENDED)
        return;
    size_t pending = conn_pending(c);
    if (c->congested && pending <= c->limits->low) {
        c->congested = false;
        if (c->state == CONN_OPEN) {
            conn_add_work(c, WORK_DRAINED);
            if (!c->limits->duplex)
                timeout_reading(c);
        }
        conn_deliver_later(c);
    }
    if (pending == 0 && c->detaching && !c->finishing)
        conn_end(c);
    else if (pending == 0 && (c->finishing || c->state == CONN_CLOSING))
        finish_output(c);
    else if (pending > 0 && c->state == CONN_CLOSING && !timer_is_set(&c->timer))
        start_linger(c);
    else if (pending > 0)
        timeout_arm(c);
    if ((c->out.length > 0 || (c->files && !c->shaking)) && !c->blocked)
        conn_add_work(c, WORK_FLUSH);
    conn_update(c);
}

// Plaintext goes through the filters, and the last bytes follow where it is over. Returns false when
// the connection ended.
static bool translate(struct conn *c, const char *tail, size_t n)
{
    bool closing = c->state == CONN_CLOSING && !c->detaching;
    if (c->shaking && n > 0 && put_plain(c, tail, n) < 0)
        return false;
    int err = stack_translate(c, tail, n);
    if (!err && c->shaking && closing && (stack_pending(c) > 0 || c->files)) {
        c->reset = true; // it cannot be sent any more
        conn_fail(c, ECANCELED, "closed in a handshake, while output waited for its end");
    } else if (!err && !c->shaking && !c->files && (closing || c->finishing)) {
        err = stack_finish(c);
    }
    if (err)
        stack_fail(c, err);
    return c->state < CONN_ENDED;
}

void conn_flush(struct conn *c, const char *tail, size_t n)
{
    c->work &= (uint8_t)~WORK_FLUSH;
    if (c->state >= CONN_ENDED || c->state == CONN_CONNECTING)
        return;
    if (c->datagram) {
        packets_flush(c);
        if (tail)
            conn_put(c, tail, n);
        packets_flush(c); // where somebody observes
        if (c->state == CONN_CLOSING)
            conn_end(c);
        return;
    }
    if (c->stack) {
        if (!translate(c, tail, n))
            return;
        n = 0;
    }
    // Callbacks around the attempt may write too, and what they write comes after the tail.
    if (n > 0 && (c->blocked || c->observed || c->files)) {
        if (conn_queue(c, tail, n) < 0)
            return;
        n = 0;
    }
    if (!c->blocked && (on_wire(c) > 0 || n > 0)) {
        c->writing = true;
        attempt(c, tail, n);
        c->writing = false;
    }
    settle(c);
}

int conn_local(const struct conn *c, struct endpoint *local)
{
    if (!c->datagram)
        return sock_local_endpoint(c->watch.fd, local);
    *local = peer_local(c);
    return 0;
}

void conn_do_work(struct conn *c)
{
    if (c->work & WORK_FLUSH_LATER) {
        c->work &= (uint8_t)~WORK_FLUSH_LATER;
        conn_add_work(c, WORK_FLUSH);
        return;
    }
    if (c->work & WORK_FLUSH)
        conn_flush(c, NULL, 0);
    if (c->work & WORK_SETTLE) {
        c->work &= (uint8_t)~WORK_SETTLE;
        conn_settle_handshake(c);
    }
    if (c->work & WORK_DRAINED) {
        c->work &= (uint8_t)~WORK_DRAINED;
        if (c->state == CONN_OPEN)
            net_of(c)->events->drained(c);
    }
    if (c->work && c->state < CONN_ENDED)
        conn_add_work(c, 0);
}

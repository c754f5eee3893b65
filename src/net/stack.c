#include "net/stack.h"

#include "net/files.h"

#include "base/macros.h"
#include "os/file.h"

#include <errno.h>
#include <stdlib.h>

enum {
    GATHERED = 16384, // bytes up to which a tail is copied to go in one piece with what waits
    PIECE = 16384,    // of a file, at a time
    AHEAD = 262144,   // wire bytes that are made of files before the peer takes them
};

// Wire bytes wait in the connection's queue.
static int queue_wire(struct filters *filters, const char *bytes, size_t n)
{
    struct conn *c = filters->owner;
    return conn_queue(c, bytes, n);
}

// What was written before it opened is plaintext.
static int take_back(struct conn *c, struct stack *s)
{
    struct iovec iov[16];
    size_t covered;
    int err = 0;
    while (!err && c->out.length > 0) {
        int count = queue_peek(&c->out, iov, (int)ARRAY_LEN(iov), &covered);
        for (int i = 0; i < count && !err; i++)
            err = buf_append(&s->out, iov[i].iov_base, iov[i].iov_len);
        queue_consume(&c->out, &c->group->net->chunks, covered);
    }
    return err;
}

static struct stack *get(struct conn *c)
{
    if (c->stack)
        return c->stack;
    struct stack *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->filters.owner = c;
    s->filters.wire = queue_wire;
    s->finished = c->fin_sent; // nothing follows it
    if (!c->opened && take_back(c, s) < 0) {
        buf_free(&s->out);
        free(s);
        return NULL;
    }
    c->stack = s;
    return s;
}

static void note(struct conn *c)
{
    c->shaking = !filters_open(&c->stack->filters);
    conn_update(c);
}

static void discard(struct filter *f)
{
    buf_free(&f->early);
    f->ops->free(f);
}

int stack_push(struct conn *c, struct filter *f)
{
    bool sends = c->opened && c->files; // through the old stack
    struct stack *s = sends ? NULL : get(c);
    int err = 0;
    if (!s)
        err = sends ? -EBUSY : -ENOMEM;
    else if (s->filters.busy || (c->opened && c->shaking))
        err = -EBUSY;
    else if (s->filters.count == FILTERS_MOST)
        err = -E2BIG;
    else if (c->opened && (buf_length(&c->in) > 0 || buf_length(&s->filters.plain) > 0))
        err = -EPROTO;
    else if (c->opened)
        err = stack_translate(c, NULL, 0);
    if (err) {
        discard(f);
        return err;
    }
    if (c->opened || !s->filters.top)
        s->since = net_clock();
    s->pushes++;
    err = filters_push(&s->filters, f);
    note(c);
    return err;
}

int stack_feed(struct conn *c, const char *wire, size_t n)
{
    int err = buf_append(&c->stack->unfed, wire, n);
    if (!err)
        conn_add_work(c, WORK_DELIVER);
    return err;
}

int stack_pop(struct conn *c)
{
    struct stack *s = c->stack;
    if (!s || !s->filters.top)
        return -ENOENT;
    if (s->filters.busy || c->shaking || c->files)
        return -EBUSY;
    struct filter *top = s->filters.top;
    if (top->more)
        return filter_fail(top, EPROTO, "taken away while input waits inside of it");
    int err = stack_translate(c, NULL, 0);
    if (!err && top->ops->finish && !s->finished) {
        s->filters.busy = true;
        err = top->ops->finish(top);
        s->filters.busy = false;
    }
    filters_pop(&s->filters);
    return err;
}

int stack_put(struct conn *c, const char *bytes, size_t n)
{
    return buf_append(&c->stack->out, bytes, n);
}

static int send_plain(struct conn *c, const char *bytes, size_t n)
{
    struct filters *f = &c->stack->filters;
    return f->top ? filters_send(f, bytes, n) : conn_queue(c, bytes, n);
}

// The plaintext in front of the next file.
static int translate_before(struct conn *c)
{
    struct stack *s = c->stack;
    struct buf out = {0};
    size_t n = c->files->first->before;
    int err = buf_append(&out, buf_bytes(&s->out), n);
    if (err)
        return err;
    buf_consume(&s->out, n);
    files_pass(c, n);
    err = send_plain(c, buf_bytes(&out), n);
    buf_free(&out);
    return err;
}

static int translate_piece(struct conn *c, const struct file *f, size_t most)
{
    char piece[PIECE];
    size_t n = f->left < most ? f->left : most;
    ssize_t got = file_read(f->fd, piece, n < PIECE ? n : PIECE, f->offset);
    if (got <= 0) {
        conn_fail(c, got < 0 ? (int)-got : EIO, got < 0 ? NULL : FILES_SHRANK);
        return got < 0 ? (int)got : -EIO;
    }
    files_advance(c, (size_t)got);
    return send_plain(c, piece, (size_t)got);
}

// Files, and what is in front of them, as far as the peer keeps up.
static int translate_files(struct conn *c)
{
    size_t ahead = c->limits->low < AHEAD ? c->limits->low : AHEAD;
    int err = 0;
    while (!err && c->files && c->state < CONN_ENDED && (c->out.length == 0 || c->out.length < ahead)) {
        const struct file *f = files_turn(c);
        err = f ? translate_piece(c, f, c->limits->queue / 4 + 1) : translate_before(c);
    }
    return err;
}

int stack_translate(struct conn *c, const char *tail, size_t n)
{
    struct stack *s = c->stack;
    if (s->finished)
        return 0;
    if (c->shaking)
        return 0;
    if (c->files) {
        int put = stack_put(c, tail, n); // behind them
        if (!put)
            put = translate_files(c);
        if (put || c->files)
            return put;
        n = 0;
    }
    struct buf out = s->out;
    int err = 0;
    s->out = (struct buf){0};
    if (buf_length(&out) > 0 && n <= GATHERED) {
        err = buf_append(&out, tail, n);
        n = 0;
    }
    if (!err && buf_length(&out) > 0)
        err = send_plain(c, buf_bytes(&out), buf_length(&out));
    buf_free(&out);
    return err || n == 0 ? err : send_plain(c, tail, n);
}

int stack_finish(struct conn *c)
{
    struct stack *s = c->stack;
    if (s->finished)
        return 0;
    s->finished = true;
    return filters_finish(&s->filters);
}

int stack_receive(struct conn *c, const char *wire, size_t n)
{
    struct filters *f = &c->stack->filters;
    if (f->top) {
        int err = filters_receive(f, wire, n);
        note(c);
        return err;
    }
    f->ended = f->ended || !wire;
    return buf_append(&f->plain, wire, n);
}

int stack_resume(struct conn *c)
{
    return filters_resume(&c->stack->filters);
}

void stack_fail(struct conn *c, int err)
{
    struct stack *s = c->stack;
    if (!s || c->state >= CONN_ENDED) {
        conn_fail(c, -err, NULL);
        return;
    }
    s->finished = true; // nothing else can be sent through them
    buf_free(&s->out);
    files_free(c);
    conn_break(c, -err, s->filters.reason);
}

static int gather_wire(struct filters *filters, const char *bytes, size_t n)
{
    struct stack *s = filters->owner;
    return buf_append(&s->out, bytes, n);
}

void stack_detach(struct stack *s)
{
    s->filters.owner = s;
    s->filters.wire = gather_wire;
}

const struct filter *stack_bound(const struct stack *s)
{
    const struct filter *f = s->filters.top;
    while (f && f->ops->movable)
        f = f->below;
    return f;
}

void stack_free(struct stack *s)
{
    if (!s)
        return;
    filters_free(&s->filters);
    buf_free(&s->unfed);
    buf_free(&s->out);
    free(s);
}

#include "net/filter.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int receive(struct filter *f, const char *wire, size_t n);

int filter_fail(struct filter *f, int error, const char *reason)
{
    size_t size = strlen(f->name) + strlen(reason) + 3;
    if (f->stack->reason)
        return -error; // the first one tells more
    f->stack->reason = malloc(size);
    if (f->stack->reason)
        snprintf(f->stack->reason, size, "%s: %s", f->name, reason);
    return -error;
}

// Starts a filter, once.
static int start(struct filter *f)
{
    f->started = true;
    return f->ops->start ? f->ops->start(f) : 0;
}

// After a call of the filter: it may be open now, and its plaintext may have ended.
static int settle(struct filter *f)
{
    int err = 0;
    if (f->opening)
        return 0;
    if (f->above && !f->above->started) {
        err = start(f->above);
        if (!err)
            err = settle(f->above);
    }
    if (!err && buf_length(&f->early) > 0) {
        struct buf early = f->early;
        f->early = (struct buf){0};
        err = filter_up(f, buf_bytes(&early), buf_length(&early));
        buf_free(&early);
    }
    if (err || !f->ended || f->above_told)
        return err;
    f->above_told = true;
    if (f->above)
        return receive(f->above, NULL, 0);
    f->stack->ended = true;
    return 0;
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    if (f->ended)
        return 0; // what comes behind the end of the plaintext is nobody's
    int err = f->ops->receive(f, wire, n);
    if (!err && !wire && f->opening)
        return filter_fail(f, ERROR_CUT, "the peer cut the connection in the handshake");
    if (!err && !wire && !f->more)
        f->ended = true;
    return err ? err : settle(f);
}

int filter_up(struct filter *f, const char *plain, size_t n)
{
    if (n == 0)
        return 0;
    if (f->opening || (f->above && !f->above->started) || buf_length(&f->early) > 0)
        return buf_append(&f->early, plain, n);
    return f->above ? receive(f->above, plain, n) : buf_append(&f->stack->plain, plain, n);
}

int filter_down(struct filter *f, const char *wire, size_t n)
{
    if (n == 0)
        return 0;
    return f->below ? f->below->ops->send(f->below, wire, n) : f->stack->wire(f->stack, wire, n);
}

// Has a filter that was on top until now let through to the new one what nobody took out above.
static int pass_on(struct filters *s, struct filter *below)
{
    below->early = s->plain;
    s->plain = (struct buf){0};
    below->above_told = s->ended = false;
    return settle(below);
}

int filters_push(struct filters *s, struct filter *f)
{
    bool now = filters_open(s);
    bool late = s->ended || buf_length(&s->plain) > 0;
    f->stack = s;
    f->below = s->top;
    f->above = NULL;
    if (s->top)
        s->top->above = f;
    else
        s->bottom = f;
    s->top = f;
    s->count++;
    s->busy = true;
    int err = now ? start(f) : 0;
    if (!err && now)
        err = settle(f);
    if (!err && now && late && f->below)
        err = pass_on(s, f->below);
    s->busy = false;
    return err;
}

void filters_pop(struct filters *s)
{
    struct filter *f = s->top;
    s->top = f->below;
    if (s->top)
        s->top->above = NULL;
    else
        s->bottom = NULL;
    s->count--;
    buf_free(&f->early);
    f->ops->free(f);
}

bool filters_open(const struct filters *s)
{
    return !s->top || (s->top->started && !s->top->opening);
}

int filters_receive(struct filters *s, const char *wire, size_t n)
{
    s->busy = true;
    int err = receive(s->bottom, wire, n);
    s->busy = false;
    return err;
}

static struct filter *find_more(const struct filters *s)
{
    struct filter *f = s->top;
    while (f && !f->more)
        f = f->below;
    return f;
}

bool filters_more(const struct filters *s)
{
    return find_more(s) != NULL;
}

int filters_resume(struct filters *s)
{
    struct filter *f = find_more(s);
    if (!f)
        return 0;
    s->busy = true;
    int err = f->ops->resume(f);
    if (!err)
        err = settle(f);
    s->busy = false;
    return err;
}

int filters_send(struct filters *s, const char *plain, size_t n)
{
    s->busy = true;
    int err = s->top->ops->send(s->top, plain, n);
    s->busy = false;
    return err;
}

int filters_finish(struct filters *s)
{
    int err = 0;
    s->busy = true;
    for (struct filter *f = s->top; f && !err; f = f->below)
        if (f->started && !f->opening && f->ops->finish)
            err = f->ops->finish(f);
    s->busy = false;
    return err;
}

void filters_free(struct filters *s)
{
    while (s->top)
        filters_pop(s);
    buf_free(&s->plain);
    free(s->reason);
    s->reason = NULL;
}

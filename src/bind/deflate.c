#include "bind/deflate.h"

#include "base/error.h"
#include "base/macros.h"
#include "bind/maker.h"
#include "zip/zip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PIECE = 16384,       // bytes
    TURN = 65536,        // plaintext at a time, as much as one read
    FREE = 16 << 20,     // plaintext that may come of however few bytes
};

struct settings {
    struct zip_settings zip;
    unsigned ratio; // 0 for none
};

// The userdata that evio.deflate returns.
struct deflate_maker {
    struct maker maker;
    struct settings settings;
};

// The engines are made when there is something to do: a connection that is quiet needs none.
struct deflate_filter {
    struct filter filter;
    struct settings settings;
    struct deflater *deflater;
    struct inflater *inflater;
    struct buf rest; // what came, while `more`
    bool cut;        // nothing comes behind the rest
    bool finished;   // the stream's end is out
    uint64_t wire, plain; // bytes taken and made so far
};

static struct deflate_filter *of(struct filter *f)
{
    return container_of(f, struct deflate_filter, filter);
}

// Input

static int check_ratio(struct deflate_filter *d)
{
    unsigned ratio = d->settings.ratio;
    char text[160];
    if (!ratio || d->plain <= FREE || d->plain / ratio <= d->wire)
        return 0;
    snprintf(text, sizeof(text), "%llu bytes became more than %u times as many, which `ratio` allows",
             (unsigned long long)d->wire, ratio);
    return filter_fail(&d->filter, EPROTO, text);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Hands up plaintext of what was fed, up to one turn's with that which is there already. Sets `more`
// when there may be more.
static int inflate_turn(struct deflate_filter *d, size_t n)
{
    struct filter *f = &d->filter;
    char piece[PIECE];
    f->more = true;
    for (size_t made = buf_length(&f->stack->plain); made < TURN && f->more;) {
        ssize_t got = inflater_read(d->inflater, piece, smaller(sizeof(piece), TURN - made));
        size_t left = inflater_left(d->inflater);
        d->wire += n - left;
        n = left;
        if (got == ZIP_FAILED)
            return filter_fail(f, EPROTO, inflater_reason(d->inflater));
        f->ended = got == ZIP_ENDED;
        f->more = got > 0;
        if (got <= 0)
            break;
        made += (size_t)got;
        d->plain += (size_t)got;
        int err = check_ratio(d);
        if (!err)
            err = filter_up(f, piece, (size_t)got);
        if (err)
            return err;
    }
    return 0;
}

// Nothing comes behind what was read. (A peer that never sent anything need not speak deflate.)
static int end(struct filter *f)
{
    const struct inflater *i = of(f)->inflater;
    f->ended = !i || inflater_whole(i);
    return f->ended ? 0 : filter_fail(f, ERROR_CUT, "the peer cut the stream in front of its end");
}

// The engine is of no more use when the stream ended.
static void settle(struct deflate_filter *d)
{
    if (!d->filter.ended)
        return;
    inflater_free(d->inflater);
    d->inflater = NULL;
}

static int resume(struct filter *f)
{
    struct deflate_filter *d = of(f);
    size_t n = buf_length(&d->rest);
    inflater_feed(d->inflater, n ? buf_bytes(&d->rest) : NULL, n);
    int err = inflate_turn(d, n);
    buf_consume(&d->rest, n - inflater_left(d->inflater));
    if (err || f->more)
        return err;
    buf_free(&d->rest); // what comes behind the stream's end is nobody's
    err = d->cut && !f->ended ? end(f) : 0;
    settle(d);
    return err;
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    struct deflate_filter *d = of(f);
    if (!wire) {
        d->cut = true;
        return f->more ? 0 : end(f);
    }
    if (f->more)
        return buf_append(&d->rest, wire, n);
    if (!d->inflater && inflater_new(&d->inflater, d->settings.zip.format) < 0)
        return -ENOMEM;
    inflater_feed(d->inflater, wire, n);
    int err = inflate_turn(d, n);
    size_t left = inflater_left(d->inflater);
    settle(d);
    return err || !f->more ? err : buf_append(&d->rest, wire + n - left, left);
}

// Output

static int put_wire(void *user, const char *bytes, size_t n)
{
    return filter_down(user, bytes, n);
}

static int deflate(struct filter *f, const char *plain, size_t n, bool last)
{
    struct deflate_filter *d = of(f);
    if (d->finished)
        return filter_fail(f, EPIPE, "written to behind the stream's end");
    if (!d->deflater && deflater_new(&d->deflater, &d->settings.zip) < 0)
        return -ENOMEM;
    int err = deflater_write(d->deflater, plain, n, last, put_wire, f);
    if (last) {
        d->finished = true;
        deflater_free(d->deflater);
        d->deflater = NULL;
    }
    return err;
}

static int send_down(struct filter *f, const char *plain, size_t n)
{
    return deflate(f, plain, n, false);
}

static int finish(struct filter *f)
{
    return deflate(f, NULL, 0, true);
}

static void discard(struct filter *f)
{
    struct deflate_filter *d = of(f);
    deflater_free(d->deflater);
    inflater_free(d->inflater);
    buf_free(&d->rest);
    free(d);
}

static const struct filter_ops ops = {
    .receive = receive, .resume = resume, .send = send_down, .finish = finish, .free = discard,
    .movable = true,
};

// The maker

static struct filter *make(lua_State *L, struct maker *maker, struct conn *c)
{
    struct deflate_maker *m = container_of(maker, struct deflate_maker, maker);
    struct deflate_filter *d = calloc(1, sizeof(*d));
    (void)c;
    if (!d)
        luaL_error(L, "out of memory");
    d->filter = (struct filter){.ops = &ops, .name = "deflate"};
    d->settings = m->settings;
    return &d->filter;
}

static const struct maker_kind kind = {.name = "evio.deflate", .make = make};

// core.deflate(format, level, window, memory, ratio): a maker. lua/evio/deflate.lua has checked the settings.
static int new_maker(lua_State *L)
{
    static const char *const formats[] = {"raw", "zlib", "gzip", NULL};
    struct settings s = {
        .zip = {
            .format = (enum zip_format)luaL_checkoption(L, 1, NULL, formats),
            .level = (int)luaL_checkinteger(L, 2),
            .window = (int)luaL_checkinteger(L, 3),
            .memory = (int)luaL_checkinteger(L, 4),
        },
        .ratio = (unsigned)luaL_checkinteger(L, 5),
    };
    struct deflate_maker *m = maker_new(L, &kind, sizeof(*m));
    m->settings = s;
    return 1;
}

void deflate_register(lua_State *L)
{
    lua_pushcfunction(L, new_maker);
    lua_setfield(L, -2, "deflate");
}

#include "zip/zip.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 16384, WINDOW = 15 }; // the largest

struct deflater {
    z_stream zlib;
};

struct inflater {
    z_stream zlib;
    enum zip_format format;
    int result;   // of the last call
    bool between; // behind a block that is not the last, with no bit left over
};

// zlib tells the format by the number of the window's bits.
static int window_of(enum zip_format format, int bits)
{
    if (format == ZIP_RAW || format == ZIP_BLOCKS)
        return -bits;
    return format == ZIP_GZIP ? bits + 16 : bits;
}

int deflater_new(struct deflater **deflater, const struct zip_settings *s)
{
    struct deflater *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    if (deflateInit2(&d->zlib, s->level, Z_DEFLATED, window_of(s->format, s->window), s->memory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(d);
        return -ENOMEM;
    }
    *deflater = d;
    return 0;
}

void deflater_free(struct deflater *d)
{
    if (!d)
        return;
    deflateEnd(&d->zlib);
    free(d);
}

void deflater_feed(struct deflater *d, const char *bytes, size_t n)
{
    d->zlib.next_in = (unsigned char *)bytes;
    d->zlib.avail_in = (uInt)n;
}

static size_t read_on(struct deflater *d, char *bytes, size_t n, int flush)
{
    z_stream *z = &d->zlib;
    z->next_out = (unsigned char *)bytes;
    z->avail_out = (uInt)n;
    deflate(z, flush); // cannot fail: it has room, and did not end
    return n - z->avail_out;
}

int deflater_write(struct deflater *d, const char *bytes, size_t n, bool last,
                   int (*put)(void *user, const char *bytes, size_t n), void *user)
{
    char piece[PIECE];
    size_t made;
    int err = 0;
    deflater_feed(d, bytes, n);
    do {
        made = read_on(d, piece, sizeof(piece), last ? Z_FINISH : Z_SYNC_FLUSH);
        if (made > 0)
            err = put(user, piece, made);
    } while (!err && made == sizeof(piece));
    return err;
}

size_t deflater_read(struct deflater *d, char *bytes, size_t n)
{
    return read_on(d, bytes, n, Z_SYNC_FLUSH);
}

void deflater_reset(struct deflater *d)
{
    deflateReset(&d->zlib);
}

int inflater_new(struct inflater **inflater, enum zip_format format)
{
    struct inflater *i = calloc(1, sizeof(*i));
    if (!i)
        return -ENOMEM;
    i->format = format;
    if (inflateInit2(&i->zlib, window_of(format, WINDOW)) != Z_OK) {
        free(i);
        return -ENOMEM;
    }
    *inflater = i;
    return 0;
}

void inflater_free(struct inflater *i)
{
    if (!i)
        return;
    inflateEnd(&i->zlib);
    free(i);
}

void inflater_feed(struct inflater *i, const char *bytes, size_t n)
{
    i->zlib.next_in = (unsigned char *)bytes;
    i->zlib.avail_in = (uInt)n;
}

ssize_t inflater_read(struct inflater *i, char *bytes, size_t n)
{
    z_stream *z = &i->zlib;
    for (;;) {
        if (i->result == Z_STREAM_END && i->format != ZIP_GZIP && i->format != ZIP_BLOCKS)
            return ZIP_ENDED;
        if (i->result == Z_STREAM_END && z->avail_in == 0)
            return 0;
        if (i->result == Z_STREAM_END && i->format == ZIP_GZIP)
            inflateReset(z); // the next member
        else if (i->result == Z_STREAM_END)
            inflateResetKeep(z); // the next block, which may refer to those before it
        z->next_out = (unsigned char *)bytes;
        z->avail_out = (uInt)n;
        i->result = inflate(z, Z_SYNC_FLUSH);
        if (i->result != Z_BUF_ERROR) // which says of a call that did nothing
            i->between = z->data_type == 128;
        if (z->avail_out < n)
            return (ssize_t)(n - z->avail_out); // what is wrong behind it is said next time
        if (i->result != Z_STREAM_END)
            return i->result == Z_OK || i->result == Z_BUF_ERROR ? 0 : ZIP_FAILED;
    }
}

bool inflater_whole(const struct inflater *i)
{
    bool raw = i->format == ZIP_RAW || i->format == ZIP_BLOCKS;
    return i->result == Z_STREAM_END || (raw && i->between);
}

size_t inflater_left(const struct inflater *i)
{
    return i->zlib.avail_in;
}

const char *inflater_reason(const struct inflater *i)
{
    if (i->zlib.msg)
        return i->zlib.msg;
    return i->result == Z_NEED_DICT ? "a preset dictionary is needed" : zError(i->result);
}

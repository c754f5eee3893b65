// zlib's deflate (RFC 1951, 1950, 1952): bytes in, bytes out. A deflater and an inflater each belong
// to one thread at a time.
#ifndef ZIP_ZIP_H
#define ZIP_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// ZIP_BLOCKS is ZIP_RAW without an end: behind a block that says it is the last, others may follow (RFC 7692, 7.2.3.4).
enum zip_format { ZIP_RAW, ZIP_ZLIB, ZIP_GZIP, ZIP_BLOCKS };

struct deflater;
struct inflater;

struct zip_settings {
    enum zip_format format;
    int level;  // from 1, quick, to 9, small
    int window; // from 9 to 15: 2^(window + 2) bytes of memory
    int memory; // from 1 to 9: 2^(memory + 9) bytes
};

// Returns 0 or -ENOMEM.
int deflater_new(struct deflater **d, const struct zip_settings *settings);
void deflater_free(struct deflater *d); // nothing happens for NULL

// Compresses n bytes, and hands all that comes of them to `put`, so that the peer can read them
// (a sync flush); with `last` the stream's end, too, behind which nothing is to be written. Returns 0, or
// what `put` returned if that is not 0.
int deflater_write(struct deflater *d, const char *bytes, size_t n, bool last,
                   int (*put)(void *user, const char *bytes, size_t n), void *user);

// The same piece by piece: bytes, which must stay where they are until all that comes of them was read.
void deflater_feed(struct deflater *d, const char *bytes, size_t n);

// Returns the number of compressed bytes, at most n, of which there must be 7 at least; fewer when that was all, with
// the flush.
size_t deflater_read(struct deflater *d, char *bytes, size_t n);

// Begins anew: nothing refers to what was written before.
void deflater_reset(struct deflater *d);

// For any window and level. Returns 0 or -ENOMEM.
int inflater_new(struct inflater **i, enum zip_format format);
void inflater_free(struct inflater *i); // nothing happens for NULL

enum { ZIP_ENDED = -1, ZIP_FAILED = -2 };

// Bytes for the following reads; what was fed before must have been taken.
void inflater_feed(struct inflater *i, const char *bytes, size_t n);

// Returns the number of plaintext bytes, at most n; 0 when more are to be fed; ZIP_ENDED after the
// stream's end, ZIP_FAILED. A gzip stream has no end of its own: members may follow (RFC 1952, 2.2). Nor have blocks.
ssize_t inflater_read(struct inflater *i, char *bytes, size_t n);

// How many bytes of those that were fed were not taken yet.
size_t inflater_left(const struct inflater *i);

// Whether the stream may be over behind what was read: at its end or, for gzip, that of a member. A
// raw stream need not have one: then it is behind a flush.
bool inflater_whole(const struct inflater *i);

// Why a read failed: zlib's reason, as in "incorrect header check".
const char *inflater_reason(const struct inflater *i);

#endif

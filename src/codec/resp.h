// RESP, the protocol of Redis: where a request and its parts lie in bytes. Requests are taken and refused
// as redis-server 7.0 does (networking.c). No state, no I/O.
#ifndef CODEC_RESP_H
#define CODEC_RESP_H

#include <stddef.h>
#include <stdint.h>

struct resp_part {
    int32_t at, length; // bytes, from the request's beginning
};

// The names of commands, for a server that knows them: open addressing, at most half full.
struct resp_names {
    uint32_t mask; // slots - 1, of a power of two
    struct resp_name {
        uint64_t first; // the first eight bytes, in upper case
        int16_t id;
        uint8_t length; // 0 for a free slot
        char rest[21];
    } slots[];
};

enum { RESP_MOST_NAME = 8 + 21 };

// Adds a name of 1 to RESP_MOST_NAME bytes.
void resp_add_name(struct resp_names *names, const char *name, size_t n, int16_t id);

enum { RESP_UNKNOWN = -1, RESP_EMPTY = -2 }; // in the place of an id

struct resp_request {
    const char *data;        // where it begins
    struct resp_part *parts; // the caller's; the name first
    int32_t size;            // how many it has room for
    int32_t count;           // how many there are
    int32_t id;              // the name's, RESP_UNKNOWN, or RESP_EMPTY for a request without parts
    int32_t used;            // bytes of the whole request
    int32_t need;            // of one that is not complete: so many bytes are needed at least
};

enum resp_result {
    RESP_COMPLETE = 1,
    RESP_MORE = 0,
    RESP_FULL = -1,   // there are more parts than there is room for
    RESP_QUOTED = -2, // an inline request with quotes: its only part is the whole line
    // Errors of the peer:
    RESP_BAD_COUNT = -3,  // invalid multibulk length
    RESP_LONG_COUNT = -4, // too big mbulk count string
    RESP_BAD_BULK = -5,   // invalid bulk length
    RESP_LONG_BULK = -6,  // too big bulk count string
    RESP_NO_BULK = -7,    // expected '$'; the only part is what came in its place
    RESP_LONG_LINE = -8,  // too big inline request
};

// Looks for a request at the beginning of n bytes. `names` may be NULL.
enum resp_result resp_scan(const struct resp_names *names, struct resp_request *r, const char *bytes,
                           int32_t n);

enum { RESP_HEAD = 24 };

// Writes a type, a number and the line's end. Returns their length.
size_t resp_put_head(char text[RESP_HEAD], char type, int64_t number);

#endif

// HTTP/1.1 (RFC 9112): where the parts of a message's head lie, and how its body is framed. What two recipients
// might understand differently is refused. No state, no I/O.
#ifndef CODEC_HTTP_H
#define CODEC_HTTP_H

#include <stdint.h>

struct http_part {
    int32_t at, length; // bytes, from the head's beginning
};

struct http_field {
    struct http_part name, value; // the value without the spaces around it
};

enum http_flags {
    HTTP_CHUNKED = 1,     // Transfer-Encoding: chunked
    HTTP_CLOSE = 2,       // the connection ends behind this message
    HTTP_UPGRADE = 4,     // Connection: upgrade
    HTTP_CONTINUE = 8,    // Expect: 100-continue
    HTTP_HAS_HOST = 16,
};

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

struct http_head {
    const char *data;          // where it begins
    struct http_field *fields; // the caller's
    int32_t size;              // how many it has room for, which is the most that a head may have
    int32_t most_line;         // bytes of the first line, without its end
    int32_t most_head;         // bytes of the whole head
    int32_t count;             // of fields
    struct http_part method, target; // of a request
    struct http_part reason;         // of a response
    int32_t status;            // of a response; where a head is refused, what to answer: 400, 414, 417, 431, 501, 505
    int32_t minor;             // the version: HTTP/1.0 or HTTP/1.1
    int32_t flags;
    int32_t used;              // bytes of the whole head
    int64_t length;            // Content-Length; -1 for none
    const char *message;       // where a head is refused: what is wrong, in words
};

enum http_result { HTTP_COMPLETE = 1, HTTP_MORE = 0, HTTP_BAD = -1 };

// Looks for a head at the beginning of n bytes, behind empty lines.
enum http_result http_scan(struct http_head *h, enum http_kind kind, const char *bytes, int32_t n);

struct http_chunk {
    int64_t size;        // bytes of data; 0 for the last chunk, behind which trailers come
    int32_t used;        // bytes of the line
    const char *message; // what is wrong
};

// Looks for a chunk's first line (RFC 9112, 7.1) at the beginning of n bytes.
enum http_result http_scan_chunk(struct http_chunk *chunk, const char *bytes, int32_t n);

// Looks for the trailers behind the last chunk, up to the empty line: `fields`, `count` and `used`.
enum http_result http_scan_trailers(struct http_head *h, const char *bytes, int32_t n);

#endif

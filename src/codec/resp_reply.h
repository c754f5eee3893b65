// RESP, what servers send: where a value ends, whatever is in it (RESP3.md of antirez/RESP3; RESP2 is a part of
// that). No I/O.
#ifndef CODEC_RESP_REPLY_H
#define CODEC_RESP_REPLY_H

#include <stdint.h>

// How far the search for a value's end has come; { 0, 1 } at its beginning.
struct resp_reply {
    int32_t at;   // bytes from the value's beginning; behind those that there are where a string lacks some
    int32_t left; // values that are still to come
};

enum resp_reply_result {
    RESP_REPLY_COMPLETE = 1, // it takes `at` bytes
    RESP_REPLY_MORE = 0,
    RESP_REPLY_BAD = -1,     // what is at `at` is no RESP
};

// Goes on with the search in n bytes, the first of which are those of the call before.
enum resp_reply_result resp_reply_scan(struct resp_reply *reply, const char *bytes, int32_t n);

#endif

// WebSocket's frames (RFC 6455, 5): where messages lie in bytes, and the heads of frames. No I/O, and no state but the
// caller's.
#ifndef CODEC_WEBSOCKET_H
#define CODEC_WEBSOCKET_H

#include "codec/utf8.h"

#include <stddef.h>
#include <stdint.h>

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum { WEBSOCKET_NO_CODE = 1005 }; // of a close frame without one

// One direction of a connection. The first three fields are the caller's; the rest is zero at the beginning.
struct websocket {
    int64_t most;         // bytes of a message
    uint8_t masked;       // frames have to be masked, for they come from a client; those of a server must not be
    uint8_t compresses;   // a message may be compressed (RFC 7692)
    // The message under way:
    uint8_t kind;         // its opcode; 0 between messages
    uint8_t compressed;
    struct utf8 text;
    int64_t size;         // bytes that were announced so far
    // The frame under way:
    uint8_t inside;
    uint8_t fin;
    uint8_t key[4];       // turned, so that the first is for the next byte
    int64_t left;         // bytes of payload that are still to come
    // What a scan found:
    uint8_t opcode;       // of the message, or of a control frame
    int32_t used;         // bytes
    char *data;           // payload
    int32_t length;
    int32_t code;         // of a close frame, or to close with (RFC 6455, 7.4)
    const char *message;  // what is wrong, in words
};

enum websocket_result {
    WEBSOCKET_MORE = 0,
    WEBSOCKET_WHOLE = 1,   // `data` is a message
    WEBSOCKET_PART = 2,    // it is the next part of one, of any length
    WEBSOCKET_LAST = 3,    // it is the last part of one
    WEBSOCKET_CONTROL = 4, // it is a control frame's
    WEBSOCKET_BAD = -1,    // the peer has to be closed with `code`
};

// Looks at n bytes, and unmasks what it takes where it lies. Parts of a message are taken as they come; what its text
// is wrong in is said with the first byte that is. A compressed message's bytes are not looked at.
enum websocket_result websocket_scan(struct websocket *w, char *bytes, int32_t n);

// Whether a close frame may have it.
int32_t websocket_may_send(int32_t code);

enum { WEBSOCKET_HEAD = 14, WEBSOCKET_FIN = 0x80, WEBSOCKET_COMPRESSED = 0x40 };

// Writes the head of a frame with n bytes: `first` is its first byte, `key` 4 bytes, or NULL for a server's. Returns its
// length.
size_t websocket_put_head(char head[WEBSOCKET_HEAD], int32_t first, size_t n, const char *key);

// Copies n bytes through a mask, of which the first byte is for the first of them.
void websocket_mask(char *to, const char *from, size_t n, const char *key);

#endif

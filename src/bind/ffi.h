// What Lua reaches through LuaJIT's FFI: structs that both sides read and write, and leaves, C
// functions that never touch a Lua state. They are handed over as pointers; nothing is exported.
#ifndef BIND_FFI_H
#define BIND_FFI_H

#include <stddef.h>
#include <stdint.h>

// The unread bytes of one connection. Owned by Lua; C ends its use when the event is over.
struct evio_stream {
    const uint8_t *data; // NULL outside of the event
    int32_t pos, stop;   // the next byte, and the end
    int32_t mark;        // where a short read goes back to
    int32_t short_read;  // whether one happened
    // The last two needles were searched in vain at every position in [from, to).
    struct evio_window {
        int32_t from, to;
        uint32_t hash; // of the needle
    } searched[2];
    int32_t oldest; // index of the window to be used for another needle
};

// The event that is being handled. One for each loop; all but conn and finished are of data events
// that read a stream.
struct evio_live {
    void *conn;                 // struct conn; NULL for none
    struct evio_stream *stream; // the one in use, or NULL
    const uint8_t *data;
    int32_t length;
    int32_t halt;     // nothing more is to be delivered in this event
    int32_t shifted;  // the unread bytes are not those that the stream last saw
    int32_t finished; // the connection's output was finished before the event
    int32_t used;     // bytes taken
    int32_t more;     // the rest may be delivered again
};

struct evio_leaves {
    // The number of bytes in front of a needle of n >= 1 bytes, counted from the stream's
    // position; -1 when it is not there, which is a short read.
    int32_t (*find)(struct evio_stream *, const char *needle, int32_t n);
    // Queues output for the live connection, and halts when it is more than enough.
    void (*put)(struct evio_live *, const char *bytes, size_t n);
    // Ends the live connection because of what its peer sent, and halts.
    void (*fail)(struct evio_live *, const char *message);
};

extern const struct evio_leaves ffi_leaves;

// The same declarations for ffi.cdef.
extern const char ffi_declarations[];

// Ends the use of the live stream, whose first `used` bytes go.
void ffi_end_stream(struct evio_live *live, size_t used);

#endif

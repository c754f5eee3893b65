// What Lua reaches through LuaJIT's FFI: structs that both sides read and write, and leaves, C
// functions that never touch a Lua state. They are handed over as pointers; nothing is exported.
#ifndef BIND_FFI_H
#define BIND_FFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

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
    int32_t need;   // so many bytes are needed before a protocol's leaf looks again
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
    // Output of the event, while it is no more than there is room for: the rest is queued.
    char *out;
    int32_t out_length, room;
    const uint64_t *hash_key; // of tables that a peer can fill
};

enum { FFI_ROOM = 16384 }; // bytes

// Begins an event of a connection, NULL for none.
void ffi_begin(struct evio_live *live, struct conn *c);

// Queues the output so far, because something comes that is not put through `live`.
void ffi_queue_output(struct evio_live *live);

// For leaves in other files. Where n bytes of output are to be written; NULL when they are too many to be gathered.
char *ffi_reserve(struct evio_live *live, size_t n);

// Queues output for the live connection.
void ffi_put(struct evio_live *live, const char *bytes, size_t n);

// Bytes that lie somewhere, valid until what they lie in changes.
struct evio_view {
    const char *data;
    size_t length;
};

struct table;
struct resp_names;
struct resp_request;
struct resp_reply;
struct http_head;
struct http_chunk;

struct evio_leaves {
    // The number of bytes in front of a needle of n >= 1 bytes, counted from the stream's
    // position; -1 when it is not there, which is a short read.
    int32_t (*find)(struct evio_stream *, const char *needle, int32_t n);
    // Queues output for the live connection, and halts when it is more than enough.
    void (*put)(struct evio_live *, const char *bytes, size_t n);
    // Ends the live connection because of what its peer sent, and halts.
    void (*fail)(struct evio_live *, const char *message);
    // Seconds since 1970.
    double (*time)(void);
    // See codec/resp.h.
    int32_t (*resp_scan)(const struct resp_names *, struct resp_request *, const char *bytes,
                         int32_t n);
    // The same in the input that the event has not used yet; a request that is found is used.
    int32_t (*resp_next)(struct evio_live *, const struct resp_names *, struct resp_request *);
    void (*resp_add_name)(struct resp_names *, const char *name, size_t n, int16_t id);
    // See codec/resp_reply.h.
    int32_t (*resp_reply)(struct resp_reply *, const char *bytes, int32_t n);
    // Queues a bulk string, and an integer below 2^53, as a reply.
    void (*resp_bulk)(struct evio_live *, const char *bytes, size_t n);
    void (*resp_integer)(struct evio_live *, double number);
    // Looks for a head at the beginning of the input that the event has not used yet; one that is found is used.
    // `kind` is an enum http_kind. See codec/http.h.
    int32_t (*http_next)(struct evio_live *, struct http_head *, int32_t kind);
    // The same for a chunk's line, and for trailers.
    int32_t (*http_chunk)(struct evio_live *, struct http_chunk *);
    int32_t (*http_trailers)(struct evio_live *, struct http_head *);
    // See base/table.h. table_find and table_next store views of a value and a key, and return 1, or 0 for none.
    struct table *(*table_new)(struct evio_live *);
    void (*table_free)(struct table *);
    int32_t (*table_find)(const struct table *, const char *key, size_t n, struct evio_view *value);
    int32_t (*table_set)(struct table *, const char *key, size_t n, const char *value, size_t length);
    bool (*table_remove)(struct table *, const char *key, size_t n);
    int32_t (*table_next)(const struct table *, size_t *place, struct evio_view *key);
};

extern const struct evio_leaves ffi_leaves;

// The same declarations for ffi.cdef.
extern const char ffi_declarations[];

// Ends the use of the live stream, whose first `used` bytes go.
void ffi_end_stream(struct evio_live *live, size_t used);

#endif

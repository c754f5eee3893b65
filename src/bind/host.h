// What one Lua state has of evio: the loop, and what C keeps of Lua for it.
#ifndef BIND_HOST_H
#define BIND_HOST_H

#include "base/list.h"
#include "bind/ffi.h"
#include "bind/options.h"
#include "bind/report.h"
#include "net/net.h"

#include <lua.h>

struct event;
struct watchdog;

struct host {
    struct net *net;
    struct link handlers;     // every struct handlers
    struct link timers;       // the script's pending timers
    struct link background;   // those that do not keep the loop going
    struct link jobs;         // the script's jobs whose end was not delivered
    struct pool *pool;        // for them; NULL before the first one
    struct timer jobs_end;    // set at a shutdown: when running jobs had their time
    int64_t linger;           // that time, in nanoseconds
    struct defaults defaults; // of limits
    struct watchdog *watchdog; // NULL for none
    const char *user;         // to become when the loop begins; NULL for nobody
    struct report report;     // errors that were printed lately
    struct evio_live live;    // the data event being handled
    char out[FFI_ROOM];       // its output
    const void *buffer_meta;  // identifies a string.buffer
    int conn_meta;            // registry reference: the metatable of connections
    int stream_meta;          // registry reference: the metatable of stream handlers
    int take_buffer;          // registry reference: function(buffer)
    int session;              // registry reference: what makes events of a session's
    int translate;            // registry reference: what makes translators
    lua_State *L;             // the state that runs the loop; NULL while it does not run
    lua_State *inner;         // the one that changes a connection's filters, or NULL
    int base;                 // its stack: the message handler, the caller of handlers
    struct event *event; // the callback being run, or NULL
    bool failed;              // the loop has to end
    char *fatal;              // why; owned, NULL when there was no memory for it
};

// Makes the state's host, with the backend that EVIO_BACKEND names. `collect` is its finalizer.
// Raises when the loop cannot be made.
void host_new(lua_State *L, const struct net_events *events, lua_CFunction collect);

// What the command line says of the host.
struct host_setup {
    struct defaults defaults; // of limits
    struct watchdog *watchdog; // of handlers; NULL for none
    const char *user; // to become once addresses are bound; NULL to stay who it is
};

// To be called before the host is made. The setup must stay.
void host_prepare(lua_State *L, const struct host_setup *setup);

// The state's host; NULL before it was made. Raises when the Lua state is at its end.
struct host *host_get(lua_State *L);

// Frees the loop with everything in it, without events. The struct itself is Lua's.
void host_free(struct host *h);

// The Lua state that runs now: that of a method called in a coroutine, or the loop's; NULL for none.
static inline lua_State *host_state(const struct host *h)
{
    return h->inner ? h->inner : h->L;
}

// Whether the value at an index is a string.buffer.
bool host_is_buffer(const struct host *h, lua_State *L, int index);

// Ends the loop, and the program with it, because of an error that nothing else can answer.
void host_fail(struct host *h, const char *message);

#endif

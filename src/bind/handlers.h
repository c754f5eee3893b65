// An events table as C keeps it: a registry reference for each handler, and the limits. Read once,
// shared by the server and the connections that use it.
#ifndef BIND_HANDLERS_H
#define BIND_HANDLERS_H

#include "bind/host.h"
#include "net/conn.h"

enum event_kind {
    EVENT_SERVING,
    EVENT_OPENED,
    EVENT_DATA,
    EVENT_WOKEN,
    EVENT_EOF,
    EVENT_PREWRITE,
    EVENT_POSTWRITE,
    EVENT_DRAINED,
    EVENT_STOPPING,
    EVENT_DETACHED,
    EVENT_CLOSED,
    EVENT_FAILED,
    EVENT_TICK,
    HANDLER_KINDS, // those above are functions of an events table
    EVENT_TRANSLATE = HANDLER_KINDS, // evio.translate's should and make
    EVENT_READY,                     // of conn:push
    EVENT_TIMER,
    EVENT_JOB,
    EVENT_KINDS
};

struct handlers {
    struct link link; // in host->handlers
    unsigned users;
    bool stream; // the data handler reads a stream
    int stream_fn; // the script's function behind it, for messages
    int translators; // a list of tables { should, make }, bottom first, or LUA_NOREF
    int refs[HANDLER_KINDS]; // LUA_NOREF where the table has none
    struct limits limits;
};

extern const char *const event_names[EVENT_KINDS];

// Its address is the key under which evio.translate keeps the list in an events table.
extern const char handlers_translate_key;

// The same for evio.session and what it keeps there.
extern const char handlers_session_key;

// Reads the events table at a stack index; options that it does not set are taken from `base`,
// or have their defaults. Raises and says what is wrong. The caller is the first user.
struct handlers *handlers_read(lua_State *L, int index, const struct limits *base);

// Whether the events table at a stack index came from evio.translate.
bool handlers_translated(lua_State *L, int index);

// Raises when the events table at a stack index has what datagrams have not: a stream, an end, a
// socket of their own.
void handlers_check_datagrams(lua_State *L, int index);

// Raises when the events table at a stack index has a translator for all connections that accepted ones cannot
// have.
void handlers_check_translators(lua_State *L, int index);

// One user less; the last one frees.
void handlers_release(lua_State *L, struct handlers *h);

// Frees all of them, when the whole Lua state goes.
void handlers_free_all(struct host *h);

// Pushes the script's function for an event of the table.
void handlers_push_function(lua_State *L, const struct handlers *h, enum event_kind kind);

static inline bool handlers_have(const struct handlers *h, enum event_kind kind)
{
    return h->refs[kind] >= 0;
}

static inline bool handlers_observe(const struct handlers *h)
{
    return handlers_have(h, EVENT_PREWRITE) || handlers_have(h, EVENT_POSTWRITE);
}

#endif

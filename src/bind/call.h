// The one place where C calls Lua: a handler of an events table.
#ifndef BIND_CALL_H
#define BIND_CALL_H

#include "bind/handlers.h"

enum action { ACTION_NIL, ACTION_NONE, ACTION_CLOSE, ACTION_DETACH, ACTION_SHUTDOWN };

// A call and its results.
struct event {
    enum event_kind kind;
    struct handlers *handlers; // NULL for a timer and a job
    int function;       // registry reference: what a timer or a job calls
    int (*push)(lua_State *, const struct event *); // pushes a job's arguments, tells how many
    struct work *work;  // the job
    struct conn *conn;  // NULL for events of a server, timers and jobs
    int server;         // registry reference of the server object, for serving
    const char *bytes;  // data; NULL for a wake; what a job posted
    size_t amount;      // data, prewrite, postwrite; a job's post
    size_t remaining;   // postwrite

    int socket; // registry reference: what detached got; 0 before

    const char *out; // valid until call_end
    size_t out_length;
    enum action action;
    bool has_delay;
    double delay;        // tick
    const char *message; // of an error; valid until call_end
    int top;             // of the stack before the call
};

// Puts what the loop needs on the stack of the state that will run it.
void call_begin_loop(struct host *h, lua_State *L);

// Calls the handler, which must exist; never while another one runs. Returns false after an error, which was reported. Must be
// followed by call_end.
bool call_handler(struct host *h, struct event *e);
void call_end(struct host *h, const struct event *e);

// Adds core.try to the table on the stack.
void call_register(lua_State *L);

#endif

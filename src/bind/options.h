// Limits as a Lua table: events.options, and what conn:timeout takes; and as text of the
// command line.
#ifndef BIND_OPTIONS_H
#define BIND_OPTIONS_H

#include "net/conn.h"

#include <lua.h>

enum { OPTIONS_ERROR_SIZE = 256 };

// What holds where nothing sets something else: the limits of a server, the bytes that the Lua heap
// may keep, and the background jobs that may wait.
struct defaults {
    struct limits limits;
    size_t memory, jobs;
};

extern const struct defaults options_defaults;

// Reads "name=value" of the command line. Returns false with a message when it is wrong.
bool options_parse(struct defaults *d, const char *text, char error[OPTIONS_ERROR_SIZE]);

// Reads events.options, which is on top of the stack and stays there, over what `l` has. Raises
// and says what is wrong.
void options_read(lua_State *L, struct limits *l);

// Reads the times of conn:timeout from the table at an index, in the same way.
void options_read_times(lua_State *L, int index, struct limits *l);

// Reads evio.memory's limit from an index, in the same way.
void options_read_memory(lua_State *L, int index, struct defaults *d);

// The name at an index, which is a string. Raises when a NUL byte is in it.
const char *options_name(lua_State *L, int index, const char *what);

#endif

#include "bind/session.h"

#include "bind/conn_handle.h"
#include "bind/handlers.h"
#include "bind/host.h"
#include "net/read.h"

#include <lauxlib.h>
#include <stdio.h>

static struct conn *check(lua_State *L)
{
    struct handle *h = conn_handle_check(L);
    return h->conn && h->conn->state == CONN_OPEN ? h->conn : NULL;
}

// core.read_on(conn): delivers what is unread once more, and what comes.
static int read_on(lua_State *L)
{
    struct conn *c = check(L);
    if (!c || c->datagram)
        return 0;
    if (buf_length(&c->in) > 0)
        c->more = true;
    conn_resume(c);
    return 0;
}

// core.is_congested(conn): whether its output is above the high mark, and `drained` will tell of the low one.
static int is_congested(lua_State *L)
{
    const struct conn *c = check(L);
    lua_pushboolean(L, c && c->congested);
    return 1;
}

static int is_datagram(lua_State *L)
{
    const struct conn *c = check(L);
    lua_pushboolean(L, c && c->datagram);
    return 1;
}

// core.fail_session(conn, message, traceback, name): reports an error in what has the name, "session" unless given, and
// closes the connection with it.
static int fail_session(lua_State *L)
{
    struct conn *c = check(L);
    const char *message = luaL_checkstring(L, 2), *traceback = luaL_checkstring(L, 3);
    const char *name = luaL_optstring(L, 4, "session");
    char where[ENDPOINT_TEXT_SIZE + 80], address[ENDPOINT_TEXT_SIZE];
    snprintf(where, sizeof(where), "error in %.20s", name);
    if (c)
        snprintf(where, sizeof(where), "error in %.20s, connection %.0f %s %s", name, (double)c->slot.id,
                 c->group->user ? "from" : "to", endpoint_text(&c->remote, conn_scheme(c), address));
    report_print(&host_get(L)->report, where, traceback);
    if (c)
        conn_close(c, message);
    return 0;
}

// core.set_session(function(events)): makes usual events of a session's, when they are read.
static int set_session(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    host_get(L)->session = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

void session_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"read_on", read_on},         {"is_congested", is_congested}, {"is_datagram", is_datagram},
        {"fail_session", fail_session}, {"set_session", set_session}, {NULL, NULL},
    };
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, (void *)&handlers_session_key);
    lua_setfield(L, -2, "session_key");
}

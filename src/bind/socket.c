#include "bind/socket.h"

#include "bind/error_text.h"
#include "bind/host.h"
#include "bind/object.h"
#include "net/blocking.h"
#include "net/conn.h"
#include "net/stack.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <string.h>

static const char socket_meta = 0; // its address is the key of the metatable in the registry

void socket_close(struct socket *s)
{
    blocking_close(s->fd);
    s->fd = -1;
    buf_free(&s->in);
    stack_free(s->stack);
    s->stack = NULL;
}

const char *socket_translator(const struct socket *s)
{
    const struct filter *bound = s->stack ? stack_bound(s->stack) : NULL;
    return bound ? bound->name : NULL;
}

struct socket *socket_at(lua_State *L, int index)
{
    return object_at(L, index, &socket_meta);
}

static struct socket *check(lua_State *L)
{
    return object_check(L, 1, &socket_meta, "socket (call it as socket:method())");
}

static struct socket *push(lua_State *L)
{
    struct socket *s = lua_newuserdata(L, sizeof(*s));
    *s = (struct socket){.fd = -1, .timeout = -1};
    object_adopt(L, &socket_meta);
    return s;
}

void socket_push(lua_State *L, struct conn *c)
{
    struct socket *s = push(L);
    s->fd = conn_take_socket(c, &s->in, &s->stack);
    if (s->stack)
        stack_detach(s->stack);
}

static int push_moved(lua_State *L)
{
    struct socket *from = lua_touserdata(L, 1), *to = push(L);
    *to = *from;
    *from = (struct socket){.fd = -1};
    return 1;
}

void socket_push_moved(lua_State *L, struct socket *s)
{
    lua_pushcfunction(L, push_moved);
    lua_pushlightuserdata(L, s);
    if (lua_pcall(L, 1, 1, 0) != 0) {
        socket_close(s);
        lua_error(L);
    }
}

static int refuse_read(lua_State *L)
{
    check(L);
    return luaL_error(L, "socket:read waits, which the loop must not do; give the socket to "
                         "evio.spawn");
}

static int refuse_write(lua_State *L)
{
    check(L);
    return luaL_error(L, "socket:write waits, which the loop must not do; give the socket to "
                         "evio.spawn");
}

// nil, the message and the code; a translator has words of its own.
static int push_failure(lua_State *L, const struct socket *s, int error)
{
    error_push(L, error);
    if (s->stack && s->stack->filters.reason) {
        lua_pushstring(L, s->stack->filters.reason);
        lua_replace(L, -3);
    }
    return 3;
}

// socket:read(): what is there, at least one byte. socket:read(n): n bytes. Bytes that came in vain
// stay to be read.
static int socket_read(lua_State *L)
{
    struct socket *s = check(L);
    double n = luaL_optnumber(L, 2, 0);
    luaL_argcheck(L, lua_isnoneornil(L, 2) || (n >= 1 && n <= 1 << 30 && n == floor(n)), 2,
                  "expected a whole number of bytes from 1 to 2^30");
    size_t wanted = n > 0 ? (size_t)n : 1;
    while (buf_length(&s->in) < wanted) {
        ssize_t got = blocking_read(s->fd, s->stack, &s->in, s->timeout);
        if (got < 0)
            return push_failure(L, s, (int)-got);
        if (got > 0)
            continue;
        lua_pushnil(L);
        if (buf_length(&s->in) == 0)
            return 1;
        lua_pushfstring(L, "the peer finished after %d of %d bytes", (int)buf_length(&s->in),
                        (int)wanted);
        lua_pushliteral(L, "ECUT");
        return 3;
    }
    size_t length = n > 0 ? wanted : buf_length(&s->in);
    lua_pushlstring(L, buf_bytes(&s->in), length);
    buf_consume(&s->in, length);
    return 1;
}

// Whether it is a string.buffer, which names itself.
static bool is_buffer(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !luaL_getmetafield(L, index, "__metatable"))
        return false;
    bool yes = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "buffer") == 0;
    lua_pop(L, 1);
    return yes;
}

// socket:write(bytes): all of them. A string.buffer is empty afterwards.
static int socket_write(lua_State *L)
{
    struct socket *s = check(L);
    size_t n;
    bool buffer = is_buffer(L, 2);
    if (!buffer && lua_type(L, 2) != LUA_TSTRING)
        return luaL_typerror(L, 2, "string or string.buffer");
    if (!lua_isnoneornil(L, 3))
        return luaL_error(L, "socket:write: a second value, a %s, expected one string or string.buffer",
                          luaL_typename(L, 3));
    if (buffer)
        luaL_callmeta(L, 2, "__tostring");
    const char *bytes = lua_tolstring(L, buffer ? -1 : 2, &n);
    int err = blocking_write(s->fd, s->stack, bytes, n, s->timeout);
    if (err)
        return push_failure(L, s, -err);
    if (buffer) {
        lua_getfield(L, 2, "reset");
        lua_pushvalue(L, 2);
        lua_call(L, 1, 0);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// Waits where that is allowed, as the upvalue of the methods tells. Translators in Lua run in the state
// that runs now.
static int finish(lua_State *L, struct socket *s)
{
    int64_t timeout = lua_toboolean(L, lua_upvalueindex(1)) ? s->timeout : 0;
    if (!socket_translator(s))
        return blocking_finish(s->fd, s->stack, timeout);
    struct host *h = host_get(L);
    lua_State *outer = h->inner;
    h->inner = L;
    int err = blocking_finish(s->fd, s->stack, timeout);
    h->inner = outer;
    return err;
}

static int socket_finish(lua_State *L)
{
    struct socket *s = check(L);
    int err = finish(L, s);
    if (err)
        return push_failure(L, s, -err);
    lua_pushboolean(L, 1);
    return 1;
}

static int socket_timeout(lua_State *L)
{
    struct socket *s = check(L);
    if (lua_type(L, 2) == LUA_TBOOLEAN && !lua_toboolean(L, 2)) {
        s->timeout = -1;
        return 0;
    }
    double seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "expected seconds from 0 to 10^6, or false");
    s->timeout = (int64_t)(seconds * 1e9);
    return 0;
}

static int socket_fd(lua_State *L)
{
    const struct socket *s = check(L);
    if (s->fd < 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, s->fd);
    return 1;
}

static int socket_end(lua_State *L)
{
    struct socket *s = check(L);
    lua_pushboolean(L, s->fd >= 0);
    if (s->stack)
        finish(L, s); // so that the peer knows that it was no cut
    socket_close(s);
    return 1;
}

static int collect(lua_State *L)
{
    socket_close(lua_touserdata(L, 1));
    return 0;
}

static int describe(lua_State *L)
{
    const struct socket *s = check(L);
    if (s->fd < 0)
        lua_pushliteral(L, "socket (closed)");
    else
        lua_pushfstring(L, "socket (descriptor %d)", s->fd);
    return 1;
}

void socket_register(lua_State *L, bool blocking)
{
    static const luaL_Reg methods[] = {
        {"finish", socket_finish}, {"timeout", socket_timeout}, {"fd", socket_fd},
        {"close", socket_end},     {NULL, NULL},
    };
    lua_pushlightuserdata(L, (void *)&socket_meta);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushboolean(L, blocking);
    luaL_openlib(L, NULL, methods, 1);
    lua_pushcfunction(L, blocking ? socket_read : refuse_read);
    lua_setfield(L, -2, "read");
    lua_pushcfunction(L, blocking ? socket_write : refuse_write);
    lua_setfield(L, -2, "write");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, describe);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "evio.socket");
    lua_setfield(L, -2, "__metatable");
    lua_rawset(L, LUA_REGISTRYINDEX);
}

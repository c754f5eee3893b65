#include "bind/dial.h"

#include "bind/conn_handle.h"
#include "bind/error_text.h"
#include "bind/handlers.h"
#include "net/dial.h"
#include "net/resolver.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

// The address at index 2. Raises when it cannot be read.
static const char *check_address(lua_State *L, struct addr *a)
{
    char error[ADDR_ERROR_SIZE];
    size_t length;
    if (lua_type(L, 2) != LUA_TSTRING)
        luaL_error(L, "the address is a %s, expected a string such as \"tcp://localhost:5000\"",
                   luaL_typename(L, 2));
    const char *text = lua_tolstring(L, 2, &length);
    if (strlen(text) != length)
        luaL_error(L, "bad address \"%s\": a NUL byte is in it", text);
    if (addr_parse(a, text, error) < 0)
        luaL_error(L, "%s", error);
    if (a->reuseport || a->backlog)
        luaL_error(L, "bad address \"%s\": reuseport and backlog are for listening", text);
    if (a->transport == ADDR_SYSTEMD)
        luaL_error(L, "bad address \"%s\": sockets of systemd are for listening", text);
    if (a->transport != ADDR_UNIX && a->port == 0)
        luaL_error(L, "bad address \"%s\": the port is 0, expected the peer's", text);
    return text;
}

// evio.dial(events, address)
static int dial(lua_State *L)
{
    struct host *h = host_get(L);
    struct addr a;
    struct conn *c;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *text = check_address(L, &a);
    if (a.transport == ADDR_UDP)
        handlers_check_datagrams(L, 1);
    struct handlers *handlers = handlers_read(L, 1, NULL);
    int err = dial_open(&c, h->net, &a, text, &handlers->limits);
    if (err) {
        handlers_release(L, handlers);
        return error_push(L, -err);
    }
    c->user.handlers = handlers;
    c->observed = handlers_observe(handlers);
    conn_handle_push_dialed(L, c, text);
    return 1;
}

// evio.nameservers(address, ...): "127.0.0.1", "127.0.0.1:5353", "[::1]:53"; none for the system's.
static int nameservers(lua_State *L)
{
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        luaL_checktype(L, i, LUA_TSTRING);
        luaL_argcheck(L, lua_objlen(L, i) > 0 && !strpbrk(lua_tostring(L, i), ", "), i,
                      "expected one IP address");
        if (i > 1)
            lua_pushliteral(L, ",");
        lua_pushvalue(L, i);
    }
    if (count)
        lua_concat(L, 2 * count - 1);
    int err = resolver_set_servers(host_get(L)->net, count ? lua_tostring(L, -1) : NULL);
    if (err == -EINVAL)
        return luaL_error(L, "bad nameservers \"%s\", expected IP addresses, as in "
                             "\"127.0.0.1:53\"", lua_tostring(L, -1));
    if (err)
        return luaL_error(L, "out of memory");
    return 0;
}

void dial_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"dial", dial}, {"nameservers", nameservers}, {NULL, NULL},
    };
    luaL_register(L, NULL, functions);
}

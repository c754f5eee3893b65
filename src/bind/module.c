#include "bind/call.h"
#include "bind/module.h"

#include "bind/conn_handle.h"
#include "bind/conn_object.h"
#include "bind/deflate.h"
#include "bind/dial.h"
#include "bind/embedded.h"
#include "bind/events.h"
#include "bind/file.h"
#include "bind/gzip.h"
#include "bind/handlers.h"
#include "bind/job.h"
#include "bind/maker.h"
#include "bind/proxy.h"
#include "bind/run.h"
#include "bind/served.h"
#include "bind/session.h"
#include "bind/socket.h"
#include "bind/timer.h"
#include "bind/tls.h"
#include "bind/translator.h"
#include "bind/websocket.h"
#include "net/filter.h"

#include <lauxlib.h>

#ifndef EVIO_VERSION
#error "EVIO_VERSION is given by the Makefile"
#endif

static int collect(lua_State *L)
{
    struct host *h = lua_touserdata(L, 1);
    if (!h->net)
        return 0; // it was never complete
    conn_handle_forget_all(h->net);
    served_forget_all(h->net);
    handlers_free_all(h);
    host_free(h);
    return 0;
}

// Called with a function(buffer) that queues a string.buffer's bytes and empties it.
static int set_take_buffer(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    host_get(L)->take_buffer = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

// evio.core: what the Lua part builds on.
static int open_core(lua_State *L)
{
    host_new(L, &events_table, collect);
    struct host *h = host_get(L);
    lua_newtable(L);
    lua_pushliteral(L, EVIO_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, h->net->backend->name);
    lua_setfield(L, -2, "backend");
    lua_pushstring(L, ffi_declarations);
    lua_setfield(L, -2, "declarations");
    lua_pushlightuserdata(L, (void *)&ffi_leaves);
    lua_setfield(L, -2, "leaves");
    lua_pushlightuserdata(L, &h->live);
    lua_setfield(L, -2, "live");
    lua_newtable(L);
    lua_pushvalue(L, -1);
    h->stream_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_setfield(L, -2, "stream_metatable"); // filled by lua/evio/stream.lua
    lua_pushcfunction(L, set_take_buffer);
    lua_setfield(L, -2, "set_take_buffer");
    run_register(L);
    conn_object_register(L);
    dial_register(L);
    timer_register(L);
    socket_register(L, false);
    maker_register(L);
    tls_register(L);
    deflate_register(L);
    file_object_register(L);
    gzip_register(L);
    proxy_register(L);
    session_register(L);
    call_register(L);
    websocket_register(L);
    lua_pushcfunction(L, translators_make);
    h->translate = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushlightuserdata(L, (void *)&handlers_translate_key);
    lua_setfield(L, -2, "translate_key");
    lua_pushinteger(L, FILTERS_MOST);
    lua_setfield(L, -2, "translators");
    job_register(L);
    return 1;
}

void module_preload(lua_State *L)
{
    lua_pushcfunction(L, open_core);
    embedded_preload(L);
}

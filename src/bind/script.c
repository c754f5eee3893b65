#include "bind/script.h"

#include "bind/error_text.h"
#include "bind/host.h"
#include "bind/module.h"
#include "bind/profile.h"
#include "bind/run.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

// Whether a Lua function is running: an error in loading a script has no place to trace back to.
static bool in_lua(lua_State *L)
{
    lua_Debug info;
    for (int level = 0; lua_getstack(L, level, &info); level++)
        if (lua_getinfo(L, "S", &info) && strcmp(info.what, "C") != 0)
            return true;
    return false;
}

static int add_traceback(lua_State *L)
{
    const char *message = error_text(L, 1);
    if (!in_lua(L) || strstr(message, "\nstack traceback:"))
        lua_pushstring(L, message); // one that came out of the loop has a traceback
    else
        luaL_traceback(L, L, message, 1);
    return 1;
}

// arg as lua sets it: the script at 0, its arguments from 1 on, what stood before it below 0.
static void set_arg(lua_State *L, const struct script *s)
{
    lua_createtable(L, s->argc, s->argc);
    for (int i = 0; i < s->argc; i++) {
        lua_pushstring(L, s->argv[i]);
        lua_rawseti(L, -2, i - s->file_at);
    }
    lua_setglobal(L, "arg");
}

// Modules beside the script are found first.
static void set_path(lua_State *L, const char *file)
{
    const char *slash = strrchr(file, '/');
    lua_getglobal(L, "package");
    if (slash)
        lua_pushlstring(L, file, (size_t)(slash - file));
    else
        lua_pushliteral(L, ".");
    const char *directory = lua_tostring(L, -1);
    lua_getfield(L, -2, "path");
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", directory, directory, lua_tostring(L, -1));
    lua_setfield(L, -4, "path");
    lua_pop(L, 3);
}

// os.exit(code): closes the Lua state in any case, so that the files of unix sockets go.
static int exit_closing(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 0);
    return 0;
}

static void replace_exit(lua_State *L)
{
    lua_getglobal(L, "os");
    lua_getfield(L, -1, "exit");
    lua_pushcclosure(L, exit_closing, 1);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}

static int run_chunk(lua_State *L, const struct script *s)
{
    int count = s->argc - s->file_at - 1;
    luaL_checkstack(L, count > 0 ? count : 0, "too many arguments");
    for (int i = s->file_at + 1; i < s->argc; i++)
        lua_pushstring(L, s->argv[i]);
    lua_call(L, count > 0 ? count : 0, 0);
    return 0;
}

static void load_file(lua_State *L, const char *file)
{
    bool input = strcmp(file, "-") == 0;
    if (!input)
        set_path(L, file);
    if (luaL_loadfile(L, input ? NULL : file) != 0)
        lua_error(L);
}

static int run(lua_State *L)
{
    const struct script *s = lua_touserdata(L, 1);
    luaL_openlibs(L);
    replace_exit(L);
    struct host_setup setup = {.defaults = s->defaults, .user = s->user};
    if (s->watchdog > 0 && !(setup.watchdog = profile_start(L, (uint64_t)(s->watchdog * 1e9))))
        luaL_error(L, "the watchdog cannot start: no memory or no thread");
    host_prepare(L, &setup);
    module_preload(L);
    set_arg(L, s);
    for (int i = 0; i < s->code_count; i++) {
        if (luaL_loadbuffer(L, s->codes[i], strlen(s->codes[i]), "=(command line)") != 0)
            lua_error(L);
        if (!s->check)
            run_chunk(L, s);
    }
    if (s->file) {
        load_file(L, s->file);
        if (!s->check)
            run_chunk(L, s);
    }
    if (!s->check && host_get(L)) // the script loaded evio
        run_all(L);
    return 0;
}

int script_run(const struct script *s)
{
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "evio-lua: out of memory\n");
        return 1;
    }
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, (void *)s);
    int status = lua_pcall(L, 1, 0, 1);
    if (status != 0)
        fprintf(stderr, "evio-lua: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return status == 0 ? 0 : 1;
}

const char *script_engine(void)
{
    return LUAJIT_VERSION;
}

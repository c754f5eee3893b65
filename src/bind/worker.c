#include "bind/worker.h"

#include "base/macros.h"
#include "bind/conn_object.h"
#include "bind/embedded.h"
#include "bind/error_text.h"
#include "net/net.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef EVIO_VERSION
#error "EVIO_VERSION is given by the Makefile"
#endif

enum { MUCH = 1024 }; // KiB

// What a thread has of its own.
struct worker {
    lua_State *L;
    struct work *work; // the one that is being done
    int run;           // registry reference: function(bytes, sockets...) of lua/evio/worker.lua
    int kept;          // its memory after the last full collection, in KiB
};

struct work *work_new(struct pool *p, const char *bytes, size_t length, int sockets)
{
    struct work *w = calloc(1, sizeof(*w) + (size_t)sockets * sizeof(struct socket));
    char *copy = malloc(length);
    if (!w || !copy) {
        free(w);
        free(copy);
        return NULL;
    }
    memcpy(copy, bytes, length);
    w->bytes = copy;
    w->length = length;
    w->socket_count = sockets;
    for (int i = 0; i < sockets; i++)
        w->sockets[i].fd = -1;
    pool_adopt(p, &w->job);
    return w;
}

void work_close_sockets(struct work *w)
{
    for (int i = 0; i < w->socket_count; i++)
        socket_close(&w->sockets[i]);
}

void work_clear(struct work *w)
{
    free(w->bytes);
    w->bytes = NULL;
    w->length = 0;
}

void work_dispose(struct job *job)
{
    struct work *w = container_of(job, struct work, job);
    work_close_sockets(w);
    work_clear(w);
    free(w);
}

// The job's evio

static struct worker *worker_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

// The job that is being done; there is none for finalizers when the thread ends.
static struct job *job_of(lua_State *L)
{
    struct work *w = worker_of(L)->work;
    if (!w)
        luaL_error(L, "evio is used by a finalizer after the end of the job");
    return &w->job;
}

static int now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)net_clock() / 1e9);
    return 1;
}

static int wake(lua_State *L)
{
    return conn_object_wake(L, job_mailbox(job_of(L)));
}

static int worker_sleep(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "expected seconds from 0 to 10^9");
    job_sleep((uint64_t)(seconds * 1e9));
    return 0;
}

// Bytes that lua/evio/worker.lua made of the value.
static int post(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    int err = job_post(job_of(L), bytes, length);
    if (err == -ENOMEM)
        return luaL_error(L, "out of memory");
    lua_pushboolean(L, err == 0);
    return 1;
}

// evio.core in a background thread. The first upvalue goes on to its functions.
static int open_core(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"now", now}, {"wake", wake}, {"sleep", worker_sleep}, {"post", post}, {NULL, NULL},
    };
    lua_newtable(L);
    lua_pushliteral(L, EVIO_VERSION);
    lua_setfield(L, -2, "version");
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    return 1;
}

// The thread

static int prepare(lua_State *L)
{
    struct worker *worker = lua_touserdata(L, 1);
    luaL_openlibs(L);
    lua_pushlightuserdata(L, worker);
    lua_pushcclosure(L, open_core, 1);
    embedded_preload(L);
    socket_register(L, true);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "evio.worker");
    lua_call(L, 1, 1);
    worker->run = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static struct worker *worker_new(char error[128])
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker)
        worker->L = luaL_newstate();
    if (!worker || !worker->L) {
        free(worker);
        snprintf(error, 128, "out of memory");
        return NULL;
    }
    if (lua_cpcall(worker->L, prepare, worker) != 0) {
        snprintf(error, 128, "%s", lua_tostring(worker->L, -1));
        worker_leave(worker);
        return NULL;
    }
    return worker;
}

void worker_leave(void *own)
{
    struct worker *worker = own;
    if (!worker)
        return;
    lua_close(worker->L);
    free(worker);
}

static int add_traceback(lua_State *L)
{
    luaL_traceback(L, L, error_text(L, 1), 1);
    return 1;
}

// Called with the worker, and a table that keeps the job's sockets; returns the results as a string.
static int run(lua_State *L)
{
    struct worker *worker = lua_touserdata(L, 1);
    struct work *w = worker->work;
    luaL_checkstack(L, w->socket_count + 8, "too many sockets");
    lua_rawgeti(L, LUA_REGISTRYINDEX, worker->run);
    lua_pushlstring(L, w->bytes, w->length);
    for (int i = 0; i < w->socket_count; i++) {
        socket_push_moved(L, &w->sockets[i]);
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, i + 1);
    }
    lua_call(L, w->socket_count + 1, 1);
    return 1;
}

// Closes the sockets in the table at an index: the job ended, and they with it.
static void close_sockets(lua_State *L, int index, int count)
{
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, index, i);
        struct socket *s = socket_at(L, -1);
        if (s)
            socket_close(s);
        lua_pop(L, 1);
    }
}

// What a job left is collected when it is much, because the next one may come late. A finalizer may
// raise.
static int collect(lua_State *L)
{
    struct worker *worker = lua_touserdata(L, 1);
    if (lua_gc(L, LUA_GCCOUNT, 0) < 2 * worker->kept + MUCH)
        return 0;
    lua_gc(L, LUA_GCCOLLECT, 0);
    worker->kept = lua_gc(L, LUA_GCCOUNT, 0);
    return 0;
}

// Keeps text or results for the loop.
static void answer(struct work *w, bool failed, const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    free(w->bytes);
    w->bytes = copy;
    w->length = copy ? length : 0;
    w->failed = failed || !copy;
    if (copy)
        memcpy(copy, bytes, length);
}

void worker_run(struct job *job, void **own)
{
    struct work *w = container_of(job, struct work, job);
    char error[128];
    struct worker *worker = *own ? *own : worker_new(error);
    if (!worker) {
        answer(w, true, error, strlen(error));
        return;
    }
    *own = worker;
    lua_State *L = worker->L;
    worker->work = w;
    lua_pushcfunction(L, add_traceback);
    lua_newtable(L);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, worker);
    lua_pushvalue(L, 2);
    int status = lua_pcall(L, 2, 1, 1);
    size_t length;
    const char *bytes = lua_tolstring(L, -1, &length);
    answer(w, status != 0, bytes ? bytes : "", bytes ? length : 0);
    close_sockets(L, 2, w->socket_count);
    lua_settop(L, 0);
    lua_cpcall(L, collect, worker);
    lua_settop(L, 0);
    worker->work = NULL;
}

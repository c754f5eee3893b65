#include "bind/job.h"

#include "base/macros.h"
#include "bind/call.h"
#include "bind/error_text.h"
#include "bind/object.h"
#include "bind/worker.h"
#include "net/server.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char job_meta = 0; // its address is the key of the metatable in the registry
static const char unpack_key = 0; // and that of the function that reads what crossed

// Nanoseconds: what running jobs get at a shutdown, and how long of it nothing is said.
static const int64_t linger_default = 5000000000, quiet = 500000000;

// A userdata, which the registry keeps alive until the job's end was delivered.
struct script_job {
    struct host *host;
    struct work *work; // counted; NULL when it could not be made
    struct link link;  // in host->jobs until its end was delivered
    int self, done, message; // registry references
    bool ended, told;        // its end was delivered; `done` got it
};

static struct script_job *check(lua_State *L)
{
    return object_check(L, 1, &job_meta, "job (call it as job:method())");
}

static void unref(lua_State *L, int *ref)
{
    luaL_unref(L, LUA_REGISTRYINDEX, *ref);
    *ref = LUA_NOREF;
}

// Its end will be delivered. The job is on top of the stack.
static void keep(lua_State *L, struct script_job *s)
{
    lua_pushvalue(L, -1);
    s->self = luaL_ref(L, LUA_REGISTRYINDEX);
    list_append(&s->host->jobs, &s->link);
    s->work->owner = s;
}

// Its end was delivered, or nobody waits for it any more. The job may be collected then.
static void forget(lua_State *L, struct script_job *s)
{
    struct host *h = s->host;
    s->work->owner = NULL;
    list_remove(&s->link);
    if (list_empty(&h->jobs))
        timer_cancel(h->net, &h->jobs_end);
    unref(L, &s->done);
    unref(L, &s->message);
    unref(L, &s->self);
}

// What the pool tells

static int push_unpacked(lua_State *L, const char *bytes, size_t length)
{
    int top = lua_gettop(L);
    lua_pushlightuserdata(L, (void *)&unpack_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushlstring(L, bytes, length);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L) - top;
}

static int push_post(lua_State *L, const struct event *e)
{
    return push_unpacked(L, e->bytes, e->amount);
}

// The arguments of `done`.
static int push_end(lua_State *L, const struct event *e)
{
    const struct work *w = e->work;
    bool ran = w->job.state == JOB_FINISHED;
    lua_pushboolean(L, ran && !w->failed);
    if (!ran) {
        lua_pushliteral(L, "cancelled");
        lua_pushliteral(L, "ECANCELED");
        return 3;
    }
    if (!w->failed)
        return 1 + push_unpacked(L, w->bytes, w->length);
    lua_pushlstring(L, w->bytes ? w->bytes : "out of memory", w->bytes ? w->length : 13);
    return 2;
}

static void call_back(struct host *h, struct event *e)
{
    e->kind = EVENT_JOB;
    if (call_handler(h, e) && e->action == ACTION_SHUTDOWN)
        shutdown_all(h->net);
    call_end(h, e);
}

static void posted(struct job *job, const char *bytes, size_t n)
{
    struct script_job *s = container_of(job, struct work, job)->owner;
    if (!s || s->message == LUA_NOREF)
        return;
    struct event e = {.function = s->message, .push = push_post, .bytes = bytes, .amount = n};
    call_back(s->host, &e);
}

static int push_text(lua_State *L)
{
    const struct work *w = lua_touserdata(L, 1);
    lua_pushlstring(L, w->bytes ? w->bytes : "out of memory", w->bytes ? w->length : 13);
    return 1;
}

// Nobody asked how the job went: an error is to be read all the same.
static void report_failed(struct host *h, struct work *w)
{
    lua_pushcfunction(h->L, push_text); // makes a C string of it
    lua_pushlightuserdata(h->L, w);
    lua_pcall(h->L, 1, 1, 0);
    report_print(&h->report, "error in a background job", lua_tostring(h->L, -1));
    lua_pop(h->L, 1);
}

static void ended(struct job *job)
{
    struct work *w = container_of(job, struct work, job);
    struct script_job *s = w->owner;
    work_close_sockets(w);
    if (!s || job->state == JOB_CANCELLED)
        work_clear(w); // the script may keep the job for long
    if (!s)
        return;
    struct host *h = s->host;
    struct event e = {.function = s->done, .push = push_end, .work = w};
    s->ended = true;
    if (e.function != LUA_NOREF) {
        s->told = true;
        call_back(h, &e);
        work_clear(w);
    } else if (job->state == JOB_FINISHED && w->failed) {
        report_failed(h, w);
    } else {
        lua_gc(h->L, LUA_GCSTEP, (int)(w->length >> 10)); // memory that Lua does not see
    }
    forget(h->L, s);
}

static const struct pool_events pool_events = {
    .run = worker_run,
    .leave = worker_leave,
    .posted = posted,
    .ended = ended,
    .dispose = work_dispose,
};

static int count_jobs(const struct host *h)
{
    int count = 0;
    for (const struct link *i = h->jobs.next; i != &h->jobs; i = i->next)
        count++;
    return count;
}

// Jobs had their time, and so had those that were spawned meanwhile: the loop goes on, or ends,
// without them.
static void abandon(struct timer *t)
{
    struct host *h = container_of(t, struct host, jobs_end);
    int count = count_jobs(h);
    pool_drop(h->pool);
    while (!list_empty(&h->jobs))
        forget(h->L, container_of(h->jobs.next, struct script_job, link));
    char text[80];
    snprintf(text, sizeof(text), "%d of them did not end within %g s of the shutdown", count,
             (double)h->linger / 1e9);
    report_print(&h->report, "background jobs", text);
}

// Whoever pressed Ctrl-C wants to know why nothing happens.
static void tell_waiting(struct timer *t)
{
    struct host *h = container_of(t, struct host, jobs_end);
    char text[128];
    snprintf(text, sizeof(text), "%d still at work, %g s are left to them; another signal ends the "
                                 "process at once",
             count_jobs(h), (double)(h->linger - quiet) / 1e9);
    report_print(&h->report, "background jobs", text);
    h->jobs_end.fire = abandon;
    timer_set(h->net, t, net_clock() + (uint64_t)(h->linger - quiet));
}

void jobs_end(struct host *h)
{
    if (list_empty(&h->jobs) || timer_is_set(&h->jobs_end))
        return;
    bool tells = h->linger > 2 * quiet;
    pool_drop(h->pool);
    h->jobs_end.fire = tells ? tell_waiting : abandon;
    timer_set(h->net, &h->jobs_end, net_clock() + (uint64_t)(tells ? quiet : h->linger));
}

// Functions

// NULL when out of memory.
static struct pool *pool_of(struct host *h)
{
    if (h->pool || pool_open(&h->pool, h->net->mailbox, &pool_events) < 0)
        return h->pool;
    h->linger = linger_default;
    struct pool_limits limits = pool_limits(h->pool);
    limits.queue = (unsigned)h->defaults.jobs;
    pool_limit(h->pool, limits);
    return h->pool;
}

static struct script_job *push(lua_State *L, struct host *h)
{
    struct script_job *s = lua_newuserdata(L, sizeof(*s));
    *s = (struct script_job){
        .host = h, .self = LUA_NOREF, .done = LUA_NOREF, .message = LUA_NOREF,
    };
    object_adopt(L, &job_meta);
    return s;
}

static void move(struct socket *to, struct socket *from)
{
    *to = *from;
    *from = (struct socket){.fd = -1};
}

// core.spawn(bytes, sockets...): a job, or nil, message, code. Sockets move when it succeeds.
static int spawn(lua_State *L)
{
    struct host *h = host_get(L);
    struct pool *p = pool_of(h);
    size_t length;
    int sockets = lua_gettop(L) - 1;
    const char *bytes = luaL_checklstring(L, 1, &length);
    struct script_job *s = push(L, h);
    s->work = p ? work_new(p, bytes, length, sockets) : NULL;
    if (!s->work)
        return error_push(L, ENOMEM);
    keep(L, s);
    for (int i = 0; i < sockets; i++)
        move(&s->work->sockets[i], socket_at(L, 2 + i));
    int err = pool_submit(&s->work->job);
    if (err == 0)
        return 1;
    for (int i = 0; i < sockets; i++)
        move(socket_at(L, 2 + i), &s->work->sockets[i]);
    forget(L, s);
    if (err != -ENOBUFS)
        return error_push(L, -err);
    lua_pushnil(L);
    int waiting = (int)pool_limits(p).queue;
    lua_pushfstring(L, "the job queue is full: %d %s", waiting,
                    waiting == 1 ? "job waits" : "jobs wait");
    lua_pushliteral(L, "EAGAIN");
    return 3;
}

// core.pool(threads, queue, linger): each a number, or nil where it is to stay.
static int pool(lua_State *L)
{
    struct host *h = host_get(L);
    struct pool *p = pool_of(h);
    if (!p)
        return luaL_error(L, "out of memory");
    struct pool_limits limits = pool_limits(p);
    limits.threads = (unsigned)luaL_optnumber(L, 1, limits.threads);
    limits.queue = (unsigned)luaL_optnumber(L, 2, limits.queue);
    h->linger = (int64_t)(luaL_optnumber(L, 3, (double)h->linger / 1e9) * 1e9);
    pool_limit(p, limits);
    return 0;
}

// core.is_socket(value): whether it is one that is open.
static int is_socket(lua_State *L)
{
    struct socket *s = socket_at(L, 1);
    lua_pushboolean(L, s && s->fd >= 0);
    return 1;
}

// core.socket_translator(value): the name of what keeps the socket on the loop, or nil.
static int translator_of(lua_State *L)
{
    const struct socket *s = socket_at(L, 1);
    lua_pushstring(L, s ? socket_translator(s) : NULL);
    return 1;
}

// core.set_unpack(fn): what reads the values that crossed.
static int set_unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushlightuserdata(L, (void *)&unpack_key);
    lua_insert(L, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 0;
}

// Methods

// job:done(fn): fn(ok, ...), now or when the job ended before.
static int job_done(lua_State *L)
{
    struct script_job *s = check(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (s->told || s->done != LUA_NOREF)
        return luaL_error(L, "job:done was called before, expected one function for a job");
    lua_settop(L, 2);
    bool late = s->ended;
    if (late || link_in_list(&s->link))
        s->done = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_settop(L, 1);
    if (late) {
        keep(L, s);
        job_end_again(&s->work->job);
    }
    return 1;
}

// job:message(fn): fn(value) for each post from now on.
static int job_message(lua_State *L)
{
    struct script_job *s = check(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (link_in_list(&s->link)) {
        unref(L, &s->message);
        s->message = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_settop(L, 1);
    return 1;
}

static int cancel(lua_State *L)
{
    lua_pushboolean(L, job_cancel(&check(L)->work->job));
    return 1;
}

static int collect(lua_State *L)
{
    struct script_job *s = lua_touserdata(L, 1);
    if (s->work)
        job_release(&s->work->job);
    s->work = NULL;
    return 0;
}

void job_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"spawn", spawn}, {"pool", pool}, {"is_socket", is_socket},
        {"socket_translator", translator_of}, {"set_unpack", set_unpack},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"done", job_done}, {"message", job_message}, {"cancel", cancel}, {NULL, NULL},
    };
    luaL_register(L, NULL, functions);
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "job_methods");
    object_register(L, &job_meta, "evio.job", collect);
}

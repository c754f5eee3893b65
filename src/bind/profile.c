#include "bind/profile.h"

#include <errno.h>
#include <luajit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 20 }; // functions that a report shows

// Prints in one piece, of memory that is here: the process is not well. Both threads may be here; the
// first one to end the process does.
static void report(const struct watchdog *w, const char *where, size_t length)
{
    char text[4096], conn[48] = "";
    uint64_t id = atomic_load(&w->id);
    if (id)
        snprintf(conn, sizeof(conn), ", connection %llu", (unsigned long long)id);
    int n = snprintf(text, sizeof(text),
                     "evio-lua: watchdog: %s%s has run for more than %g s; the process ends\n%.*s",
                     atomic_load(&w->event), conn, (double)w->limit / 1e9, (int)length, where);
    size_t size = n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1;
    while (write(STDERR_FILENO, text, size) < 0 && errno == EINTR) // the profiler's own signals, too
        ;
    _exit(EXIT_FAILURE);
}

// Called by the profiler between two instructions of a Lua function.
static void sample(void *data, lua_State *L, int samples, int state)
{
    struct watchdog *w = data;
    size_t length;
    (void)samples, (void)state;
    if (!watchdog_is_over(w))
        return;
    const char *stack = luaJIT_profile_dumpstack(L, "\tpF l\n", DEPTH, &length);
    report(w, stack, length);
}

static void bark(struct watchdog *w)
{
    static const char where[] = "\tinside of a C function that was called from there\n";
    report(w, where, strlen(where));
}

struct watchdog *profile_start(lua_State *L, uint64_t nanoseconds)
{
    struct watchdog *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->limit = nanoseconds;
    w->bark = bark;
    if (watchdog_start(w) < 0) {
        free(w);
        return NULL;
    }
    luaJIT_profile_start(L, "li10", sample, w);
    return w;
}

// A background thread's Lua state: it runs jobs, one after the other, and keeps the modules that
// they loaded. Lua's part of it is lua/evio/worker.lua.
#ifndef BIND_WORKER_H
#define BIND_WORKER_H

#include "bind/socket.h"
#include "net/pool.h"

// A job as it crosses: the loop's until pool_submit and again when its end is delivered, the
// thread's in between.
struct work {
    struct job job;
    void *owner;   // the loop's alone
    char *bytes;   // owned: the arguments, then the results or the error's text
    size_t length;
    bool failed; // the bytes are text
    int socket_count;
    struct socket sockets[]; // among the arguments; owned
};

// Takes a copy of the arguments. Returns NULL when out of memory.
struct work *work_new(struct pool *p, const char *bytes, size_t length, int sockets);

// Frees the bytes, which nobody needs any more.
void work_clear(struct work *w);

void work_close_sockets(struct work *w);

// For struct pool_events.
void work_dispose(struct job *job);
void worker_run(struct job *job, void **own);
void worker_leave(void *own);

#endif

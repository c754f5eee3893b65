#include "net/net.h"

#include "os/clock.h"
#include "os/datagram.h"
#include "os/fd.h"
#include "os/random.h"
#include "os/user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE = 64 }; // descriptors that accepted connections leave to files, dials and jobs

int net_open(struct net **net, const char *name, const struct net_events *events, void *user)
{
    const struct poller_backend *backend = poller_find(name);
    if (!backend)
        return -EINVAL;
    struct net *n = malloc(sizeof(*n));
    if (!n)
        return -ENOMEM;
    memset(n, 0, offsetof(struct net, input));
    int err = random_bytes(n->hash_key, sizeof(n->hash_key));
    if (!err)
        err = backend->open(&n->poller);
    if (err)
        goto fail_poller;
    err = mailbox_open(&n->mailbox, &n->conns);
    if (err)
        goto fail_mailbox;
    n->backend = backend;
    n->events = events;
    n->user = user;
    n->now = clock_now();
    n->reserve = fd_open_reserve();
    n->room = fd_limit() / 2 > SPARE ? fd_limit() - SPARE : fd_limit() / 2;
    n->dialed.net = n;
    n->mailbox_watch = (struct watch){.fd = mailbox_fd(n->mailbox), .kind = WATCH_MAILBOX};
    err = backend->set(n->poller, &n->mailbox_watch, POLL_READ);
    if (err)
        goto fail_watch;
    list_init(&n->dialed.conns);
    list_init(&n->servers);
    list_init(&n->work);
    list_init(&n->ended);
    list_init(&n->spent);
    list_init(&n->starved);
    *net = n;
    return 0;

fail_watch:
    fd_close(n->reserve);
    mailbox_close(n->mailbox);
fail_mailbox:
    backend->close(n->poller);
fail_poller:
    free(n);
    return err;
}

const char *net_backends(char *text, size_t size)
{
    return poller_names(text, size);
}

int net_random(void *bytes, size_t n)
{
    return random_bytes(bytes, n);
}

int net_become(const char *name)
{
    struct user user;
    int err = user_find(name, &user);
    return err ? err : user_become(&user);
}

uint64_t net_time(void)
{
    return clock_time();
}

uint64_t net_clock(void)
{
    return clock_now();
}

void net_close(struct net *n)
{
    datagram_box_free(n->datagrams);
    mailbox_close(n->mailbox);
    n->backend->close(n->poller);
    if (n->reserve >= 0)
        fd_close(n->reserve);
    heap_free(&n->timers);
    slots_free(&n->conns);
    chunk_pool_free(&n->chunks);
    free(n);
}

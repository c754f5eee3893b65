// A connection's filters (net/filter.h), and the plaintext on its way through them. Output is
// gathered and handed in when it is flushed, input is taken out when a read has gone through; so no
// filter is at work while a callback runs.
#ifndef NET_STACK_H
#define NET_STACK_H

#include "net/conn.h"
#include "net/filter.h"

// What is wrong when unread plaintext is there at a push: it did not pass the filter.
#define STACK_EARLY "plaintext came in front of the translator that was pushed"

struct stack {
    struct filters filters;
    struct buf unfed; // wire bytes that were read before the filter was there
    struct buf out;  // plaintext that waits to be handed in; once detached, wire bytes to be sent
    uint64_t since;  // when the handshake under way began
    unsigned pushes; // counts
    bool finished;   // the last bytes are out
    bool expects;    // `ready` is to fire when all filters are open
};

// Plaintext that is not wire bytes yet.
static inline size_t stack_pending(const struct conn *c)
{
    return c->stack ? buf_length(&c->stack->out) : 0;
}

// Puts a filter on top, after what was written before has gone down the old stack. The connection
// owns it from now on. Returns 0, -EPROTO when plaintext of the peer waits that the new filter did
// not see, -EBUSY in the handshake of one or while a file is sent, or another negative errno; after an error the filter is freed.
int stack_push(struct conn *c, struct filter *f);

// Bytes that were taken for plaintext, and are what the filter that was pushed just now receives first.
// Returns 0 or -ENOMEM.
int stack_feed(struct conn *c, const char *wire, size_t n);

// Takes the top one away, after its last bytes. Returns 0 or a negative errno; -ENOENT when there is
// none, -EBUSY while a filter is at work or in its handshake or a file is sent, -EPROTO while input waits inside of it.
int stack_pop(struct conn *c);

// Adds plaintext. Returns 0 or -ENOMEM.
int stack_put(struct conn *c, const char *bytes, size_t n);

// Turns the plaintext that waits, and `tail` behind it, into wire bytes; nothing while a handshake is
// under way. Returns 0 or a negative errno.
int stack_translate(struct conn *c, const char *tail, size_t n);

// The last bytes, once. Returns 0 or a negative errno.
int stack_finish(struct conn *c);

// Bytes that were read; NULL at the end of the wire. Returns 0 or a negative errno.
int stack_receive(struct conn *c, const char *wire, size_t n);

// Goes on with input that waits inside of a filter. Returns 0 or a negative errno.
int stack_resume(struct conn *c);

// Ends the connection because of what a filter returned, after what it had to say is sent.
void stack_fail(struct conn *c, int err);

// The connection goes and the stack stays: from now on wire bytes are gathered in `out`.
void stack_detach(struct stack *s);

// The topmost filter that may not go to another thread, or NULL.
const struct filter *stack_bound(const struct stack *s);

// Frees a stack with its filters; nothing happens for NULL.
void stack_free(struct stack *s);

#endif

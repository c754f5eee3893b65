// A connection: its state and its ways to end. Writing is in write.h, reading
// in read.h, what follows its end in reap.h.
//
// 1. A connection owns its descriptor, its buffers and its timer from accept or dial to reap.
// 2. Ending one marks it; the loop's reap step alone fires its last event and frees.
// 3. So a pointer to a connection holds until the end of the callback that got it.
#ifndef NET_CONN_H
#define NET_CONN_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/queue.h"
#include "net/net.h"
#include "net/timer.h"

enum conn_state {
    CONN_CONNECTING, // dialed; what is written waits
    CONN_OPEN,     // events fire
    CONN_CLOSING,  // output is being flushed; input is left alone
    CONN_ENDED,    // waits for the reap step to fire `closed`, `failed` or `detached`
    CONN_DRAINING, // `closed` fired; unread input is thrown away until the peer is done
    CONN_GONE,     // waits for the reap step to free it
};

enum conn_work {
    WORK_FLUSH = 1,       // try to write
    WORK_FLUSH_LATER = 2, // try to write in the next iteration
    WORK_DELIVER = 4,     // unread input may be delivered again
    WORK_DRAINED = 8,     // `drained` is due
    WORK_SETTLE = 16,     // a handshake may be over without a byte from the peer
};

#define LIMIT_OFF UINT64_MAX // a time that was turned off, where 0 is a default

// Sizes in bytes, times in nanoseconds; a time of 0 is no limit, but for linger, and for idle with
// datagrams.
struct limits {
    size_t high, low;   // pending output at which reading stops, and goes on
    size_t queue;       // the most output that may be pending
    size_t input;       // the most unread input
    size_t connections; // the most that a server has, and those of them from one address; 0 is a
    size_t per_address; // default, see admission.h
    bool duplex;        // reading goes on above the high mark, too
    uint64_t linger;    // how long a close waits for a peer that takes nothing
    uint64_t idle;      // without a byte in either direction
    uint64_t read;      // without input, while it is read
    uint64_t write;     // without progress of pending output
    uint64_t handshake; // from the dial until `opened`
};

struct conn {
    struct watch watch;
    uint8_t state; // enum conn_state
    uint8_t work;  // enum conn_work, while it is in net->work
    bool paused : 1;    // the script does not want input
    bool congested : 1; // output passed the high mark and is not yet down to the low one
    bool blocked : 1;   // the kernel took less than it was offered
    bool writing : 1;   // inside a write attempt
    bool observed : 1;  // prewrite and postwrite are to fire
    bool more : 1;      // unread input may be delivered again without new bytes
    bool backlog : 1;   // input waits inside of a filter
    bool shifted : 1;   // the unread input is not what the stream last saw
    bool swapped : 1;   // the handlers changed during a data event
    bool eof : 1;       // the peer finished sending
    bool hung_up : 1;   // the wire ended; the plaintext may have ended before
    bool ending : 1;    // the plaintext ended: `eof` fires when what is unread was delivered
    bool shaking : 1;   // a filter's handshake is under way: its input is read in any case
    bool arriving : 1;  // `arrived` is to fire again, when the filters are open
    bool opened : 1;    // `opened` fired
    bool datagram : 1;  // it is a peer of datagrams, or becomes one
    bool excused : 1;   // a peer's time-out is over, but the loop may have been late
    bool detaching : 1; // the descriptor is to be handed over after the pending output
    bool own_limits : 1; // limits is this connection's alone, and freed with it
    bool finishing : 1; // FIN is to follow the pending output
    bool fin_sent : 1;
    bool reset : 1;     // close resets the connection
    bool discards : 1;  // what the peer still sends is read and dropped before the close
    bool delays : 1;    // TCP_NODELAY was turned off
    bool took : 1;      // the last write attempt got something away
    bool admitted : 1;  // its server counts it
    uint16_t index;     // which of the server's addresses, from 1
    uint16_t keepalive; // seconds; 0 for none
    uint16_t error;     // why it ended: a positive errno, 0 for none
    int unsent;         // what the kernel had not got rid of when it last took no more
    unsigned waiting;   // datagrams in `out`
    struct slot slot;
    struct conn_group *group;
    const struct limits *limits;
    struct queue out;
    struct files *files; // among the output; NULL for none
    struct buf in; // input that the handler left unread
    struct timer timer; // of its state: time-outs while open, linger while closing, then the drain
    union {
        struct {
            uint64_t last_in, last_out; // when input came, and when output was begun or taken
        };
        struct {
            uint32_t total, now; // bytes dropped in all, and since the last look
            unsigned looks;
        } discarded; // while draining; see reap.c
    };
    uint64_t read_since; // when reading went on that a pause or the high mark had stopped
    struct link link; // in net->work or net->ended
    struct link sibling; // in group->conns
    struct dial *dial; // while it is connecting
    struct peer *peer; // of datagrams; NULL for a stream, and until it is connected
    struct stack *stack; // of filters; NULL for none
    struct endpoint remote;
    char *message; // why it ended, in words; owned, NULL for none
    struct {
        void *handlers;
        void *handle;
        int ref, handle_ref, ready, next;
    } user; // the layer above's
};

// Takes over a connected descriptor, closing it when that fails; -1 for one that comes later. Fires
// nothing. Returns 0 or a negative errno.
int conn_new(struct conn **conn, struct conn_group *group, int fd, const struct endpoint *remote);

// The connection with this id, or NULL; NULL too for one that ended and waits for `closed`.
struct conn *conn_find(struct net *net, uint64_t id);

// The scheme of its addresses as text, but for unix sockets, which have no endpoint.
static inline const char *conn_scheme(const struct conn *c)
{
    return c->datagram ? "udp" : "tcp";
}

// Whether a limit of the time-outs of open connections is one.
static inline bool conn_limited(uint64_t limit)
{
    return limit && limit != LIMIT_OFF;
}

// The time of traffic. It is asked for where it matters: the iteration may have begun long before,
// and what callbacks take is not held against the peer.
static inline uint64_t conn_clock(const struct conn *c)
{
    const struct limits *l = c->limits;
    bool set = conn_limited(l->idle) || conn_limited(l->read) || conn_limited(l->write);
    return set ? net_clock() : c->group->net->now;
}

// Whether pending output keeps it from reading.
static inline bool conn_held(const struct conn *c)
{
    return c->congested && !c->limits->duplex;
}

// Socket options; see os/sock.h. Those of one that is not connected are set when it is. Return 0 or a negative errno.
int conn_set_nodelay(struct conn *c, bool on);
int conn_set_keepalive(struct conn *c, unsigned seconds);

// Closes after the pending output. `message` is copied and tells `closed` why; NULL for a clean
// close. Nothing happens when it is closing already.
void conn_close(struct conn *c, const char *message);

// Sends FIN after the pending output; reading goes on.
void conn_finish(struct conn *c);

// Ends at once, dropping output and resetting the connection.
void conn_abort(struct conn *c);

// Hands the descriptor over after the pending output: `detached` fires, and takes it. Nothing
// happens when it is not open.
void conn_detach(struct conn *c);

// For `detached`: gives away the descriptor, the unread input and the filters, NULL for none.
int conn_take_socket(struct conn *c, struct buf *in, struct stack **stack);

// Ends at once because of an error: a positive errno, and words for it or NULL.
void conn_fail(struct conn *c, int error, const char *message);

// Ends because of what the peer did wrong, after the pending output, so that it hears of it: a
// positive errno, and words for it or NULL. The first error of a connection is the one that is told.
void conn_break(struct conn *c, int error, const char *message);

// Adds wire bytes to the queue. Returns 0, or a negative errno after which the connection ended:
// -ENOBUFS when the queue is full, -ENOMEM.
int conn_queue(struct conn *c, const char *bytes, size_t n);

// Ends with -ENOBUFS, because more than `length` bytes would be pending.
void conn_fail_full(struct conn *c, size_t length);

// Ends after everything that was to be sent is with the kernel, FIN included.
void conn_end(struct conn *c);

// Limits for this connection alone, to be changed: at first a copy of what it had. NULL when out of
// memory.
struct limits *conn_own_limits(struct conn *c);
void conn_drop_limits(struct conn *c);

// New handlers from the next event on; `rest` is delivered first, in front of unread input.
// Returns 0 or -ENOMEM.
int conn_swap(struct conn *c, void *handlers, const struct limits *limits, const char *rest,
              size_t n);

// Has the unread input that may be delivered again delivered in the next iteration's read step.
void conn_deliver_later(struct conn *c);

// Puts the connection on the loop's work list.
void conn_add_work(struct conn *c, enum conn_work work);

// Makes the poller's interest follow the state.
void conn_update(struct conn *c);

#endif

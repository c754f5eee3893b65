#include "net/dial.h"

#include "base/error.h"
#include "base/macros.h"
#include "net/open.h"
#include "net/resolver.h"
#include "net/udp.h"
#include "os/fd.h"
#include "os/resolve.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IPV6, IPV4, FAMILIES };

// RFC 8305, section 8: how long an IPv4 answer waits for the IPv6 one, and an attempt for the next.
static const uint64_t resolution_delay = 50000000, attempt_delay = 250000000;
// A unix socket's full backlog is not waited for by the system.
static const uint64_t backlog_delay = 10000000;

struct attempt {
    struct watch watch; // fd is -1 once it is over
    struct dial *dial;
    struct endpoint to;
};

// What was found for one family.
struct candidates {
    struct lookup lookup;
    struct dial *dial;
    bool pending; // the answer is to come
    struct endpoint found[RESOLVER_ENDPOINTS];
    int count, next;
};

struct dial {
    struct conn *conn; // NULL once it is over
    struct net *net;
    struct link link; // in net->spent
    struct addr addr;
    char *text;
    struct candidates families[FAMILIES];
    int turn;      // the family whose turn it is
    bool waited;   // the resolution delay is over
    bool tried;    // to connect to an address
    struct timer next, deadline;
    struct attempt attempts[FAMILIES * RESOLVER_ENDPOINTS];
    int attempt_count, running;
    int error; // of the last address that failed
    char reason[128]; // of the look-up that failed, in words
};

// Whether the connection ended, maybe in this iteration.
static bool over(const struct dial *d)
{
    return !d->conn || d->conn->state != CONN_CONNECTING;
}

static bool exhausted(const struct candidates *c)
{
    return c->next == c->count;
}

// Over for the connection; freed in the reap step, because the poller may have reported an attempt.
static void retire(struct dial *d)
{
    for (int i = 0; i < d->attempt_count; i++) {
        struct attempt *a = &d->attempts[i];
        if (a->watch.fd < 0)
            continue;
        d->net->backend->set(d->net->poller, &a->watch, 0);
        fd_close(a->watch.fd);
        a->watch.fd = -1;
    }
    for (int i = 0; i < FAMILIES; i++)
        resolver_forget(&d->families[i].lookup);
    timer_cancel(d->net, &d->next);
    timer_cancel(d->net, &d->deadline);
    d->conn->dial = NULL;
    d->conn = NULL;
    list_append(&d->net->spent, &d->link);
}

static void fail(struct dial *d, int error, const char *reason)
{
    char text[ADDR_ERROR_SIZE], message[128];
    if (!reason)
        reason = error_message(error, message, sizeof(message));
    snprintf(text, sizeof(text), "cannot connect to \"%.200s\": %.200s", d->text, reason);
    conn_fail(d->conn, error, text);
    retire(d);
}

// A datagram socket is ready as soon as it knows its peer. Returns 0 or a negative errno.
static int succeed_udp(struct dial *d, const struct endpoint *to)
{
    struct conn *c = d->conn;
    struct datagram_socket socket;
    int err = datagram_connect(&socket, to);
    if (err)
        return err;
    err = udp_dialed(c, &socket, to);
    if (err) {
        fd_close(socket.fd);
        return err;
    }
    retire(d);
    c->remote = *to;
    conn_open(c);
    return 0;
}

static void succeed(struct dial *d, int fd, const struct endpoint *to)
{
    struct conn *c = d->conn;
    retire(d);
    c->watch.fd = fd;
    c->remote = *to;
    if (to->family != AF_UNIX)
        sock_set_nodelay(fd, !c->delays);
    if (c->keepalive)
        sock_set_keepalive(fd, c->keepalive);
    conn_open(c);
}

// Takes the next address, the families in turn.
static bool take(struct dial *d, struct endpoint *e)
{
    for (int i = 0; i < FAMILIES; i++) {
        struct candidates *c = &d->families[(d->turn + i) % FAMILIES];
        if (exhausted(c))
            continue;
        *e = c->found[c->next++];
        e->port = d->addr.port;
        d->turn = (d->turn + i + 1) % FAMILIES;
        return true;
    }
    return false;
}

// Connects to one address. Returns true when it goes on, and the next one has its time.
static bool attempt(struct dial *d, const struct endpoint *to)
{
    struct attempt *a = &d->attempts[d->attempt_count];
    int fd, err;
    d->tried = true;
    if (d->addr.transport == ADDR_UDP) {
        err = succeed_udp(d, to);
        if (err)
            d->error = -err;
        return !err;
    }
    err = sock_connect(to, &fd);
    if (!err) {
        succeed(d, fd, to);
        return true;
    }
    if (err == -EINPROGRESS) {
        *a = (struct attempt){.watch = {.fd = fd, .kind = WATCH_ATTEMPT}, .dial = d, .to = *to};
        err = d->net->backend->set(d->net->poller, &a->watch, POLL_WRITE);
        if (!err) {
            d->attempt_count++;
            d->running++;
            return timer_set(d->net, &d->next, net_clock() + attempt_delay) == 0;
        }
        fd_close(fd);
    }
    d->error = -err;
    return false;
}

// Tries the next address, if there is one and it is time for it.
static void advance(struct dial *d)
{
    struct endpoint to;
    bool hoping = d->families[IPV6].pending && exhausted(&d->families[IPV6]);
    if (hoping && !d->waited && !d->attempt_count && !exhausted(&d->families[IPV4]) &&
        timer_set(d->net, &d->next, net_clock() + resolution_delay) == 0)
        return;
    while (take(d, &to))
        if (attempt(d, &to))
            return;
    if (d->running || d->families[IPV6].pending || d->families[IPV4].pending)
        return;
    fail(d, d->error, d->tried || !d->reason[0] ? NULL : d->reason);
}

void dial_ready(struct watch *w)
{
    struct attempt *a = container_of(w, struct attempt, watch);
    struct dial *d = a->dial;
    int fd = w->fd;
    if (fd < 0 || over(d))
        return;
    d->net->backend->set(d->net->poller, w, 0);
    w->fd = -1;
    d->running--;
    int err = sock_error(fd);
    if (!err) {
        succeed(d, fd, &a->to);
        return;
    }
    fd_close(fd);
    d->error = -err;
    advance(d);
}

static void answer(struct lookup *l, const struct endpoint *found, int count, int error,
                   const char *reason)
{
    struct candidates *c = container_of(l, struct candidates, lookup);
    struct dial *d = c->dial;
    c->pending = false;
    if (over(d))
        return;
    c->count = count;
    if (count > 0)
        memcpy(c->found, found, (size_t)count * sizeof(*found));
    // That one family has no address says less than why the other one's are not known.
    if (!count && !d->tried && (error != ENOENT || !d->reason[0])) {
        d->error = error;
        snprintf(d->reason, sizeof(d->reason), "cannot resolve \"%.60s\": %.40s", d->addr.host,
                 reason);
    }
    // While an attempt has its time, only the other one's answer in the resolution delay counts.
    if (!d->running || !timer_is_set(&d->next))
        advance(d);
}

static void add(struct dial *d, int family, const struct endpoint *e)
{
    struct candidates *c = &d->families[family];
    c->found[c->count++] = *e;
}

static void add_loopback(struct dial *d)
{
    if (d->addr.family != 4)
        add(d, IPV6, &(struct endpoint){.family = AF_INET6, .ip = {[15] = 1}});
    if (d->addr.family != 6)
        add(d, IPV4, &(struct endpoint){.family = AF_INET, .ip = {127, 0, 0, 1}});
}

// RFC 6761, 6.3: these names are the loopback's, and nobody needs to be asked.
static bool is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t length = strlen(host), n = sizeof(name) - 1;
    if (length == 0)
        return true;
    if (host[length - 1] == '.')
        length--;
    return length >= n && strncasecmp(host + length - n, name, n) == 0 &&
           (length == n || host[length - n - 1] == '.');
}

static void look_up(struct dial *d)
{
    static const int families[FAMILIES] = {[IPV6] = AF_INET6, [IPV4] = AF_INET};
    bool wanted[FAMILIES] = {
        [IPV6] = d->addr.family != 4,
        [IPV4] = d->addr.family != 6,
    };
    for (int i = 0; i < FAMILIES; i++)
        d->families[i].pending = wanted[i];
    for (int i = 0; i < FAMILIES && !over(d); i++)
        if (wanted[i])
            resolver_ask(d->net, &d->families[i].lookup, d->addr.host, families[i]);
}

static void connect_unix(struct dial *d)
{
    int fd, err = sock_connect_unix(d->addr.path, &fd);
    if (!err)
        succeed(d, fd, &(struct endpoint){.family = AF_UNIX});
    else if (err != -EAGAIN)
        fail(d, -err, NULL);
    else if (timer_set(d->net, &d->next, net_clock() + backlog_delay) < 0)
        fail(d, ENOMEM, NULL);
}

static void begin(struct dial *d)
{
    struct endpoint literal;
    if (d->addr.host[0] && resolve_literal(&d->addr, &literal) == 0)
        add(d, literal.family == AF_INET6 ? IPV6 : IPV4, &literal);
    else if (is_localhost(d->addr.host))
        add_loopback(d);
    else
        look_up(d);
    if (!over(d) && !d->tried)
        advance(d);
}

static void go_on(struct timer *t)
{
    struct dial *d = container_of(t, struct dial, next);
    bool first = d->next.node.key == 0;
    if (over(d))
        return;
    if (d->addr.transport == ADDR_UNIX) {
        connect_unix(d);
    } else if (first) {
        begin(d);
    } else {
        d->waited = true;
        advance(d);
    }
}

static void give_up(struct timer *t)
{
    struct dial *d = container_of(t, struct dial, deadline);
    char reason[64];
    if (over(d))
        return;
    snprintf(reason, sizeof(reason), "handshake time-out: not connected after %g s",
             (double)d->conn->limits->handshake / 1e9);
    fail(d, ETIMEDOUT, reason);
}

int dial_open(struct conn **conn, struct net *net, const struct addr *addr, const char *text,
              const struct limits *limits)
{
    struct conn *c;
    struct endpoint unknown = {.family = AF_UNSPEC};
    struct dial *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    *d = (struct dial){
        .net = net,
        .addr = *addr,
        .text = strdup(text),
        .next.fire = go_on,
        .deadline.fire = give_up,
        .error = EADDRNOTAVAIL,
    };
    for (int i = 0; i < FAMILIES; i++) {
        d->families[i].dial = d;
        d->families[i].lookup.answer = answer;
    }
    int err = d->text ? timer_set(net, &d->next, 0) : -ENOMEM; // in the next iteration
    if (!err && limits->handshake != LIMIT_OFF)
        err = timer_set(net, &d->deadline, net_clock() + limits->handshake);
    if (!err)
        err = conn_new(&c, &net->dialed, -1, &unknown);
    if (err) {
        timer_cancel(net, &d->next);
        timer_cancel(net, &d->deadline);
        free(d->text);
        free(d);
        return err;
    }
    c->limits = limits;
    c->datagram = addr->transport == ADDR_UDP;
    c->dial = d;
    d->conn = c;
    *conn = c;
    return 0;
}

void dial_cancel(struct conn *c)
{
    if (c->dial)
        retire(c->dial);
}

void dials_reap(struct net *net)
{
    struct link *link;
    while ((link = list_take(&net->spent))) {
        struct dial *d = container_of(link, struct dial, link);
        free(d->text);
        free(d);
    }
}

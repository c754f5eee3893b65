#ifdef __APPLE__
#define __APPLE_USE_RFC_3542 // for IPV6_RECVPKTINFO
#endif

#include "os/datagram.h"

#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Whether a reply can be told its source address over IPv4. (NetBSD's struct has no such field.)
#if defined(IP_PKTINFO) && !defined(__NetBSD__)
#define HAS_PKTINFO
#endif

#ifdef __linux__
typedef struct mmsghdr message_slot;
#else
typedef struct {
    struct msghdr msg_hdr;
    unsigned msg_len;
} message_slot;
#endif

// Of one local address, IPv4 or IPv6.
union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct datagram_box {
    unsigned count;
    size_t size;
    message_slot *messages;
    struct sockaddr_storage *names;
    struct iovec *pieces;
    union control *controls;
    char *bytes; // count * size; the system gives memory as it is used
};

struct datagram_box *datagram_box_new(unsigned count, size_t size)
{
    struct datagram_box *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->count = count;
    b->size = size;
    b->messages = calloc(count, sizeof(*b->messages));
    b->names = calloc(count, sizeof(*b->names));
    b->pieces = calloc(count, sizeof(*b->pieces));
    b->controls = calloc(count, sizeof(*b->controls));
    b->bytes = malloc(count * size);
    if (!b->messages || !b->names || !b->pieces || !b->controls || !b->bytes) {
        datagram_box_free(b);
        return NULL;
    }
    return b;
}

void datagram_box_free(struct datagram_box *b)
{
    if (!b)
        return;
    free(b->messages);
    free(b->names);
    free(b->pieces);
    free(b->controls);
    free(b->bytes);
    free(b);
}

// Asks for the local address with each datagram.
static int ask_for_local(int fd, int family)
{
    int on = 1;
#ifdef HAS_PKTINFO
    if (family == AF_INET)
        return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0 ? -errno : 0;
#endif
    if (family == AF_INET6)
        return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ? -errno : 0;
    return 0;
}

static bool is_any(const struct endpoint *e)
{
    static const uint8_t none[16];
    return memcmp(e->ip, none, e->family == AF_INET ? 4 : 16) == 0;
}

int datagram_bind(struct datagram_socket *s, const struct addr *a, const struct endpoint *e,
                  bool both)
{
    *s = (struct datagram_socket){.family = e->family, .any = is_any(e)};
    s->fd = sock_open(e->family, SOCK_DGRAM);
    if (s->fd < 0)
        return s->fd;
    int on = 1, only = !both, err = 0;
    struct sockaddr_storage sa;
    socklen_t length = endpoint_to_sockaddr(e, &sa);
    if (e->family == AF_INET6 &&
        setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0)
        err = -errno;
    if (!err && a->reuseport && setsockopt(s->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
        err = -errno;
    if (!err && s->any)
        err = ask_for_local(s->fd, e->family);
    if (!err && bind(s->fd, (struct sockaddr *)&sa, length) < 0)
        err = -errno;
    if (err)
        fd_close(s->fd);
    return err;
}

int datagram_connect(struct datagram_socket *s, const struct endpoint *peer)
{
    struct sockaddr_storage sa;
    socklen_t length = endpoint_to_sockaddr(peer, &sa);
    *s = (struct datagram_socket){.family = peer->family};
    s->fd = sock_open(peer->family, SOCK_DGRAM);
    if (s->fd < 0)
        return s->fd;
    if (connect(s->fd, (struct sockaddr *)&sa, length) == 0)
        return 0;
    int err = -errno;
    fd_close(s->fd);
    return err;
}

static void prepare(struct datagram_box *b)
{
    for (unsigned i = 0; i < b->count; i++) {
        b->names[i].ss_family = AF_UNSPEC;
        b->pieces[i] = (struct iovec){.iov_base = b->bytes + i * b->size, .iov_len = b->size};
        b->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &b->names[i],
            .msg_namelen = sizeof(b->names[i]),
            .msg_iov = &b->pieces[i],
            .msg_iovlen = 1,
            .msg_control = &b->controls[i],
            .msg_controllen = sizeof(b->controls[i]),
        };
    }
}

int datagram_receive(const struct datagram_socket *s, struct datagram_box *b)
{
    prepare(b);
#ifdef __linux__
    int count;
    do {
        count = recvmmsg(s->fd, b->messages, b->count, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
#else
    int count = 0;
    while (count < (int)b->count) {
        ssize_t n = recvmsg(s->fd, &b->messages[count].msg_hdr, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return count ? count : -errno;
        b->messages[count++].msg_len = (unsigned)n;
    }
    return count;
#endif
}

// The local address in a control message; family 0 when it has none.
static struct endpoint local_of(const struct msghdr *m)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
#ifdef HAS_PKTINFO
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            sa.ss_family = AF_INET;
            ((struct sockaddr_in *)&sa)->sin_addr = info.ipi_spec_dst; // not what a broadcast was sent to
        }
#endif
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
                continue; // nothing can be sent from it
            sa.ss_family = AF_INET6;
            ((struct sockaddr_in6 *)&sa)->sin6_addr = info.ipi6_addr;
        }
    }
    return endpoint_from_sockaddr(&sa);
}

struct datagram datagram_get(const struct datagram_box *b, int i)
{
    const struct msghdr *m = &b->messages[i].msg_hdr;
    return (struct datagram){
        .remote = endpoint_from_sockaddr(&b->names[i]),
        .local = local_of(m),
        .bytes = b->pieces[i].iov_base,
        .length = b->messages[i].msg_len,
        .truncated = m->msg_flags & MSG_TRUNC,
    };
}

// On an IPv6 socket an IPv4 address is a mapped one (RFC 4291, 2.5.5.2).
static struct endpoint mapped(const struct datagram_socket *s, const struct endpoint *e)
{
    struct endpoint m = *e;
    if (s->family == AF_INET6 && e->family == AF_INET) {
        m.family = AF_INET6;
        memset(m.ip, 0, 10);
        memset(m.ip + 10, 0xff, 2);
        memcpy(m.ip + 12, e->ip, 4);
    }
    return m;
}

static void set_local(struct msghdr *m, union control *control, const struct endpoint *from)
{
    memset(control, 0, sizeof(*control));
    m->msg_control = control;
    if (from->family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_ifindex = from->scope};
        memcpy(&info.ipi6_addr, from->ip, 16);
        m->msg_controllen = CMSG_SPACE(sizeof(info));
        struct cmsghdr *c = CMSG_FIRSTHDR(m);
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info)),
        };
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        return;
    }
#ifdef HAS_PKTINFO
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, from->ip, 4);
    m->msg_controllen = CMSG_SPACE(sizeof(info));
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    *c = (struct cmsghdr){
        .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info)),
    };
    memcpy(CMSG_DATA(c), &info, sizeof(info));
#else
    m->msg_control = NULL;
#endif
}

int datagram_send(const struct datagram_socket *s, const struct endpoint *to,
                  const struct endpoint *from, const char *bytes, size_t n)
{
    struct sockaddr_storage sa;
    struct iovec piece = {.iov_base = (char *)bytes, .iov_len = n};
    struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
    union control control;
    struct endpoint e;
    if (to) {
        e = mapped(s, to);
        m.msg_name = &sa;
        m.msg_namelen = endpoint_to_sockaddr(&e, &sa);
    }
    if (from) {
        e = mapped(s, from);
        set_local(&m, &control, &e);
    }
    ssize_t sent;
    do {
        sent = sendmsg(s->fd, &m, 0);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

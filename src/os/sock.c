#include "os/sock.h"

#include "os/clock.h"
#include "os/fd.h"
#include "os/poller.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

#ifdef MSG_NOSIGNAL
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 }; // SO_NOSIGPIPE is set on the socket instead
#endif

#if defined(TCP_KEEPALIVE) && !defined(TCP_KEEPIDLE)
#define TCP_KEEPIDLE TCP_KEEPALIVE // macOS's name for it
#endif

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

int sock_open(int family, int type)
{
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
#else
    int fd = socket(family, type, 0);
    if (fd < 0)
        return -errno;
    int err = fd_prepare(fd);
    if (err) {
        close(fd);
        return err;
    }
#endif
#ifdef SO_NOSIGPIPE
    set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    return fd;
}

socklen_t sock_unix_address(const char *path, struct sockaddr_un *sa)
{
    size_t length = strlen(path);
    memset(sa, 0, sizeof(*sa));
    sa->sun_family = AF_UNIX;
    memcpy(sa->sun_path, path, length + 1);
    if (path[0] != '@')
        return sizeof(*sa);
    sa->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int accept_prepared(int listener, struct sockaddr *sa, socklen_t *length)
{
#if defined(__linux__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
    return accept4(listener, sa, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int fd = accept(listener, sa, length);
    if (fd >= 0) {
        int err = fd_prepare(fd);
        if (err) {
            close(fd);
            errno = -err;
            return -1;
        }
    }
    return fd;
#endif
}

int sock_accept(int listener, struct endpoint *peer)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(sa);
    int fd;
    do {
        fd = accept_prepared(listener, (struct sockaddr *)&sa, &length);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -errno;
#ifdef SO_NOSIGPIPE
    set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    *peer = endpoint_from_sockaddr(&sa);
    return fd;
}

static int connect_to(int family, const struct sockaddr *sa, socklen_t length, int *fd)
{
    *fd = sock_open(family, SOCK_STREAM);
    if (*fd < 0)
        return *fd;
    if (connect(*fd, sa, length) == 0)
        return 0;
    int err = -errno;
    if (err == -EINTR || err == -EINPROGRESS) // an interrupted one goes on, too
        return -EINPROGRESS;
    close(*fd);
    return err;
}

int sock_connect(const struct endpoint *e, int *fd)
{
    struct sockaddr_storage sa;
    socklen_t length = endpoint_to_sockaddr(e, &sa);
    return connect_to(e->family, (struct sockaddr *)&sa, length, fd);
}

int sock_connect_unix(const char *path, int *fd)
{
    struct sockaddr_un sa;
#ifndef __linux__
    if (path[0] == '@')
        return -EOPNOTSUPP; // the abstract namespace is Linux's
#endif
    socklen_t length = sock_unix_address(path, &sa);
    return connect_to(AF_UNIX, (struct sockaddr *)&sa, length, fd);
}

int sock_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : -error;
}

ssize_t sock_receive(int fd, char *bytes, size_t n)
{
    ssize_t got;
    do {
        got = recv(fd, bytes, n, 0);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t sock_send(int fd, const struct iovec *iov, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
    ssize_t sent;
    do {
        sent = count == 1 ? send(fd, iov->iov_base, iov->iov_len, SEND_FLAGS)
                          : sendmsg(fd, &message, SEND_FLAGS);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int sock_wait(int fd, bool writable, int64_t timeout)
{
    uint64_t start = clock_now();
    struct pollfd p = {.fd = fd, .events = writable ? POLLOUT : POLLIN};
    for (;;) {
        int64_t left = timeout < 0 ? -1 : timeout - (int64_t)(clock_now() - start);
        if (timeout >= 0 && left < 0)
            left = 0;
        int n = poll(&p, 1, poller_milliseconds(left));
        if (n > 0)
            return 0;
        if (n == 0 && left == 0)
            return -ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

int sock_finish(int fd)
{
    return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

void sock_reset_on_close(int fd)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

int sock_set_nodelay(int fd, bool on)
{
    return set_option(fd, IPPROTO_TCP, TCP_NODELAY, on);
}

int sock_set_keepalive(int fd, unsigned seconds)
{
    int err = set_option(fd, SOL_SOCKET, SO_KEEPALIVE, seconds != 0);
    if (err || !seconds)
        return err;
#ifdef TCP_KEEPIDLE
    err = set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)seconds);
#endif
#ifdef TCP_KEEPINTVL
    if (!err)
        err = set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds < 3 ? 1 : (int)seconds / 3);
#endif
#ifdef TCP_KEEPCNT
    if (!err)
        err = set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
#endif
    return err;
}

int sock_unsent(int fd)
{
    int bytes = 0;
#if defined(SIOCOUTQ)
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
#elif defined(SO_NWRITE)
    socklen_t length = sizeof(bytes);
    return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &length) < 0 ? -errno : bytes;
#elif defined(FIONWRITE)
    return ioctl(fd, FIONWRITE, &bytes) < 0 ? -errno : bytes;
#else
    (void)bytes;
    return -EOPNOTSUPP;
#endif
}

int sock_local_endpoint(int fd, struct endpoint *e)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(sa);
    if (getsockname(fd, (struct sockaddr *)&sa, &length) < 0)
        return -errno;
    *e = endpoint_from_sockaddr(&sa);
    return 0;
}

void sock_local_path(int fd, char *path, size_t size)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(sa);
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    *path = '\0';
    if (getsockname(fd, (struct sockaddr *)&sa, &length) < 0 || length <= offset)
        return;
    if (sa.sun_path[0] == '\0')
        sa.sun_path[0] = '@';
    int n = (int)(length - offset);
    snprintf(path, size, "%.*s", n, sa.sun_path);
}

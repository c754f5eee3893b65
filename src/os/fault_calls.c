// What the linker puts in front of the system's functions in the build with VARIANT=faults, under the names that
// ld(1) says for --wrap: the Makefile takes them from here. Calls from libraries are not changed. Linux only.
#include "os/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { PIECES = 32 }; // of one sendmsg

// NOLINTBEGIN(*reserved-identifier,cert-dcl*): the names are the linker's

// Memory

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    return fault(FAULT_MALLOC, 0, NULL) ? NULL : __real_malloc(n);
}

void *__real_calloc(size_t count, size_t n);
void *__wrap_calloc(size_t count, size_t n)
{
    return fault(FAULT_MALLOC, 0, NULL) ? NULL : __real_calloc(count, n);
}

void *__real_realloc(void *old, size_t n);
void *__wrap_realloc(void *old, size_t n)
{
    return fault(FAULT_MALLOC, 0, NULL) ? NULL : __real_realloc(old, n);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return fault(FAULT_MALLOC, 0, NULL) ? NULL : __real_strdup(text);
}

// Bytes. What has boundaries is not cut short, and where EAGAIN would lose a datagram there is none.

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *length);

static bool is_stream(int fd)
{
    int type = 0, saved = errno;
    socklen_t length = sizeof(type);
    bool yes = __real_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
    errno = saved;
    return yes;
}

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);

// EAGAIN is for descriptors that do not wait, as whoever got it polls, and comes after what is wrong with a socket.
static unsigned may(int fd, int flags)
{
    struct pollfd p = {.fd = fd};
    bool waits = !(flags & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
    return waits || __real_poll(&p, 1, 0) != 0 ? FAULT_EINTR : FAULT_EINTR | FAULT_EAGAIN;
}

ssize_t __real_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags)
{
    if (fault(FAULT_RECV, may(fd, flags), is_stream(fd) ? &n : NULL))
        return -1;
    return __real_recv(fd, bytes, n, flags);
}

int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    size_t n = count; // fewer messages are no shorter ones
    if (fault(FAULT_RECVMMSG, may(fd, flags), &n))
        return -1;
    return __real_recvmmsg(fd, messages, (unsigned)n, flags, timeout);
}

ssize_t __real_send(int fd, const void *bytes, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t n, int flags)
{
    bool stream = is_stream(fd);
    if (fault(FAULT_SEND, stream ? may(fd, flags) : FAULT_EINTR, stream ? &n : NULL))
        return -1;
    return __real_send(fd, bytes, n, flags);
}

// The first n bytes of a message, in `pieces`.
static void cut(struct msghdr *message, struct iovec pieces[PIECES], size_t n)
{
    size_t count = 0;
    for (; n > 0; count++) {
        pieces[count] = message->msg_iov[count];
        if (pieces[count].iov_len > n)
            pieces[count].iov_len = n;
        n -= pieces[count].iov_len;
    }
    message->msg_iov = pieces;
    message->msg_iovlen = count;
}

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr shorter = *message;
    struct iovec pieces[PIECES];
    size_t all = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        all += message->msg_iov[i].iov_len;
    size_t n = all;
    bool stream = is_stream(fd), cuts = stream && message->msg_iovlen <= PIECES;
    if (fault(FAULT_SENDMSG, stream ? may(fd, flags) : FAULT_EINTR, cuts ? &n : NULL))
        return -1;
    if (n < all)
        cut(&shorter, pieces, n);
    return __real_sendmsg(fd, &shorter, flags);
}

ssize_t __real_sendfile(int to, int from, off_t *offset, size_t n);
ssize_t __wrap_sendfile(int to, int from, off_t *offset, size_t n)
{
    return fault(FAULT_SENDFILE, may(to, 0), &n) ? -1 : __real_sendfile(to, from, offset, n);
}

ssize_t __real_pread(int fd, void *bytes, size_t n, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t n, off_t offset)
{
    return fault(FAULT_PREAD, FAULT_EINTR, &n) ? -1 : __real_pread(fd, bytes, n, offset);
}

// Of the waker only: all or nothing.
ssize_t __real_read(int fd, void *bytes, size_t n);
ssize_t __wrap_read(int fd, void *bytes, size_t n)
{
    return fault(FAULT_READ, FAULT_EINTR, NULL) ? -1 : __real_read(fd, bytes, n);
}

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    return fault(FAULT_WRITE, FAULT_EINTR, NULL) ? -1 : __real_write(fd, bytes, n);
}

// Sockets

int __real_accept4(int fd, struct sockaddr *sa, socklen_t *length, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *length, int flags)
{
    return fault(FAULT_ACCEPT, may(fd, 0), NULL) ? -1 : __real_accept4(fd, sa, length, flags);
}

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
    return fault(FAULT_SOCKET, 0, NULL) ? -1 : __real_socket(family, type, protocol);
}

// One that is interrupted goes on; one that is decided at once cannot be.
int __real_connect(int fd, const struct sockaddr *sa, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t length)
{
    bool interrupted = fault(FAULT_CONNECT, FAULT_EINTR, NULL);
    if (interrupted && errno != EINTR)
        return -1;
    int result = __real_connect(fd, sa, length);
    if (interrupted && result < 0 && errno == EINPROGRESS)
        errno = EINTR;
    return result;
}

int __real_bind(int fd, const struct sockaddr *sa, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t length)
{
    return fault(FAULT_BIND, 0, NULL) ? -1 : __real_bind(fd, sa, length);
}

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog)
{
    return fault(FAULT_LISTEN, 0, NULL) ? -1 : __real_listen(fd, backlog);
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    return fault(FAULT_SETSOCKOPT, 0, NULL) ? -1 : __real_setsockopt(fd, level, name, value, length);
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    return fault(FAULT_GETSOCKOPT, 0, NULL) ? -1 : __real_getsockopt(fd, level, name, value, length);
}

int __real_getsockname(int fd, struct sockaddr *sa, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *length)
{
    return fault(FAULT_GETSOCKNAME, 0, NULL) ? -1 : __real_getsockname(fd, sa, length);
}

int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how)
{
    return fault(FAULT_SHUTDOWN, 0, NULL) ? -1 : __real_shutdown(fd, how);
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    return fault(FAULT_IOCTL, 0, NULL) ? -1 : __real_ioctl(fd, request, argument);
}

// Waiting

int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags)
{
    return fault(FAULT_EPOLL_CREATE, 0, NULL) ? -1 : __real_epoll_create1(flags);
}

// Nothing but adding a descriptor takes memory.
int __real_epoll_ctl(int fd, int operation, int of, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int of, struct epoll_event *event)
{
    if (operation == EPOLL_CTL_ADD && fault(FAULT_EPOLL_CTL, 0, NULL))
        return -1;
    return __real_epoll_ctl(fd, operation, of, event);
}

int __real_epoll_wait(int fd, struct epoll_event *events, int most, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    return fault(FAULT_EPOLL_WAIT, FAULT_EINTR, NULL) ? -1 : __real_epoll_wait(fd, events, most, timeout);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return fault(FAULT_POLL, FAULT_EINTR, NULL) ? -1 : __real_poll(fds, count, timeout);
}

int __real_eventfd(unsigned initial, int flags);
int __wrap_eventfd(unsigned initial, int flags)
{
    return fault(FAULT_EVENTFD, 0, NULL) ? -1 : __real_eventfd(initial, flags);
}

int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!fault(FAULT_SLEEP, FAULT_EINTR, NULL))
        return __real_nanosleep(time, left);
    if (left)
        *left = *time;
    return -1;
}

// Files

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fault(FAULT_OPEN, 0, NULL) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int root, const char *path, int flags, ...);
int __wrap_openat(int root, const char *path, int flags, ...)
{
    return fault(FAULT_OPEN, 0, NULL) ? -1 : __real_openat(root, path, flags); // nothing is created
}

// openat2, which has four arguments; others move directories at the same time, and it says EAGAIN.
long __real_syscall(long number, ...);
long __wrap_syscall(long number, long root, const char *path, void *how, size_t size)
{
    if (fault(FAULT_OPEN, FAULT_EINTR | FAULT_EAGAIN, NULL))
        return -1;
    return __real_syscall(number, root, path, how, size);
}

int __real_fstat(int fd, struct stat *facts);
int __wrap_fstat(int fd, struct stat *facts)
{
    return fault(FAULT_FSTAT, 0, NULL) ? -1 : __real_fstat(fd, facts);
}

// Others

int __real_getentropy(void *bytes, size_t n);
int __wrap_getentropy(void *bytes, size_t n)
{
    return fault(FAULT_GETENTROPY, 0, NULL) ? -1 : __real_getentropy(bytes, n);
}

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
    if (!fault(FAULT_GETADDRINFO, 0, NULL))
        return __real_getaddrinfo(host, port, hints, found);
    return errno == ENOMEM ? EAI_MEMORY : EAI_SYSTEM;
}

int __real_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*run)(void *), void *argument)
{
    return fault(FAULT_THREAD, 0, NULL) ? errno : __real_pthread_create(id, how, run, argument);
}
// NOLINTEND(*reserved-identifier,cert-dcl*)

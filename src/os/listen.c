#include "os/listen.h"

#include "os/fd.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int open_socket(int family)
{
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
#else
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    int err = fd_prepare(fd);
    if (err) {
        close(fd);
        return err;
    }
    return fd;
#endif
}

static int family_of(enum addr_scheme scheme)
{
    return scheme == ADDR_TCP4 ? AF_INET : scheme == ADDR_TCP6 ? AF_INET6 : AF_UNSPEC;
}

// An empty host: the IPv6 wildcard, which takes IPv4 too for tcp; IPv4's alone for tcp4 and where
// there is no IPv6.
static int every_interface(const struct addr *a, struct endpoint *e)
{
    *e = (struct endpoint){.family = AF_INET6, .port = a->port};
    if (a->scheme == ADDR_TCP) {
        int fd = open_socket(AF_INET6);
        if (fd < 0)
            e->family = AF_INET;
        else
            close(fd);
    } else if (a->scheme == ADDR_TCP4) {
        e->family = AF_INET;
    }
    return 1;
}

static int resolve_error(int result, const struct addr *a, char error[ADDR_ERROR_SIZE])
{
    const char *reason = result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result);
    snprintf(error, ADDR_ERROR_SIZE, "cannot resolve \"%s\": %s", a->host, reason);
    return result == EAI_SYSTEM ? -errno : result == EAI_MEMORY ? -ENOMEM : -ENOENT;
}

int listen_resolve(const struct addr *a, struct endpoint *endpoints, int max,
                   char error[ADDR_ERROR_SIZE])
{
    if (a->host[0] == '\0')
        return every_interface(a, endpoints);
    struct addrinfo hints = {
        .ai_family = family_of(a->scheme),
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE,
    };
    struct addrinfo *found;
    int result = getaddrinfo(a->host, NULL, &hints, &found);
    if (result != 0)
        return resolve_error(result, a, error);
    int count = 0;
    for (struct addrinfo *i = found; i && count < max; i = i->ai_next) {
        struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
        memcpy(&sa, i->ai_addr, i->ai_addrlen);
        struct endpoint e = endpoint_from_sockaddr(&sa);
        e.port = a->port;
        bool known = false;
        for (int k = 0; k < count; k++)
            known = known || memcmp(&endpoints[k], &e, sizeof(e)) == 0;
        if (!known)
            endpoints[count++] = e;
    }
    freeaddrinfo(found);
    return count;
}

int listen_bind_tcp(const struct addr *a, const struct endpoint *e, bool both)
{
    int fd = open_socket(e->family);
    if (fd < 0)
        return fd;
    int on = 1, only = !both;
    struct sockaddr_storage sa;
    socklen_t length = endpoint_to_sockaddr(e, &sa);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        goto fail;
    if (e->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0)
        goto fail;
    if (a->reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
        goto fail;
    if (bind(fd, (struct sockaddr *)&sa, length) < 0)
        goto fail;
    return fd;

fail:;
    int err = -errno;
    close(fd);
    return err;
}

static socklen_t unix_sockaddr(const char *path, struct sockaddr_un *sa)
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

// Anything but a refusal counts as an answer.
static bool refused(const struct sockaddr_un *sa, socklen_t length)
{
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return false;
    bool no = connect(fd, (const struct sockaddr *)sa, length) < 0 && errno == ECONNREFUSED;
    close(fd);
    return no;
}

// Whether nobody answers on the socket file. Systems other than Linux also refuse when a live
// server's backlog is full: they are asked for a while.
static bool stale(const struct sockaddr_un *sa, socklen_t length)
{
#ifndef __linux__
    for (int i = 0; i < 10; i++) {
        if (!refused(sa, length))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
#endif
    return refused(sa, length);
}

static int bind_or_replace(int fd, const struct sockaddr_un *sa, socklen_t length)
{
    if (bind(fd, (const struct sockaddr *)sa, length) == 0)
        return 0;
    if (errno != EADDRINUSE || sa->sun_path[0] == '\0')
        return -errno;
    struct stat st;
    if (lstat(sa->sun_path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode))
            return -EEXIST;
        if (!stale(sa, length))
            return -EADDRINUSE;
        if (unlink(sa->sun_path) < 0)
            return -errno;
    }
    return bind(fd, (const struct sockaddr *)sa, length) < 0 ? -errno : 0;
}

int listen_bind_unix(const struct addr *a, struct listen_file *file)
{
    struct sockaddr_un sa;
    socklen_t length = unix_sockaddr(a->path, &sa);
    *file = (struct listen_file){0};
#ifndef __linux__
    if (a->path[0] == '@')
        return -EOPNOTSUPP; // the abstract namespace is Linux's
#endif
    int fd = open_socket(AF_UNIX);
    if (fd < 0)
        return fd;
    int err = bind_or_replace(fd, &sa, length);
    if (!err && a->path[0] != '@') {
        struct stat st;
        file->path = strdup(a->path);
        if (!file->path)
            err = -ENOMEM;
        else if (lstat(a->path, &st) < 0)
            err = -errno;
        else
            file->device = st.st_dev, file->inode = st.st_ino;
    }
    if (err) {
        free(file->path);
        file->path = NULL;
        close(fd);
        return err;
    }
    return fd;
}

int listen_start(int fd, const struct addr *a)
{
    return listen(fd, a->backlog ? a->backlog : SOMAXCONN) < 0 ? -errno : 0;
}

void listen_file_remove(struct listen_file *file)
{
    struct stat st;
    if (file->path && lstat(file->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
        st.st_dev == file->device && st.st_ino == file->inode)
        unlink(file->path);
    free(file->path);
    file->path = NULL;
}

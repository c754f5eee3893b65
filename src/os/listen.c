#include "os/listen.h"

#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int listen_bind_tcp(const struct addr *a, const struct endpoint *e, bool both)
{
    int fd = sock_open(e->family, SOCK_STREAM);
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
    sock_set_nodelay(fd, true);
    return fd;

fail:;
    int err = -errno;
    close(fd);
    return err;
}

// Anything but a refusal counts as an answer.
static bool refused(const struct sockaddr_un *sa, socklen_t length)
{
    int fd = sock_open(AF_UNIX, SOCK_STREAM);
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
    socklen_t length = sock_unix_address(a->path, &sa);
    *file = (struct listen_file){0};
#ifndef __linux__
    if (a->path[0] == '@')
        return -EOPNOTSUPP; // the abstract namespace is Linux's
#endif
    int fd = sock_open(AF_UNIX, SOCK_STREAM);
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

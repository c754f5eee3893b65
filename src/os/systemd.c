#include "os/systemd.h"

#include "os/fd.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 3, MOST = 1024 };

static long number(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

// How many were passed to this process, and not to the one that started it.
static int passed(void)
{
    long count = number("LISTEN_PID") == (long)getpid() ? number("LISTEN_FDS") : 0;
    return count < 0 ? 0 : count > MOST ? MOST : (int)count;
}

// Whether the names, with colons between them, have this one at the index. "" is any.
static bool has_name(const char *names, int index, const char *name)
{
    size_t length = strlen(name);
    if (length == 0)
        return true;
    for (; names && index > 0; index--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    return names && strncmp(names, name, length) == 0 &&
           (names[length] == ':' || names[length] == '\0');
}

// They come without close-on-exec; one that has it was taken before.
static bool is_taken(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 || flags & FD_CLOEXEC;
}

static bool has_option(int fd, int option, int expected)
{
    int value = 0;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == expected;
}

int systemd_take(const char *name)
{
    const char *names = getenv("LISTEN_FDNAMES");
    int count = passed();
    for (int i = 0; i < count; i++) {
        int fd = FIRST + i;
        if (!has_name(names, i, name) || is_taken(fd))
            continue;
        if (!has_option(fd, SO_TYPE, SOCK_STREAM) || !has_option(fd, SO_ACCEPTCONN, 1))
            return -ENOTSUP;
        int err = fd_prepare(fd);
        sock_set_nodelay(fd, true); // what is accepted inherits it; not of unix sockets
        return err ? err : fd;
    }
    return -ENOENT;
}

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to;
    int fd = -1;
    bool fits = path && strlen(path) < sizeof(to.sun_path);
    socklen_t length = fits ? sock_unix_address(path, &to) : 0;
    if (length > 0)
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, length);
    (void)sent; // nobody could do anything about it
    close(fd);
}

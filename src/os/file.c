#include "os/file.h"

#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#endif

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

#ifdef O_PATH
enum { STEP = O_PATH | O_DIRECTORY | O_CLOEXEC }; // needs no right to list it
#else
enum { STEP = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
#endif
enum {
    FILE_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    PIECE = 65536,
    TRIES = 8, // where others move directories at the same time
};

// Regular files only. Takes over the descriptor.
static int look_at(int fd, struct file_facts *facts)
{
    struct stat s;
    int err = fstat(fd, &s) < 0          ? -errno
              : S_ISDIR(s.st_mode)       ? -EISDIR
              : !S_ISREG(s.st_mode)      ? -ENXIO
                                         : 0;
    if (err) {
        close(fd);
        return err;
    }
    *facts = (struct file_facts){(uint64_t)s.st_size, s.st_mtim.tv_sec, (int32_t)s.st_mtim.tv_nsec};
    return fd;
}

static int open_root(const char *root)
{
    int fd = open(root, STEP);
    return fd < 0 ? -errno : fd;
}

// The name of the path's next step, which is a name and nothing else. Returns its length or a negative errno.
static int next_name(const char *path, char name[NAME_MAX + 1])
{
    size_t n = strcspn(path, "/");
    if (n > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, path, n);
    name[n] = '\0';
    return n == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? -EXDEV : (int)n;
}

static int walk(int root, const char *path)
{
    char name[NAME_MAX + 1];
    int at = root;
    for (;;) {
        int n = next_name(path, name);
        bool last = n >= 0 && path[n] == '\0';
        int fd = n < 0 ? n : openat(at, name, (last ? FILE_FLAGS : STEP) | O_NOFOLLOW);
        int err = n < 0 ? n : fd < 0 ? -errno : 0;
        if (at != root)
            close(at);
        if (err || last)
            return err ? err : fd;
        at = fd;
        path += n + 1;
    }
}

int file_open_by_steps(const char *root, const char *path, struct file_facts *facts)
{
    int dir = open_root(root);
    if (dir < 0)
        return dir;
    int fd = *path ? walk(dir, path) : -EISDIR;
    close(dir);
    return fd < 0 ? fd : look_at(fd, facts);
}

#if defined(__linux__) && defined(SYS_openat2)
static int open_beneath(int root, const char *path)
{
    struct open_how how = {
        .flags = FILE_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    int tries = 0;
    do {
        fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < TRIES)));
    return fd < 0 ? -errno : (int)fd;
}
#else
static int open_beneath(int root, const char *path)
{
    (void)root;
    (void)path;
    return -ENOSYS;
}
#endif

int file_open(const char *root, const char *path, struct file_facts *facts)
{
    int dir = open_root(root);
    if (dir < 0)
        return dir;
    int fd = *path ? open_beneath(dir, path) : -EISDIR;
    if (fd == -ENOSYS || fd == -EPERM) // an old system, or a sandbox that does not know the call
        fd = walk(dir, path);
    close(dir);
    return fd < 0 ? fd : look_at(fd, facts);
}

ssize_t file_read(int fd, char *bytes, size_t n, uint64_t offset)
{
    ssize_t got;
    do {
        got = pread(fd, bytes, n, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static ssize_t copy(int socket, int fd, uint64_t offset, size_t n)
{
    char piece[PIECE];
    ssize_t got = file_read(fd, piece, n < PIECE ? n : PIECE, offset);
    if (got <= 0)
        return got;
    struct iovec iov = {.iov_base = piece, .iov_len = (size_t)got};
    return sock_send(socket, &iov, 1);
}

ssize_t file_send(int socket, int fd, uint64_t offset, size_t n)
{
#ifdef __linux__
    off_t at = (off_t)offset;
    ssize_t sent;
    do {
        sent = sendfile(socket, fd, &at, n);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0 || (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
        return sent < 0 ? -errno : sent;
#endif
    return copy(socket, fd, offset, n); // a system, or a file system, without it
}

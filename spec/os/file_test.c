// os/file: nothing is opened out of the root, and nothing but files.
#include "os/file.h"

#include "os/sock.h"

#include "base/macros.h"
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int open_function(const char *root, const char *path, struct file_facts *facts);

static char root[64];

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

// A root with a directory, files and links, beside a secret.
static void make_tree(void)
{
    char top[] = "/tmp/evio-tree-XXXXXX";
    CHECK(mkdtemp(top) && chdir(top) == 0);
    snprintf(root, sizeof(root), "%s/root", top);
    write_file("secret", "secret");
    CHECK(mkdir("root", 0755) == 0 && chdir("root") == 0 && mkdir("sub", 0755) == 0);
    write_file("file", "file");
    write_file("sub/inner", "inner");
    CHECK(symlink("../secret", "out") == 0 && symlink("/etc/passwd", "absolute") == 0);
    CHECK(symlink("..", "up") == 0 && symlink("sub/inner", "inside") == 0);
    CHECK(symlink("loop", "loop") == 0 && mkfifo("fifo", 0644) == 0);
}

static void remove_tree(void)
{
    static const char *const names[] = {"out", "absolute", "up", "inside", "loop", "fifo", "file", "sub/inner",
                                        "../secret"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        CHECK(unlink(names[i]) == 0);
    CHECK(rmdir("sub") == 0 && chdir("/") == 0 && rmdir(root) == 0);
    *strrchr(root, '/') = '\0';
    CHECK(rmdir(root) == 0);
}

static bool opens(open_function *fn, const char *path, const char *text)
{
    struct file_facts facts = {0};
    char bytes[16];
    int fd = fn(root, path, &facts);
    size_t n = strlen(text);
    bool good = fd >= 0 && facts.size == n && facts.seconds > 1000000000 &&
                file_read(fd, bytes, sizeof(bytes), 0) == (ssize_t)n && memcmp(bytes, text, n) == 0 &&
                file_read(fd, bytes, sizeof(bytes), 100) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static void check_both(open_function *fn)
{
    static const char *const refused[] = {"..", "../secret", "sub/../../secret", "/etc/passwd", "out", "absolute",
                                          "up/secret", "loop", "none", "file/x", "sub/none"};
    struct file_facts facts;
    make_tree();
    CHECK(opens(fn, "file", "file") && opens(fn, "sub/inner", "inner"));
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        CHECK(fn(root, refused[i], &facts) < 0);
    CHECK(fn(root, "sub", &facts) == -EISDIR && fn(root, "", &facts) == -EISDIR);
    CHECK(fn(root, "fifo", &facts) == -ENXIO);
    CHECK(fn("/dev", "null", &facts) == -ENXIO);
    CHECK(fn("/no/such", "file", &facts) == -ENOENT && fn("file", "", &facts) == -ENOTDIR);
}

static void opens_below_the_root(void)
{
    check_both(file_open);
    remove_tree();
}

static void opens_by_steps(void)
{
    check_both(file_open_by_steps);
    struct file_facts facts;
    CHECK(file_open_by_steps(root, "inside", &facts) == -ELOOP);
    remove_tree();
}

static void sends(void)
{
    struct file_facts facts;
    int fds[2];
    char bytes[16];
    make_tree();
    int fd = file_open(root, "file", &facts);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    CHECK(file_send(fds[0], fd, 1, 100) == 3 && file_send(fds[0], fd, 4, 100) == 0);
    CHECK(read(fds[1], bytes, sizeof(bytes)) == 3 && memcmp(bytes, "ile", 3) == 0);
    CHECK(file_send(fds[0], -1, 0, 1) == -EBADF);
    int odd = open("/proc/self/status", O_RDONLY); // Linux's sendfile refuses it: it is copied
    CHECK(odd < 0 || (file_send(fds[0], odd, 0, 5) == 5 && read(fds[1], bytes, sizeof(bytes)) == 5 &&
                      memcmp(bytes, "Name:", 5) == 0));
    if (odd >= 0)
        close(odd);
    close(fds[0]);
    close(fds[1]);
    close(fd);
    remove_tree();
}

int main(void)
{
    static const struct check_test tests[] = {
        {"files are opened below the root, and links that stay there", opens_below_the_root},
        {"the same by steps, without links", opens_by_steps},
        {"a file is sent from an offset on", sends},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

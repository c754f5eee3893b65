// The settings of fault.h and the draw. What it keeps is at file scope: it has to be there before main, and no other
// build has it.
#include "os/fault.h"

#include "base/error.h"
#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RULES = 16, MOST_ERRNO = 133, TEXT = 256 };

static const char *const names[FAULT_CALLS] = {
    [FAULT_MALLOC] = "malloc",           [FAULT_RECV] = "recv",
    [FAULT_RECVMMSG] = "recvmmsg",       [FAULT_SEND] = "send",
    [FAULT_SENDMSG] = "sendmsg",         [FAULT_SENDFILE] = "sendfile",
    [FAULT_PREAD] = "pread",             [FAULT_ACCEPT] = "accept",
    [FAULT_SOCKET] = "socket",           [FAULT_CONNECT] = "connect",
    [FAULT_BIND] = "bind",               [FAULT_LISTEN] = "listen",
    [FAULT_SETSOCKOPT] = "setsockopt",   [FAULT_GETSOCKOPT] = "getsockopt",
    [FAULT_GETSOCKNAME] = "getsockname", [FAULT_SHUTDOWN] = "shutdown",
    [FAULT_IOCTL] = "ioctl",             [FAULT_EPOLL_CREATE] = "epoll_create",
    [FAULT_EPOLL_CTL] = "epoll_ctl",     [FAULT_EPOLL_WAIT] = "epoll_wait",
    [FAULT_POLL] = "poll",               [FAULT_EVENTFD] = "eventfd",
    [FAULT_READ] = "read",               [FAULT_WRITE] = "write",
    [FAULT_OPEN] = "open",               [FAULT_FSTAT] = "fstat",
    [FAULT_GETENTROPY] = "getentropy",   [FAULT_GETADDRINFO] = "getaddrinfo",
    [FAULT_THREAD] = "thread",           [FAULT_SLEEP] = "sleep",
};

// One or more calls that fail, by their numbers.
struct rule {
    int call, error;
    unsigned long first, last;
};

static struct {
    unsigned long seed, shorter, eintr, eagain; // the last three in percent
    unsigned long least; // bytes of a short read or write
    struct rule rules[RULES];
    int rule_count;
} settings = {.least = 1};

static atomic_ullong made[FAULT_CALLS]; // by this process
static struct fault_count own_counts[FAULT_CALLS], *counts = own_counts;

static void refuse(const char *item)
{
    fprintf(stderr,
            "EVIO_FAULTS: cannot read \"%s\", expected seed=N, short=N%%, least=N, eintr=N%%, eagain=N%%, report=FILE, CALL=ERROR@N "
            "or CALL=ERROR@FIRST-LAST (at most %d of them), as in recv=ECONNRESET@5; CALL is one of",
            item, RULES);
    for (int i = 0; i < FAULT_CALLS; i++)
        fprintf(stderr, " %s", names[i]);
    fputc('\n', stderr);
    _exit(2);
}

// Reads digits up to `end`, which it steps over. Returns false when something else is there.
static bool take_number(const char **text, char end, unsigned long *number)
{
    char *behind;
    if (**text < '0' || **text > '9')
        return false;
    *number = strtoul(*text, &behind, 10);
    if (*behind != end)
        return false;
    *text = behind + 1;
    return true;
}

static int call_named(const char *name)
{
    for (int i = 0; i < FAULT_CALLS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static int error_named(const char *name)
{
    for (int i = 1; i <= MOST_ERRNO; i++)
        if (strcmp(error_name(i), name) == 0)
            return i;
    return 0;
}

// "ECONNRESET@5" or "ENOMEM@1-20".
static bool add_rule(int call, const char *text)
{
    char name[TEXT];
    const char *at = strchr(text, '@');
    if (call < 0 || !at || settings.rule_count == RULES)
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(at - text), text);
    struct rule *r = &settings.rules[settings.rule_count++];
    r->call = call;
    r->error = error_named(name);
    at++;
    if (take_number(&at, '-', &r->first))
        return r->error && take_number(&at, '\0', &r->last);
    if (!take_number(&at, '\0', &r->first))
        return false;
    r->last = r->first;
    return r->error != 0;
}

static bool set_share(unsigned long *share, const char *text)
{
    return take_number(&text, '%', share) && *text == '\0' && *share <= 50;
}

// Not what is to be tested.
int __real_open(const char *path, int flags, ...); // NOLINT(*reserved-identifier,cert-dcl*): ld's name

static bool map_report(const char *path)
{
    int fd = __real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(own_counts)) < 0)
        return false;
    void *map = mmap(NULL, sizeof(own_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return false;
    counts = map;
    for (int i = 0; i < FAULT_CALLS; i++)
        memcpy(counts[i].name, names[i], strlen(names[i]));
    return true;
}

static bool set(const char *name, const char *value)
{
    if (strcmp(name, "seed") == 0)
        return take_number(&value, '\0', &settings.seed);
    if (strcmp(name, "least") == 0)
        return take_number(&value, '\0', &settings.least) && settings.least > 0;
    if (strcmp(name, "short") == 0)
        return set_share(&settings.shorter, value);
    if (strcmp(name, "eintr") == 0)
        return set_share(&settings.eintr, value);
    if (strcmp(name, "eagain") == 0)
        return set_share(&settings.eagain, value);
    if (strcmp(name, "report") == 0)
        return map_report(value);
    return add_rule(call_named(name), value);
}

__attribute__((constructor)) static void read_settings(void)
{
    const char *text = getenv("EVIO_FAULTS");
    while (text && *text) {
        char item[TEXT], name[TEXT];
        size_t n = strcspn(text, ",");
        snprintf(item, sizeof(item), "%.*s", (int)n, text);
        size_t length = strcspn(item, "=");
        memcpy(name, item, length);
        name[length] = '\0';
        if (n >= sizeof(item) || !item[length] || !set(name, item + length + 1))
            refuse(item);
        text += n + (text[n] == ',');
    }
}

// The finalizer of splitmix64: every bit of the number decides about every bit of the result.
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static bool fail(enum fault_call call, int error)
{
    atomic_fetch_add(&counts[call].faulty, 1);
    errno = error;
    return true;
}

bool fault(enum fault_call call, unsigned may, size_t *n)
{
    uint64_t number = atomic_fetch_add(&made[call], 1) + 1;
    atomic_fetch_add(&counts[call].made, 1);
    for (int i = 0; i < settings.rule_count; i++) {
        const struct rule *r = &settings.rules[i];
        if (r->call == (int)call && r->first <= number && number <= r->last)
            return fail(call, r->error);
    }
    uint64_t draw = mix(mix(settings.seed * FAULT_CALLS + call + 1) + number);
    if (may & FAULT_EINTR && draw % 100 < settings.eintr)
        return fail(call, EINTR);
    if (may & FAULT_EAGAIN && (draw >> 8) % 100 < settings.eagain)
        return fail(call, EAGAIN);
    size_t least = call == FAULT_RECVMMSG ? 1 : settings.least; // of messages
    if (n && *n > least && (draw >> 16) % 100 < settings.shorter) {
        atomic_fetch_add(&counts[call].faulty, 1);
        *n = least + (draw >> 63 ? 0 : (draw >> 24) % (*n - least)); // as few as may be every other time
    }
    return false;
}

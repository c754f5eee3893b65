#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT = 5, CONNECTIONS_PER_SOURCE = 5000 };

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

uint64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double number_parse(const char *option, const char *text, double least, double most)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(number) || number < least || number > most)
        die("%s: a number from %g to %g was expected, not '%s'", option, least, most, text);
    return number;
}

struct target target_parse(const char *host, const char *port)
{
    struct target target = {.size = 0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&target.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&target.address;
    uint16_t number = htons((uint16_t)number_parse("PORT", port, 1, 65535));

    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
        ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) {
        v4->sin_family = AF_INET;
        v4->sin_port = number;
        target.size = sizeof(*v4);
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 &&
               IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = number;
        target.size = sizeof(*v6);
    } else {
        die("only loopback addresses are loaded (127.0.0.0/8, ::1), not '%s'", host);
    }
    return target;
}

/* One source address has about 28,000 ports, fewer where others use them too. */
static void pick_source(int fd, unsigned index)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    int one = 1;

    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / CONNECTIONS_PER_SOURCE);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
        die("bind: %s", strerror(errno));
}

int target_connect(const struct target *target, unsigned index)
{
    struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT};
    int one = 1;
    int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket: %s", strerror(errno));
    if (target->address.ss_family == AF_INET && index >= CONNECTIONS_PER_SOURCE)
        pick_source(fd, index);
    /* Bounds connect() on Linux; without effect once the socket is non-blocking. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)&target->address, target->size) < 0)
        die("connect: %s", errno == EINPROGRESS ? "timed out" : strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        die("fcntl: %s", strerror(errno));
    return fd;
}

void client_greet(int fd, const char *bytes, size_t size)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char end[4] = "";

    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        die("the greeting cannot be sent at once");
    while (memcmp(end, "\r\n\r\n", sizeof(end)) != 0) {
        char next;

        if (poll(&poll_fd, 1, CONNECT_TIMEOUT * 1000) <= 0 || recv(fd, &next, 1, 0) <= 0)
            die("the greeting has no reply");
        memmove(end, end + 1, sizeof(end) - 1);
        end[sizeof(end) - 1] = next;
    }
}

void raise_descriptors(unsigned needed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("getrlimit: %s", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < needed)
        die("%u descriptors are needed, the hard limit is %llu", needed,
            (unsigned long long)limit.rlim_max);
}

void limit_run_time(double seconds)
{
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds + 1}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * What the load generators share: the address, connections, the clock. These are short-lived
 * command line tools: whatever fails is said on stderr and ends the process with status 1.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Where the server is. A value. */
struct target {
    struct sockaddr_storage address;
    socklen_t size;
};

/* Prints the message on stderr and exits with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Monotonic time in nanoseconds. */
uint64_t clock_now(void);

/* A number between least and most, or exits naming the option. */
double number_parse(const char *option, const char *text, double least, double most);

/* Only loopback addresses in numbers (127.0.0.0/8, ::1) are taken. */
struct target target_parse(const char *host, const char *port);

/*
 * A connected, non-blocking socket with TCP_NODELAY. The index of the connection picks its
 * source address, so that ports do not run short. The caller owns the descriptor.
 */
int target_connect(const struct target *target, unsigned index);

/*
 * Sends bytes on a new connection and takes the reply, which goes up to an empty line, as the head
 * of an answer of HTTP; exits where it does not come within 5 s.
 */
void client_greet(int fd, const char *bytes, size_t size);

/* Raises the limit of open descriptors as far as it goes; exits if it stays below needed. */
void raise_descriptors(unsigned needed);

/* The process dies of SIGALRM after so many seconds, whatever happens. */
void limit_run_time(double seconds);

#endif

/*
 * load [options] HOST PORT - loads a server and counts the bytes of its replies.
 * One thread, epoll. A reply is complete when the expected number of bytes has arrived; then the
 * connection sends its next request, or batch of pipelined ones. Replies are not parsed, so the
 * load stays cheaper than the server. Prints one line of NAME=VALUE pairs; times are in
 * microseconds, latencies are of a batch. Status 1 if the server closes or answers wrongly.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "message.h"

enum {
    EVENTS = 256,
    BUFFER = 256 * 1024,
    LATENCIES = 100 * 1000, /* one counter a microsecond; beyond, all there is is the maximum */
    PROCESSES = 16,
    GRACE = 30, /* seconds that a run may take beyond what was asked for */
    FIRST_REPLY = 5000, /* milliseconds */
    QUIET = 200,
};

struct options {
    struct target target;
    struct message message;
    unsigned connections;
    unsigned depth;
    double seconds;
    double warmup;
    uint64_t requests; /* stop after so many, 0: only when the time is up */
    size_t reply;      /* bytes a request, 0: to be found out */
    struct message greeting; /* what a connection begins with; of size 0 where there is none */
    uint32_t keys;     /* random keys below this number, 0: none */
    bool verify;
    pid_t servers[PROCESSES]; /* whose CPU time is read */
    unsigned server_count;
};

struct conn {
    int fd;
    bool writing; /* waits for room in the socket */
    char *batch;  /* shared by all, unless the content changes from batch to batch */
    size_t sent;
    size_t received;
    uint64_t started;
};

struct run {
    struct options options;
    int poller;
    struct conn *conns;
    size_t batch_size;
    size_t reply_size; /* of a batch */
    uint64_t random;
    uint64_t requests;
    uint64_t batches;
    uint64_t slowest; /* microseconds */
    uint64_t *latencies;
    char *buffer;
};

static const char USAGE[] =
    "usage: load [options] HOST PORT\n"
    "  -c COUNT    connections (50)\n"
    "  -d SECONDS  measured time (3)\n"
    "  -w SECONDS  warm-up before it (1)\n"
    "  -n COUNT    stop after so many requests, if that comes first\n"
    "  -p DEPTH    requests sent at once on a connection (1)\n"
    "  -m MESSAGE  the request: a number of bytes, hex:DIGITS or @FILE (6)\n"
    "  -r BYTES    of one reply, or auto: what one request brings (as many as it has)\n"
    "  -g MESSAGE  sent once in front of all on each connection; what comes up to an empty line is its reply\n"
    "  -k KEYS     ten # in the request become a random number below KEYS\n"
    "  -v          compare the replies with the requests: an echo\n"
    "  -P PID,...  processes of the server, whose CPU time is read\n";

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        die("no memory");
    return memory;
}

static void parse_servers(struct options *options, char *text)
{
    for (char *one = strtok(text, ","); one != NULL; one = strtok(NULL, ",")) {
        if (options->server_count == PROCESSES)
            die("-P: at most %d processes", PROCESSES);
        options->servers[options->server_count++] =
            (pid_t)number_parse("-P", one, 1, 1 << 22);
    }
}

static size_t parse_reply(const char *text)
{
    return strcmp(text, "auto") == 0 ? 0 : (size_t)number_parse("-r", text, 1, 1e9);
}

static void parse_option(struct options *options, int option, char *value, char **reply)
{
    switch (option) {
    case 'c': options->connections = (unsigned)number_parse("-c", value, 1, 100000); break;
    case 'd': options->seconds = number_parse("-d", value, 0.01, 3600); break;
    case 'w': options->warmup = number_parse("-w", value, 0, 3600); break;
    case 'n': options->requests = (uint64_t)number_parse("-n", value, 1, 1e15); break;
    case 'p': options->depth = (unsigned)number_parse("-p", value, 1, 10000); break;
    case 'm': options->message = message_parse(value); break;
    case 'r': *reply = value; break;
    case 'g': options->greeting = message_parse(value); break;
    case 'k': options->keys = (uint32_t)number_parse("-k", value, 1, 4e9); break;
    case 'v': options->verify = true; break;
    case 'P': parse_servers(options, value); break;
    default: die("%s", USAGE);
    }
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.connections = 50, .depth = 1, .seconds = 3, .warmup = 1};
    char *reply = NULL;
    int option;

    options.message = message_parse("6");
    while ((option = getopt(argc, argv, "c:d:w:n:p:m:r:g:k:vP:")) != -1)
        parse_option(&options, option, optarg, &reply);
    if (argc - optind != 2)
        die("%s", USAGE);
    options.target = target_parse(argv[optind], argv[optind + 1]);
    options.reply = reply != NULL ? parse_reply(reply) : options.message.size;
    if (options.verify && options.reply != options.message.size)
        die("-v: an echo is as long as its request, %zu bytes", options.message.size);
    return options;
}

/*
 * The clock of a process has, in nanoseconds, the very sum that /proc/PID/stat shows as user plus
 * system time in steps of 10 ms (all threads; compared on Linux 6.18: equal within one step). So
 * it is read here, at the very moments when the counting starts and ends.
 */
static double read_cpu(const struct options *options)
{
    double seconds = 0;

    for (unsigned i = 0; i < options->server_count; i++) {
        struct timespec time;
        clockid_t clock;

        if (clock_getcpuclockid(options->servers[i], &clock) != 0 ||
            clock_gettime(clock, &time) != 0)
            die("the CPU time of process %d cannot be read", (int)options->servers[i]);
        seconds += (double)time.tv_sec + (double)time.tv_nsec / 1e9;
    }
    return seconds;
}

/* A connection that is ready for requests. */
static int open_connection(const struct options *options, unsigned index)
{
    int fd = target_connect(&options->target, index);

    if (options->greeting.size > 0)
        client_greet(fd, options->greeting.bytes, options->greeting.size);
    return fd;
}

/* What one request brings: the bytes that come until the server is quiet. */
static size_t probe_reply(const struct options *options, char *buffer)
{
    struct pollfd poll_fd = {.fd = open_connection(options, 0), .events = POLLIN};
    char *request = message_repeat(&options->message, 1);
    uint64_t random = 1;
    size_t size = 0;

    if (options->keys > 0)
        message_pick_keys(&options->message, request, options->message.size, options->keys,
                          &random);
    if (send(poll_fd.fd, request, options->message.size, MSG_NOSIGNAL) !=
        (ssize_t)options->message.size)
        die("-r auto: the request does not fit into the socket at once");
    while (poll(&poll_fd, 1, size == 0 ? FIRST_REPLY : QUIET) > 0) {
        ssize_t amount = recv(poll_fd.fd, buffer, BUFFER, 0);

        if (amount <= 0)
            die("-r auto: the server closed the connection");
        size += (size_t)amount;
    }
    if (size == 0)
        die("-r auto: no reply within %d ms", FIRST_REPLY);
    close(poll_fd.fd);
    free(request);
    return size;
}

static void watch(struct run *run, struct conn *conn, int operation)
{
    struct epoll_event event = {.data.ptr = conn};

    event.events = conn->writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (epoll_ctl(run->poller, operation, conn->fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

static void send_rest(struct run *run, struct conn *conn)
{
    bool writing;

    while (conn->sent < run->batch_size) {
        ssize_t amount = send(conn->fd, conn->batch + conn->sent, run->batch_size - conn->sent,
                              MSG_NOSIGNAL);

        if (amount < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (amount < 0)
            die("send: %s", strerror(errno));
        conn->sent += (size_t)amount;
    }
    writing = conn->sent < run->batch_size;
    if (writing != conn->writing) {
        conn->writing = writing;
        watch(run, conn, EPOLL_CTL_MOD);
    }
}

static void start_batch(struct run *run, struct conn *conn)
{
    struct options *options = &run->options;

    if (options->verify && options->message.sized)
        message_scramble(conn->batch, run->batch_size, &run->random);
    if (options->keys > 0)
        message_pick_keys(&options->message, conn->batch, run->batch_size, options->keys,
                          &run->random);
    conn->sent = conn->received = 0;
    conn->started = clock_now();
    send_rest(run, conn);
}

static void count_batch(struct run *run, const struct conn *conn)
{
    uint64_t latency = (clock_now() - conn->started) / 1000;

    run->requests += run->options.depth;
    run->batches++;
    run->latencies[latency < LATENCIES ? latency : LATENCIES]++;
    if (latency > run->slowest)
        run->slowest = latency;
}

static void receive(struct run *run, struct conn *conn)
{
    ssize_t amount = recv(conn->fd, run->buffer, BUFFER, 0);

    if (amount < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (amount < 0)
        die("recv: %s", strerror(errno));
    if (amount == 0)
        die("the server closed a connection, %zu bytes into a reply", conn->received);
    if ((size_t)amount > run->reply_size - conn->received)
        die("a reply has more than %zu bytes", run->reply_size);
    if (run->options.verify &&
        memcmp(run->buffer, conn->batch + conn->received, (size_t)amount) != 0)
        die("an echo differs from what was sent");
    conn->received += (size_t)amount;
}

static void handle(struct run *run, struct conn *conn, uint32_t events)
{
    if (events & EPOLLOUT)
        send_rest(run, conn);
    if (events & ~(uint32_t)EPOLLOUT)
        receive(run, conn);
    if (conn->sent == run->batch_size && conn->received == run->reply_size) {
        count_batch(run, conn);
        start_batch(run, conn);
    }
}

/* Runs until the time, or until so many requests are done. Returns the time when it ended. */
static uint64_t run_until(struct run *run, uint64_t end, uint64_t requests)
{
    struct epoll_event events[EVENTS];
    uint64_t now = clock_now();

    while (now < end && run->requests < requests) {
        int timeout = (int)((end - now) / 1000000) + 1;
        int count = epoll_wait(run->poller, events, EVENTS, timeout);

        for (int i = 0; i < count; i++)
            handle(run, events[i].data.ptr, events[i].events);
        now = clock_now();
    }
    return now;
}

static void open_all(struct run *run)
{
    const struct options *options = &run->options;
    bool changing = options->verify || options->keys > 0;
    char *shared = message_repeat(&options->message, options->depth);

    run->conns = allocate(options->connections, sizeof(*run->conns));
    for (unsigned i = 0; i < options->connections; i++) {
        struct conn *conn = &run->conns[i];

        conn->fd = open_connection(options, i);
        conn->batch = changing ? message_repeat(&options->message, options->depth) : shared;
        watch(run, conn, EPOLL_CTL_ADD);
    }
    for (unsigned i = 0; i < options->connections; i++)
        start_batch(run, &run->conns[i]);
}

static uint64_t percentile(const struct run *run, double part)
{
    uint64_t seen = 0;

    for (uint64_t i = 0; i < LATENCIES; i++) {
        seen += run->latencies[i];
        if ((double)seen >= part * (double)run->batches)
            return i;
    }
    return run->slowest;
}

static void measure(struct run *run)
{
    const struct options *options = &run->options;
    uint64_t now = clock_now();
    uint64_t most = options->requests > 0 ? options->requests : UINT64_MAX;
    uint64_t start = run_until(run, now + (uint64_t)(options->warmup * 1e9), UINT64_MAX);
    double cpu = read_cpu(options);
    double seconds;

    run->requests = run->batches = run->slowest = 0;
    memset(run->latencies, 0, (LATENCIES + 1) * sizeof(*run->latencies));
    now = run_until(run, start + (uint64_t)(options->seconds * 1e9), most);
    cpu = read_cpu(options) - cpu;
    seconds = (double)(now - start) / 1e9;
    if (run->requests == 0)
        die("no reply was complete within %.1f s", seconds);
    printf("requests=%llu seconds=%.6f rate=%.1f p50=%llu p99=%llu max=%llu reply=%zu",
           (unsigned long long)run->requests, seconds, (double)run->requests / seconds,
           (unsigned long long)percentile(run, 0.50), (unsigned long long)percentile(run, 0.99),
           (unsigned long long)run->slowest, options->reply);
    if (options->server_count > 0)
        printf(" cpu=%.4f", cpu * 1e6 / (double)run->requests);
    printf("\n");
}

int main(int argc, char **argv)
{
    struct run run = {.options = parse_options(argc, argv), .random = clock_now() | 1};
    struct options *options = &run.options;

    limit_run_time(options->warmup + options->seconds + GRACE);
    raise_descriptors(options->connections + 16);
    run.buffer = allocate(1, BUFFER);
    run.latencies = allocate(LATENCIES + 1, sizeof(*run.latencies));
    if (options->reply == 0)
        options->reply = probe_reply(options, run.buffer);
    run.batch_size = options->message.size * options->depth;
    run.reply_size = options->reply * options->depth;
    run.poller = epoll_create1(EPOLL_CLOEXEC);
    if (run.poller < 0)
        die("epoll_create1: %s", strerror(errno));
    open_all(&run);
    measure(&run);
    return 0;
}

#include "base/addr.h"

#include "base/macros.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum addr_transport transport;
    int family;
    bool tls;
} schemes[] = {
    {"tcp", ADDR_TCP, 0, false},   {"tcp4", ADDR_TCP, 4, false}, {"tcp6", ADDR_TCP, 6, false},
    {"tls", ADDR_TCP, 0, true},    {"tls4", ADDR_TCP, 4, true},  {"tls6", ADDR_TCP, 6, true},
    {"udp", ADDR_UDP, 0, false},   {"udp4", ADDR_UDP, 4, false}, {"udp6", ADDR_UDP, 6, false},
    {"unix", ADDR_UNIX, 0, false}, {"systemd", ADDR_SYSTEMD, 0, false},
};

struct parser {
    struct addr *addr;
    const char *text; // the whole address, for messages
    char *error;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *format, ...)
{
    int n = snprintf(p->error, ADDR_ERROR_SIZE, "bad address \"%.200s\": ", p->text);
    va_list args;
    va_start(args, format);
    vsnprintf(p->error + n, (size_t)(ADDR_ERROR_SIZE - n), format, args);
    va_end(args);
    return -EINVAL;
}

// A decimal number of up to nine digits, and nothing else.
static bool read_number(const char *text, long max, long *value)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    *value = strtol(text, NULL, 10);
    return *value <= max;
}

static int set_reuseport(struct parser *p, const char *value)
{
    if (p->addr->transport == ADDR_UNIX || p->addr->transport == ADDR_SYSTEMD)
        return refuse(p, "reuseport does not apply to %s sockets", addr_scheme_name(p->addr));
    if (strcmp(value, "1") == 0 || strcmp(value, "true") == 0)
        p->addr->reuseport = true;
    else if (strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
        return refuse(p, "reuseport is \"%.40s\", expected true or false", value);
    return 0;
}

static int set_backlog(struct parser *p, const char *value)
{
    long n;
    if (p->addr->transport == ADDR_UDP)
        return refuse(p, "backlog does not apply to udp sockets");
    if (!read_number(value, 65535, &n) || n == 0)
        return refuse(p, "backlog is \"%.40s\", expected a number from 1 to 65535", value);
    p->addr->backlog = (int)n;
    return 0;
}

static const struct {
    const char *name;
    int (*set)(struct parser *, const char *value);
} options[] = {
    {"reuseport", set_reuseport},
    {"backlog", set_backlog},
};

static int parse_option(struct parser *p, const char *option)
{
    const char *equals = strchr(option, '=');
    if (!equals)
        return refuse(p, "option \"%.40s\" has no value, expected name=value", option);
    size_t length = (size_t)(equals - option);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, option, length) == 0)
            return options[i].set(p, equals + 1);
    return refuse(p, "unknown option \"%.*s\", expected reuseport or backlog",
                  (int)(length < 40 ? length : 40), option);
}

static int parse_options(struct parser *p, char *text)
{
    while (text) {
        char *next = strchr(text, '&');
        if (next)
            *next++ = '\0';
        int err = parse_option(p, text);
        if (err)
            return err;
        text = next;
    }
    return 0;
}

static int parse_scheme(struct parser *p, char **rest)
{
    char *separator = strstr(*rest, "://");
    if (!separator)
        return 0;
    *separator = '\0';
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (strcmp(schemes[i].name, *rest) == 0) {
            p->addr->transport = schemes[i].transport;
            p->addr->family = schemes[i].family;
            p->addr->tls = schemes[i].tls;
            *rest = separator + 3;
            if (strstr(*rest, "://"))
                return refuse(p, "\"://\" stands in it twice");
            return 0;
        }
    }
    return refuse(p, "unknown scheme \"%.40s\", expected tcp, tls or udp, with 4 or 6 behind it, unix or systemd", *rest);
}

static int parse_path(struct parser *p, const char *path)
{
    size_t length = strlen(path);
    if (length == 0 || strcmp(path, "@") == 0)
        return refuse(p, "the path is missing, expected unix://path or unix://@name");
    if (length >= sizeof(p->addr->path))
        return refuse(p, "the path has %zu bytes, at most %zu fit", length,
                      sizeof(p->addr->path) - 1);
    memcpy(p->addr->path, path, length + 1);
    return 0;
}

static int parse_name(struct parser *p, const char *name)
{
    size_t length = strlen(name);
    if (length >= sizeof(p->addr->path))
        return refuse(p, "the name has %zu bytes, at most %zu fit", length,
                      sizeof(p->addr->path) - 1);
    if (strpbrk(name, ":/"))
        return refuse(p, "the name has a character that cannot be in one of LISTEN_FDNAMES");
    memcpy(p->addr->path, name, length + 1);
    return 0;
}

static int parse_host_port(struct parser *p, char *text)
{
    char *host = text, *colon = strrchr(text, ':');
    if (*text == '[') {
        char *bracket = strchr(text, ']');
        if (!bracket)
            return refuse(p, "\"[\" without \"]\"");
        *bracket = '\0';
        host = text + 1;
        colon = bracket + 1;
        if (!strchr(host, ':'))
            return refuse(p, "\"%.64s\" is not an IPv6 address", host);
    } else if (colon && strchr(text, ':') != colon) {
        return refuse(p, "an IPv6 address stands in brackets, as in tcp://[::1]:5000");
    }
    if (!colon || *colon != ':')
        return refuse(p, "the port is missing, expected host:port");
    *colon = '\0';
    long port;
    if (!read_number(colon + 1, 65535, &port))
        return refuse(p, "the port is \"%.40s\", expected a number from 0 to 65535", colon + 1);
    if (strlen(host) >= sizeof(p->addr->host))
        return refuse(p, "the host name is longer than %zu bytes", sizeof(p->addr->host) - 1);
    for (const char *c = host; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '/' || *c == 0x7f)
            return refuse(p, "the host name has a character that cannot be in one");
    memcpy(p->addr->host, host, strlen(host) + 1);
    p->addr->port = (uint16_t)port;
    return 0;
}

int addr_parse(struct addr *a, const char *text, char error[ADDR_ERROR_SIZE])
{
    char copy[1024];
    struct parser p = {.addr = a, .text = text, .error = error};
    *a = (struct addr){0};
    if (strlen(text) >= sizeof(copy))
        return refuse(&p, "it is longer than %zu bytes", sizeof(copy) - 1);
    memcpy(copy, text, strlen(text) + 1);

    char *rest = copy;
    int err = parse_scheme(&p, &rest);
    if (err)
        return err;
    char *query = strchr(rest, '?');
    if (query)
        *query++ = '\0';
    err = a->transport == ADDR_UNIX      ? parse_path(&p, rest)
          : a->transport == ADDR_SYSTEMD ? parse_name(&p, rest)
                                         : parse_host_port(&p, rest);
    if (err)
        return err;
    return parse_options(&p, query);
}

const char *addr_scheme_name(const struct addr *a)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (schemes[i].transport == a->transport && schemes[i].family == a->family &&
            schemes[i].tls == a->tls)
            return schemes[i].name;
    return "";
}

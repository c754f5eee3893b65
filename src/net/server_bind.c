// The binding of a server's addresses.
#include "net/server.h"

#include "base/error.h"
#include "os/fd.h"
#include "os/resolve.h"
#include "os/sock.h"
#include "os/systemd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct listener *add_listener(struct server *s, int fd, int index)
{
    struct listener *l = &s->listeners[s->listener_count++];
    *l = (struct listener){
        .watch = {.fd = fd, .kind = WATCH_LISTENER},
        .group = &s->group,
        .index = (uint16_t)index,
    };
    return l;
}

// Binds one endpoint, and stores what was bound. Returns 0 or a negative errno.
static int bind_endpoint(struct server *s, const struct addr *a, int index, struct endpoint *e)
{
    bool both = a->family == 0 && a->host[0] == '\0';
    if (a->transport == ADDR_TCP) {
        int fd = listen_bind_tcp(a, e, both);
        if (fd < 0)
            return fd;
        add_listener(s, fd, index);
        return sock_local_endpoint(fd, e);
    }
    struct datagram_socket socket;
    int err = udp_prepare(s->group.net);
    if (!err)
        err = datagram_bind(&socket, a, e, both);
    if (err)
        return err;
    struct udp *u = &s->udps[s->udp_count++];
    *u = (struct udp){.group = &s->group, .socket = socket, .index = (uint16_t)index};
    err = sock_local_endpoint(socket.fd, e);
    u->local = *e;
    return err;
}

// Binds every endpoint of a name to one port. With port 0 the first one's choice may be taken for
// the second: the caller tries again.
static int bind_endpoints(struct server *s, const struct addr *a, int index,
                          struct endpoint *endpoints, int count)
{
    uint16_t port = a->port;
    int listeners = s->listener_count, udps = s->udp_count, err = 0;
    for (int i = 0; i < count && !err; i++) {
        endpoints[i].port = port;
        err = bind_endpoint(s, a, index, &endpoints[i]);
        if (!err)
            port = endpoints[i].port;
        else if (err == -EADDRNOTAVAIL && count > 1)
            err = 0; // a name may have an address of a family that is off here
    }
    if (!err && s->listener_count == listeners && s->udp_count == udps)
        err = -EADDRNOTAVAIL;
    while (err && s->listener_count > listeners)
        fd_close(s->listeners[--s->listener_count].watch.fd);
    while (err && s->udp_count > udps)
        fd_close(s->udps[--s->udp_count].socket.fd);
    endpoints[0].port = port;
    return err;
}

static int open_ip(struct server *s, const struct addr *a, int index, char *text,
                    char error[ADDR_ERROR_SIZE])
{
    struct endpoint endpoints[SERVER_ENDPOINTS];
    int count = resolve_host(a, endpoints, SERVER_ENDPOINTS, error);
    if (count < 0)
        return count;
    int err, tries = 0;
    do {
        err = bind_endpoints(s, a, index, endpoints, count);
    } while (err == -EADDRINUSE && a->port == 0 && ++tries < 20);
    if (err)
        return err;
    const char *open = "", *close = "", *host = a->host;
    char ip[ENDPOINT_TEXT_SIZE];
    if (a->host[0] == '\0')
        host = endpoint_ip(&endpoints[0], ip);
    if (strchr(host, ':'))
        open = "[", close = "]";
    snprintf(text, ADDR_ERROR_SIZE, "%s://%s%s%s:%u", addr_scheme_name(a), open, host,
             close, endpoints[0].port);
    return 0;
}

static int open_unix(struct server *s, const struct addr *a, int index, char *text)
{
    struct listen_file file;
    int fd = listen_bind_unix(a, &file);
    if (fd < 0)
        return fd;
    add_listener(s, fd, index)->file = file;
    snprintf(text, ADDR_ERROR_SIZE, "unix://%s", a->path);
    return 0;
}

// The local address of a socket that was passed, as text.
static int describe(int fd, char *text)
{
    struct endpoint e;
    char path[108];
    int err = sock_local_endpoint(fd, &e);
    if (err)
        return err;
    if (!endpoint_text(&e, "tcp", text)[0]) {
        sock_local_path(fd, path, sizeof(path));
        snprintf(text, ADDR_ERROR_SIZE, "unix://%s", path);
    }
    return 0;
}

// Takes every socket of that name that systemd has bound. A unix socket is to be the only one of its name,
// because the address of its connections is the server's.
static int open_passed(struct server *s, const struct addr *a, int index, char *text,
                       char error[ADDR_ERROR_SIZE])
{
    char other[ADDR_ERROR_SIZE] = "";
    int count = 0, fd, err = 0;
    while (!err && (fd = systemd_take(a->path)) >= 0) {
        if (count == SERVER_ENDPOINTS) {
            fd_close(fd);
            return -E2BIG;
        }
        add_listener(s, fd, index);
        err = describe(fd, count ? other : text);
        if (++count > 1 && (strncmp(text, "unix:", 5) == 0 || strncmp(other, "unix:", 5) == 0))
            err = -EINVAL;
    }
    if (!err && (fd != -ENOENT || count == 0))
        err = fd;
    if (err == -ENOENT)
        snprintf(error, ADDR_ERROR_SIZE, "systemd passed no socket of that name that is not taken "
                 "(LISTEN_FDS, LISTEN_FDNAMES)");
    else if (err == -ENOTSUP)
        snprintf(error, ADDR_ERROR_SIZE, "what systemd passed is no listening stream socket");
    else if (err == -EINVAL)
        snprintf(error, ADDR_ERROR_SIZE, "systemd passed a unix socket and another one, expected names of "
                 "their own (FileDescriptorName=)");
    return err;
}

// Binds one address and starts to listen on it: from here on clients can connect, but nothing is
// accepted before `serving`.
int server_bind(struct server *s, const char *text, int index, char error[ADDR_ERROR_SIZE])
{
    struct addr a;
    char bound[ADDR_ERROR_SIZE], reason[ADDR_ERROR_SIZE];
    int first = s->listener_count;
    int err = addr_parse(&a, text, error);
    if (err)
        return err;
    error[0] = '\0';
    err = a.transport == ADDR_UNIX      ? open_unix(s, &a, index, bound)
          : a.transport == ADDR_SYSTEMD ? open_passed(s, &a, index, bound, error)
                                        : open_ip(s, &a, index, bound, error);
    for (int i = first; i < s->listener_count && !err; i++)
        err = listen_start(s->listeners[i].watch.fd, &a);
    if (err) {
        if (error[0])
            snprintf(reason, sizeof(reason), "%s", error);
        else if (err == -EEXIST)
            snprintf(reason, sizeof(reason), "a file that is not a socket is there");
        else
            error_message(-err, reason, sizeof(reason));
        snprintf(error, ADDR_ERROR_SIZE, "cannot listen on \"%.150s\": %.340s", text, reason);
        return err;
    }
    s->addresses[s->address_count] = strdup(bound);
    return s->addresses[s->address_count++] ? 0 : -ENOMEM;
}

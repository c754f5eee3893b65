#include "bind/tls.h"

#include "base/addr.h"
#include "base/error.h"
#include "base/macros.h"
#include "bind/conn_handle.h"
#include "bind/host.h"
#include "bind/maker.h"
#include "net/stack.h"
#include "tls/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16384, MOST_HANDSHAKE = 128 * 1024 }; // bytes

// The userdata that evio.tls returns. Its environment is the table of settings.
struct tls_maker {
    struct maker maker;
    struct tls_context *server, *client; // NULL while not needed
};

struct tls_filter {
    struct filter filter;
    struct tls *tls;
    size_t handshake; // bytes of the peer's
};

static struct tls_filter *of(struct filter *f)
{
    return container_of(f, struct tls_filter, filter);
}

// The filter

static int put_record(void *user, const char *bytes, size_t n)
{
    return filter_down(user, bytes, n);
}

static int fail(struct filter *f)
{
    return filter_fail(f, EPROTO, tls_reason(of(f)->tls));
}

static int shake(struct filter *f)
{
    int result = tls_handshake(of(f)->tls);
    if (result == TLS_FAILED)
        return fail(f);
    f->opening = result == 0;
    return 0;
}

static int read_records(struct filter *f)
{
    char bytes[PIECE];
    for (;;) {
        ssize_t n = tls_read(of(f)->tls, bytes, sizeof(bytes));
        if (n == TLS_FAILED)
            return fail(f);
        if (n == TLS_CLOSED)
            f->ended = true;
        if (n <= 0)
            return 0;
        int err = filter_up(f, bytes, (size_t)n);
        if (err)
            return err;
    }
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    struct tls_filter *t = of(f);
    if (!wire && f->opening)
        return filter_fail(f, ERROR_CUT, "the peer cut the connection in the handshake");
    if (!wire)
        return filter_fail(f, ERROR_CUT, "the peer cut the connection without a close_notify");
    tls_feed(t->tls, wire, n);
    if (f->opening) {
        t->handshake += n;
        if (t->handshake > MOST_HANDSHAKE)
            return filter_fail(f, EPROTO, "the handshake has more than 131072 bytes");
        int err = shake(f);
        if (err || f->opening)
            return err;
    }
    return read_records(f);
}

static int send_down(struct filter *f, const char *plain, size_t n)
{
    return tls_write(of(f)->tls, plain, n) == 0 ? 0 : fail(f);
}

static int finish(struct filter *f)
{
    return tls_finish(of(f)->tls) == 0 ? 0 : fail(f);
}

static void discard(struct filter *f)
{
    tls_free(of(f)->tls);
    free(of(f));
}

static const struct filter_ops ops = {
    .start = shake, .receive = receive, .send = send_down, .finish = finish, .free = discard,
    .movable = true,
};

// Settings: fields of the table at an index, which lua/evio/tls.lua has checked.

static const char *get_text(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1); // the table keeps it
    return text;
}

static bool get_flag(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

static struct tls_identity get_identity(lua_State *L, int index)
{
    return (struct tls_identity){
        .cert = get_text(L, index, "cert"),
        .key = get_text(L, index, "key"),
        .password = get_text(L, index, "password"),
    };
}

static enum tls_verify get_verify(lua_State *L, int index, bool server)
{
    const char *clients = get_text(L, index, "verify_client");
    if (!server)
        return get_flag(L, index, "verify") ? TLS_VERIFY_REQUIRED : TLS_VERIFY_NONE;
    if (strcmp(clients, "required") == 0)
        return TLS_VERIFY_REQUIRED;
    return strcmp(clients, "optional") == 0 ? TLS_VERIFY_OPTIONAL : TLS_VERIFY_NONE;
}

static int add_names(lua_State *L, int index, struct tls_context *c,
                     const struct tls_settings *settings, char error[TLS_ERROR_SIZE])
{
    int err = 0, top = lua_gettop(L);
    lua_getfield(L, index, "names");
    int count = (int)lua_objlen(L, -1);
    for (int i = 1; i <= count && !err; i++) {
        lua_rawgeti(L, top + 1, i);
        struct tls_identity id = get_identity(L, top + 2);
        err = tls_context_add(c, get_text(L, top + 2, "name"), &id, settings,
                              error);
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
    return err;
}

static int new_context(lua_State *L, int index, bool server, struct tls_context **context,
                       char error[TLS_ERROR_SIZE])
{
    size_t alpn_length;
    lua_getfield(L, index, "alpn");
    const char *alpn = lua_tolstring(L, -1, &alpn_length);
    struct tls_settings settings = {
        .server = server,
        .identity = get_identity(L, index),
        .ca = get_text(L, index, "ca"),
        .verify = get_verify(L, index, server),
        .tls13 = strcmp(get_text(L, index, "min"), "1.3") == 0,
        .tickets = get_flag(L, index, "tickets"),
        .alpn = (const unsigned char *)alpn,
        .alpn_length = alpn_length,
    };
    lua_pop(L, 1);
    int err = tls_context_new(context, &settings, error);
    if (err)
        *context = NULL;
    if (!err && server) {
        err = add_names(L, index, *context, &settings, error);
        if (err) {
            tls_context_release(*context);
            *context = NULL;
        }
    }
    return err;
}

// The maker

// The host that was dialed, which the certificate has to be for: "" for a unix socket.
static void get_dialed_host(lua_State *L, struct conn *c, struct addr *a)
{
    char error[ADDR_ERROR_SIZE];
    conn_handle_push_address(L, c);
    if (!lua_isstring(L, -1) || addr_parse(a, lua_tostring(L, -1), error) < 0)
        *a = (struct addr){.transport = ADDR_UNIX};
    lua_pop(L, 1);
    size_t length = strlen(a->host);
    if (length == 0 && a->transport == ADDR_TCP)
        strcpy(a->host, "localhost"); // what an empty host is when it is dialed
    else if (length > 0 && a->host[length - 1] == '.')
        a->host[length - 1] = '\0'; // certificates have names without the root's dot
}

static struct tls_context *context_for(lua_State *L, struct tls_maker *m, bool server)
{
    struct tls_context **context = server ? &m->server : &m->client;
    char error[TLS_ERROR_SIZE];
    if (!*context && server)
        luaL_error(L, "evio.tls: there is no certificate for an accepted connection");
    if (!*context && new_context(L, lua_gettop(L), server, context, error) < 0) {
        *context = NULL;
        luaL_error(L, "evio.tls: %s", error);
    }
    return *context;
}

static struct filter *make(lua_State *L, struct maker *maker, struct conn *c)
{
    struct tls_maker *m = container_of(maker, struct tls_maker, maker);
    bool server = c->group->user != NULL;
    struct addr dialed;
    lua_getfenv(L, -1);
    struct tls_context *context = context_for(L, m, server);
    const char *name = get_text(L, lua_gettop(L), "name");
    if (!server && !name) {
        get_dialed_host(L, c, &dialed);
        name = dialed.host;
    }
    if (!server && !*name && get_flag(L, lua_gettop(L), "verify"))
        luaL_error(L, "evio.tls: there is no name to verify the server by; expected `name`, or "
                      "`verify = false`");
    struct tls_filter *t = calloc(1, sizeof(*t));
    int err = t ? tls_new(&t->tls, context, name) : -ENOMEM;
    if (err) {
        free(t);
        luaL_error(L, err == -EINVAL ? "evio.tls: \"%s\" cannot be a server's name"
                                     : "out of memory", name);
    }
    lua_pop(L, 1);
    t->filter = (struct filter){.ops = &ops, .name = "tls", .opening = true};
    tls_output(t->tls, put_record, &t->filter);
    return &t->filter;
}

static int push_failure(lua_State *L, const char *error)
{
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

// Makes the contexts from the table at an index, and keeps them in the place of the old ones.
static int load(lua_State *L, struct tls_maker *m, int index, char error[TLS_ERROR_SIZE])
{
    struct tls_context *server = NULL, *client = NULL;
    int err = 0;
    if (get_text(L, index, "cert"))
        err = new_context(L, index, true, &server, error);
    if (!err && get_text(L, index, "ca")) // the system's roots are large: only when one is dialed
        err = new_context(L, index, false, &client, error);
    if (err) {
        tls_context_release(server);
        return err;
    }
    tls_context_release(m->server);
    tls_context_release(m->client);
    m->server = server;
    m->client = client;
    return 0;
}

static const struct maker_kind kind; // below

// core.tls(settings): a maker, or nil and a message.
static int tls(lua_State *L)
{
    char error[TLS_ERROR_SIZE];
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tls_maker *m = maker_new(L, &kind, sizeof(*m));
    lua_pushvalue(L, 1);
    lua_setfenv(L, -2);
    if (load(L, m, 1, error) < 0)
        return push_failure(L, error);
    return 1;
}

// tls:reload(): reads the files again, for the connections that come. true, or nil and a message.
static int reload(lua_State *L)
{
    char error[TLS_ERROR_SIZE];
    struct tls_maker *m = maker_check(L, &kind, "tls:reload()");
    lua_getfenv(L, 1);
    if (load(L, m, lua_gettop(L), error) < 0)
        return push_failure(L, error);
    lua_pushboolean(L, 1);
    return 1;
}

static void release(struct maker *maker)
{
    struct tls_maker *m = container_of(maker, struct tls_maker, maker);
    tls_context_release(m->server);
    tls_context_release(m->client);
    m->server = m->client = NULL;
}

static const luaL_Reg methods[] = {{"reload", reload}, {NULL, NULL}};

static const char *lacks(const struct maker *maker)
{
    const struct tls_maker *m = container_of(maker, struct tls_maker, maker);
    return m->server ? NULL : "cert and key, which accepted connections need";
}

static const struct maker_kind kind = {
    .name = "evio.tls", .make = make, .lacks = lacks, .release = release, .methods = methods,
};

void tls_register(lua_State *L)
{
    lua_pushcfunction(L, tls);
    lua_setfield(L, -2, "tls");
}

// conn.tls

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text[0])
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_peer(lua_State *L, const struct tls *t)
{
    struct tls_peer peer;
    if (!tls_peer(t, &peer))
        return;
    lua_newtable(L);
    set_text(L, "subject", peer.subject);
    set_text(L, "issuer", peer.issuer);
    set_text(L, "name", peer.name);
    set_text(L, "fingerprint", peer.fingerprint);
    lua_pushboolean(L, peer.verified);
    lua_setfield(L, -2, "verified");
    lua_setfield(L, -2, "peer");
}

void tls_push_info(lua_State *L, const struct conn *c)
{
    char protocol[TLS_TEXT_SIZE];
    struct filter *f = c->stack ? c->stack->filters.top : NULL;
    while (f && f->ops != &ops)
        f = f->below;
    if (!f || f->opening) {
        lua_pushnil(L);
        return;
    }
    const struct tls *t = of(f)->tls;
    lua_newtable(L);
    set_text(L, "version", tls_version(t));
    set_text(L, "cipher", tls_cipher(t));
    set_text(L, "server_name", tls_server_name(t));
    set_text(L, "protocol", tls_protocol(t, protocol));
    lua_pushboolean(L, tls_resumed(t));
    lua_setfield(L, -2, "resumed");
    push_peer(L, t);
}

#include "bind/proxy.h"

#include "base/error.h"
#include "base/macros.h"
#include "base/network.h"
#include "bind/conn_handle.h"
#include "bind/host.h"
#include "bind/maker.h"
#include "codec/proxy.h"
#include "net/stack.h"
#include "net/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The userdata that evio.proxy returns.
struct proxy_maker {
    struct maker maker;
    bool local; // peers of unix sockets are trusted
    int count;
    struct network trusted[];
};

// What the header told: a userdata in the connection's table, so that it is there as long as that.
struct proxy_info {
    struct endpoint remote, local; // the connection's own: the proxy's, and ours
    struct buf bytes;              // of the header
    struct proxy_header header;    // version is 0 until it is complete
};

static const char info_key = 0; // its address is the key of the userdata in the table
static const char info_name[] = "evio.proxy_info"; // of its metatable in the registry

struct proxy_filter {
    struct filter filter;
    struct host *host;
    bool trusted;
    struct proxy_info *info; // while the header is incomplete; the registry keeps it
    int ref;
};

static struct proxy_filter *of(struct filter *f)
{
    return container_of(f, struct proxy_filter, filter);
}

// The filter

// A peer that may not say who it is gets no byte read.
static int start(struct filter *f)
{
    char ip[ENDPOINT_TEXT_SIZE], text[ENDPOINT_TEXT_SIZE + 32];
    if (of(f)->trusted)
        return 0;
    endpoint_ip(&of(f)->info->remote, ip);
    snprintf(text, sizeof(text), "%s is not trusted", ip[0] ? ip : "a unix socket's peer");
    return filter_fail(f, EACCES, text);
}

// From here on the connection's addresses are the client's. It is not open yet, so it was not
// detached either.
static void take_addresses(struct conn *c, const struct proxy_header *header)
{
    struct handle *h = c->user.handle;
    if (!header->known)
        return;
    c->remote = header->source;
    conn_handle_update(c);
    h->local = header->destination; // made for the maker, so it is there
}

static void release_info(struct proxy_filter *p)
{
    lua_State *L = host_state(p->host);
    if (p->info && L) // none when the whole Lua state goes
        luaL_unref(L, LUA_REGISTRYINDEX, p->ref);
    p->info = NULL;
}

static int read_header(struct filter *f)
{
    struct proxy_info *info = of(f)->info;
    const char *error;
    size_t n = buf_length(&info->bytes);
    ssize_t length = proxy_scan(buf_bytes(&info->bytes), n, &info->header, &error);
    if (length < 0) {
        char text[128];
        snprintf(text, sizeof(text), "no PROXY header: %s", error);
        return filter_fail(f, EPROTO, text);
    }
    if (length == 0)
        return 0;
    struct buf bytes = info->bytes;
    info->bytes = (struct buf){0};
    int err = buf_append(&info->bytes, buf_bytes(&bytes), (size_t)length);
    f->opening = false;
    take_addresses(f->stack->owner, &info->header);
    release_info(of(f));
    if (!err)
        err = filter_up(f, buf_bytes(&bytes) + length, n - (size_t)length);
    buf_free(&bytes);
    return err;
}

static int receive(struct filter *f, const char *wire, size_t n)
{
    if (!f->opening)
        return filter_up(f, wire, n);
    if (!wire)
        return filter_fail(f, ERROR_CUT, "the peer cut the connection in the PROXY header");
    int err = buf_append(&of(f)->info->bytes, wire, n);
    return err ? err : read_header(f);
}

static int send_down(struct filter *f, const char *plain, size_t n)
{
    return filter_down(f, plain, n);
}

static void discard(struct filter *f)
{
    release_info(of(f));
    free(of(f));
}

static const struct filter_ops ops = {
    .start = start, .receive = receive, .send = send_down, .free = discard, .movable = true,
};

// The maker

static bool trusts(const struct proxy_maker *m, const struct endpoint *e)
{
    if (e->family == AF_UNIX)
        return m->local;
    for (int i = 0; i < m->count; i++)
        if (network_contains(&m->trusted[i], e))
            return true;
    return false;
}

// Puts it into the connection's table, and pushes it.
static struct proxy_info *new_info(lua_State *L, struct conn *c)
{
    conn_handle_push(L, c);
    lua_pushlightuserdata(L, (void *)&info_key);
    struct proxy_info *info = lua_newuserdata(L, sizeof(*info));
    *info = (struct proxy_info){.remote = c->remote};
    conn_handle_keep_local(c);
    info->local = ((struct handle *)c->user.handle)->local;
    luaL_getmetatable(L, info_name);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_insert(L, -4);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return info;
}

static struct filter *make(lua_State *L, struct maker *maker, struct conn *c)
{
    struct proxy_maker *m = container_of(maker, struct proxy_maker, maker);
    if (!c->group->user)
        luaL_error(L, "evio.proxy: a dialed connection gets no PROXY header");
    if (c->opened)
        luaL_error(L, "evio.proxy: a PROXY header comes first, not in the middle of a conversation");
    struct proxy_info *info = new_info(L, c);
    struct proxy_filter *p = calloc(1, sizeof(*p));
    if (!p)
        luaL_error(L, "out of memory");
    *p = (struct proxy_filter){
        .filter = {.ops = &ops, .name = "proxy", .opening = true},
        .host = c->group->net->user, .trusted = trusts(m, &c->remote), .info = info,
    };
    p->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return &p->filter;
}

static const struct maker_kind kind = {.name = "evio.proxy", .make = make};

// core.proxy(networks): a maker, or nil and the place in the list of what is no network.
static int new_maker(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t count = lua_objlen(L, 1);
    struct proxy_maker *m = maker_new(L, &kind, sizeof(*m) + count * sizeof(m->trusted[0]));
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, (int)i);
        size_t length;
        const char *text = luaL_checklstring(L, -1, &length);
        if (strcmp(text, "unix") == 0) {
            m->local = true;
        } else if (strlen(text) != length || network_parse(&m->trusted[m->count++], text) < 0) {
            lua_pushnil(L);
            lua_pushinteger(L, (lua_Integer)i);
            return 2;
        }
        lua_pop(L, 1);
    }
    return 1;
}

// conn.proxy

// That of the connection's table at index 1; NULL for none, or until the header is complete.
static struct proxy_info *find(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&info_key);
    lua_rawget(L, 1);
    luaL_getmetatable(L, info_name);
    bool is = lua_getmetatable(L, -2) && lua_rawequal(L, -1, -2);
    struct proxy_info *info = is ? lua_touserdata(L, -3) : NULL;
    lua_settop(L, 1); // the table keeps it
    return info && info->header.version ? info : NULL;
}

static int collect(lua_State *L)
{
    struct proxy_info *info = lua_touserdata(L, 1);
    buf_free(&info->bytes);
    return 0;
}

static void push_part(lua_State *L, const struct proxy_info *p, struct proxy_part part)
{
    lua_pushlstring(L, buf_bytes(&p->bytes) + part.at, part.length);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

static void set_address(lua_State *L, const char *name, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (!endpoint_text(e, "tcp", text)[0])
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static const char *name_of(unsigned type)
{
    switch (type) {
    case PROXY_ALPN: return "alpn";
    case PROXY_AUTHORITY: return "authority";
    case PROXY_UNIQUE_ID: return "unique_id";
    case PROXY_NETNS: return "netns";
    default: return NULL;
    }
}

static const char *ssl_name_of(unsigned type)
{
    switch (type) {
    case PROXY_SSL_VERSION: return "version";
    case PROXY_SSL_CN: return "name";
    case PROXY_SSL_CIPHER: return "cipher";
    case PROXY_SSL_SIG_ALG: return "signature";
    case PROXY_SSL_KEY_ALG: return "key";
    default: return NULL;
    }
}

// Under its number, and under its name if it has one.
static void set_value(lua_State *L, const struct proxy_info *p, struct proxy_part value,
                      unsigned type, const char *name)
{
    push_part(L, p, value);
    if (name) {
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_rawseti(L, -2, (int)type);
}

// What the proxy says of the client's TLS, as a table.
static void set_ssl(lua_State *L, const struct proxy_info *p, struct proxy_part value)
{
    const char *head = buf_bytes(&p->bytes) + value.at;
    bool certificate = head[0] & (PROXY_CLIENT_CERT | PROXY_CLIENT_CERT_SESSION);
    struct proxy_part within = {value.at + PROXY_SSL_HEAD, value.length - PROXY_SSL_HEAD}, one;
    unsigned type;
    lua_newtable(L);
    set_flag(L, "tls", head[0] & PROXY_CLIENT_SSL);
    set_flag(L, "certificate", certificate);
    set_flag(L, "verified", certificate && memcmp(head + 1, "\0\0\0\0", 4) == 0);
    while (proxy_value(buf_bytes(&p->bytes), &within, &type, &one))
        set_value(L, p, one, type, ssl_name_of(type));
    lua_setfield(L, -2, "ssl");
}

static void set_values(lua_State *L, const struct proxy_info *p)
{
    struct proxy_part values = p->header.values, value;
    unsigned type;
    while (proxy_value(buf_bytes(&p->bytes), &values, &type, &value)) {
        set_value(L, p, value, type, name_of(type));
        if (type == PROXY_SSL)
            set_ssl(L, p, value);
    }
}

bool proxy_push_info(lua_State *L)
{
    const struct proxy_info *p = find(L);
    if (!p)
        return false;
    lua_newtable(L);
    set_values(L, p);
    lua_pushinteger(L, p->header.version);
    lua_setfield(L, -2, "version");
    set_flag(L, "known", p->header.known);
    set_address(L, "remote_address", &p->remote);
    set_address(L, "local_address", &p->local);
    return true;
}

// A client's socket mostly has no name: then it is known by the one that it connected to, as in front of
// our own sockets.
bool proxy_push_path(lua_State *L, bool remote)
{
    const struct proxy_info *p = find(L);
    if (!p || p->header.source.family != AF_UNIX)
        return false;
    struct proxy_part path = p->header.destination_path;
    if (remote && p->header.source_path.length > 0)
        path = p->header.source_path;
    if (path.length == 0)
        return false;
    bool abstract = buf_bytes(&p->bytes)[path.at] == '\0';
    lua_pushstring(L, abstract ? "unix://@" : "unix://");
    path.at += abstract;
    path.length -= abstract;
    push_part(L, p, path);
    lua_concat(L, 2);
    return true;
}

void proxy_register(lua_State *L)
{
    luaL_newmetatable(L, info_name);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, info_name);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    lua_pushcfunction(L, new_maker);
    lua_setfield(L, -2, "proxy");
}

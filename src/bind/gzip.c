#include "bind/gzip.h"

#include "base/buf.h"
#include "bind/object.h"
#include "zip/zip.h"

#include <stdint.h>

#define GZIP_LONG "long" // as in core.gunzip

enum { PIECE = 16384 };

static const char compressor_meta = 0; // its address is the key of the metatable in the registry

// One for all bodies of a handler: making one takes longer than a short body.
struct compressor {
    struct deflater *deflater;
};

static struct compressor *check(lua_State *L)
{
    return object_check(L, 1, &compressor_meta, "compressor");
}

// core.gzip(level): a compressor.
static int new_compressor(lua_State *L)
{
    struct zip_settings settings = {
        .format = ZIP_GZIP, .level = (int)luaL_checkinteger(L, 1), .window = 15, .memory = 8,
    };
    struct compressor *c = lua_newuserdata(L, sizeof(*c));
    c->deflater = NULL;
    object_adopt(L, &compressor_meta);
    if (deflater_new(&c->deflater, &settings) < 0)
        return luaL_error(L, "out of memory");
    return 1;
}

static int put(void *user, const char *bytes, size_t n)
{
    return buf_append(user, bytes, n);
}

// compressor:compress(bytes): they as a stream of their own.
static int compress(lua_State *L)
{
    struct compressor *c = check(L);
    struct buf made = {0};
    size_t n;
    const char *bytes = luaL_checklstring(L, 2, &n);
    luaL_argcheck(L, n <= INT32_MAX, 2, "too long");
    deflater_reset(c->deflater);
    int err = deflater_write(c->deflater, bytes, n, true, put, &made);
    if (!err)
        lua_pushlstring(L, buf_bytes(&made), buf_length(&made));
    buf_free(&made);
    return err ? luaL_error(L, "out of memory") : 1;
}

// All plaintext of a stream, up to `most` bytes. Returns NULL, or why there is none.
static const char *inflate_all(struct inflater *i, struct buf *made, size_t most)
{
    char piece[PIECE];
    ssize_t n;
    while ((n = inflater_read(i, piece, sizeof(piece))) > 0) {
        if (buf_length(made) + (size_t)n > most)
            return GZIP_LONG;
        if (buf_append(made, piece, (size_t)n) < 0)
            return "out of memory";
    }
    if (n < 0)
        return inflater_reason(i);
    return inflater_whole(i) ? NULL : "the stream is cut";
}

// core.gunzip(bytes, most): the plaintext; or nil and why there is none, "long" where it is more than `most` bytes.
static int gunzip(lua_State *L)
{
    struct inflater *i;
    struct buf made = {0};
    size_t n;
    const char *bytes = luaL_checklstring(L, 1, &n);
    lua_Number most = luaL_checknumber(L, 2);
    luaL_argcheck(L, n <= INT32_MAX, 1, "too long");
    if (inflater_new(&i, ZIP_GZIP) < 0)
        return luaL_error(L, "out of memory");
    inflater_feed(i, bytes, n);
    const char *why = inflate_all(i, &made, (size_t)most);
    if (why)
        lua_pushnil(L);
    else
        lua_pushlstring(L, made.data ? buf_bytes(&made) : "", buf_length(&made));
    lua_pushstring(L, why);
    inflater_free(i);
    buf_free(&made);
    return 2;
}

static int collect(lua_State *L)
{
    struct compressor *c = lua_touserdata(L, 1);
    deflater_free(c->deflater);
    return 0;
}

void gzip_register(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, compress);
    lua_setfield(L, -2, "compress");
    object_register(L, &compressor_meta, "evio.gzip", collect);
    lua_pushcfunction(L, new_compressor);
    lua_setfield(L, -2, "gzip");
    lua_pushcfunction(L, gunzip);
    lua_setfield(L, -2, "gunzip");
}

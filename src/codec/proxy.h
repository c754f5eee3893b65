// The PROXY protocol's header, versions 1 and 2 (haproxy's proxy-protocol.txt): what a proxy says of
// the connection that it forwards. No state, no I/O.
#ifndef CODEC_PROXY_H
#define CODEC_PROXY_H

#include "base/endpoint.h"

#include <stdbool.h>
#include <sys/types.h>

enum { PROXY_MOST = 16 + 65535 }; // bytes of the longest header

// A part of the header.
struct proxy_part {
    size_t at, length;
};

struct proxy_header {
    int version; // 1 or 2
    bool known;  // whether it tells addresses; else those of the proxy's own connection hold
    struct endpoint source, destination; // the client, and what it connected to
    struct proxy_part source_path, destination_path; // where these are AF_UNIX
    struct proxy_part values; // for proxy_value; version 2 has them
};

// Reads the header at the beginning of bytes. Returns its length; 0 when it goes on behind them; -1 for
// what is none, with `error` in words.
ssize_t proxy_scan(const char *bytes, size_t n, struct proxy_header *h, const char **error);

// The types of values (TLVs), and of those within PROXY_SSL.
enum {
    PROXY_ALPN = 0x01, PROXY_AUTHORITY = 0x02, PROXY_CRC32C = 0x03, PROXY_NOOP = 0x04,
    PROXY_UNIQUE_ID = 0x05, PROXY_SSL = 0x20, PROXY_NETNS = 0x30,
    PROXY_SSL_VERSION = 0x21, PROXY_SSL_CN = 0x22, PROXY_SSL_CIPHER = 0x23, PROXY_SSL_SIG_ALG = 0x24,
    PROXY_SSL_KEY_ALG = 0x25,
};

// What PROXY_SSL begins with, in front of values of its own: bits of one byte, and four bytes that are
// 0 when the client's certificate was verified.
enum { PROXY_SSL_HEAD = 5, PROXY_CLIENT_SSL = 1, PROXY_CLIENT_CERT = 2, PROXY_CLIENT_CERT_SESSION = 4 };

// Takes the first of the values off; false when there is none, or one that is cut.
bool proxy_value(const char *bytes, struct proxy_part *values, unsigned *type,
                 struct proxy_part *value);

#endif

#include "tls/context.h"

#include "tls/engine.h"
#include "tls/tickets.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Forward secrecy and authenticated encryption only (RFC 9325, 4.2). AES-128 first: it is as strong as
// the key exchange, and a resumed handshake costs some 5 % less with SHA-256 than with SHA-384.
static const char ciphers[] = "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20";
static const char suites[] = // TLS 1.3
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384"; // at least 128 bits of security

// An identity for a server name.
struct named {
    struct named *next;
    char *name;
    SSL_CTX *ctx;
};

__attribute__((format(printf, 2, 3))) static int refuse(char error[TLS_ERROR_SIZE],
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, TLS_ERROR_SIZE, format, args);
    va_end(args);
    return -EINVAL;
}

static bool is_text(const char *pem)
{
    return strncmp(pem, "-----BEGIN", 10) == 0;
}

// How messages call it.
static const char *describe(const char *pem)
{
    return is_text(pem) ? "(text)" : pem;
}

static BIO *open_pem(const char *pem)
{
    return is_text(pem) ? BIO_new_mem_buf(pem, -1) : BIO_new_file(pem, "r");
}

// Without a password none is asked for on the terminal.
static int give_password(char *buffer, int size, int writing, void *password)
{
    (void)writing;
    if (!password)
        return -1;
    size_t length = strlen(password);
    if (length > (size_t)size)
        return -1;
    memcpy(buffer, password, length); // NOLINT: its length is what counts
    return (int)length;
}

// Whether reading stopped because there is nothing more, and not at something damaged.
static bool at_end(void)
{
    bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (end)
        ERR_clear_error();
    return end;
}

static int load_cert(SSL_CTX *ctx, const char *pem, char error[TLS_ERROR_SIZE])
{
    char reason[128];
    BIO *bio = open_pem(pem);
    X509 *cert = bio ? PEM_read_bio_X509_AUX(bio, NULL, give_password, NULL) : NULL;
    bool ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1;
    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, give_password, NULL))) {
        ok = SSL_CTX_add1_chain_cert(ctx, cert) == 1;
        X509_free(cert);
    }
    BIO_free(bio);
    if (ok && at_end())
        return 0;
    tls_take_error(reason, sizeof(reason));
    return refuse(error, "cannot read the certificate %.200s: %s", describe(pem), reason);
}

static int load_key(SSL_CTX *ctx, const struct tls_identity *id, char error[TLS_ERROR_SIZE])
{
    char reason[128];
    BIO *bio = open_pem(id->key);
    EVP_PKEY *key =
        bio ? PEM_read_bio_PrivateKey(bio, NULL, give_password, (void *)id->password) : NULL;
    BIO_free(bio);
    if (!key) {
        tls_take_error(reason, sizeof(reason));
        return refuse(error, "cannot read the key %.200s: %s", describe(id->key), reason);
    }
    bool fits = SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!fits)
        return refuse(error, "the key %.150s does not fit the certificate %.150s",
                      describe(id->key), describe(id->cert));
    return 0;
}

static int load_identity(SSL_CTX *ctx, const struct tls_identity *id, char error[TLS_ERROR_SIZE])
{
    int err = load_cert(ctx, id->cert, error);
    return err ? err : load_key(ctx, id, error);
}

static int load_roots(SSL_CTX *ctx, const struct tls_settings *s, char error[TLS_ERROR_SIZE])
{
    char reason[128];
    int count = 0;
    if (!s->ca)
        return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -ENOMEM;
    BIO *bio = open_pem(s->ca);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509 *cert;
    while (bio && (cert = PEM_read_bio_X509(bio, NULL, give_password, NULL))) {
        count += X509_STORE_add_cert(store, cert) == 1;
        if (s->server)
            SSL_CTX_add_client_CA(ctx, cert); // what clients are asked for
        X509_free(cert);
    }
    BIO_free(bio);
    if (count && at_end())
        return 0;
    tls_take_error(reason, sizeof(reason));
    return refuse(error, "cannot read the CA certificates %.200s: %s", describe(s->ca), reason);
}

static void set_verify(SSL_CTX *ctx, const struct tls_settings *s)
{
    int mode = s->verify == TLS_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    if (s->verify == TLS_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
}

static SSL_CTX *new_ctx(const struct tls_settings *s)
{
    SSL_CTX *ctx = SSL_CTX_new(s->server ? TLS_server_method() : TLS_client_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, s->tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(ctx, ciphers);
    SSL_CTX_set_ciphersuites(ctx, suites);
    SSL_CTX_set1_groups_list(ctx, groups);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    if (!s->tickets)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (!s->tickets && s->server)
        SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"evio", 4);
    set_verify(ctx, s);
    return ctx;
}

// Whether a pattern, "name" or "*.name", stands for a name (RFC 9525, 6.3: one label).
static bool stands_for(const char *pattern, const char *name)
{
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(pattern, name) == 0;
    const char *dot = strchr(name, '.');
    return dot && dot != name && strcasecmp(pattern + 1, dot) == 0;
}

static int choose_identity(SSL *ssl, int *alert, void *argument)
{
    const struct tls_context *c = argument;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    for (const struct named *n = c->names; n && name; n = n->next) {
        if (stands_for(n->name, name)) {
            SSL_set_SSL_CTX(ssl, n->ctx);
            break;
        }
    }
    return SSL_TLSEXT_ERR_OK;
}

// RFC 7301: the first of ours that the client has; without one the handshake ends (3.2).
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *in, unsigned in_length, void *argument)
{
    const struct tls_context *c = argument;
    (void)ssl;
    int found = SSL_select_next_proto((unsigned char **)out, length, c->alpn,
                                      (unsigned)c->alpn_length, in, in_length);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The format of SSLKEYLOGFILE, which Wireshark reads.
static void keep_secret(const SSL *ssl, const char *line)
{
    const struct tls_context *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int fd = c ? open(c->keylog, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    dprintf(fd, "%s\n", line);
    close(fd);
}

// A session that may be resumed; its name is what the client expected. Returns 1 when it is kept.
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    const struct tls_context *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const char *name = SSL_get_app_data(ssl);
    if (!name)
        return 0;
    tls_tickets_put(c->tickets, name, session);
    return 1;
}

static void prepare(struct tls_context *c, SSL_CTX *ctx)
{
    SSL_CTX_set_app_data(ctx, c);
    if (c->tickets) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, keep_session);
    }
    if (c->keylog)
        SSL_CTX_set_keylog_callback(ctx, keep_secret);
    if (c->server) {
        SSL_CTX_set_tlsext_servername_callback(ctx, choose_identity);
        SSL_CTX_set_tlsext_servername_arg(ctx, c);
        if (c->alpn_length)
            SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, c);
    } else if (c->alpn_length) {
        SSL_CTX_set_alpn_protos(ctx, c->alpn, (unsigned)c->alpn_length);
    }
}

int tls_context_new(struct tls_context **context, const struct tls_settings *s,
                    char error[TLS_ERROR_SIZE])
{
    const char *keylog = getenv("SSLKEYLOGFILE");
    struct tls_context *c = calloc(1, sizeof(*c));
    snprintf(error, TLS_ERROR_SIZE, "out of memory");
    if (!c)
        return -ENOMEM;
    c->references = 1;
    c->server = s->server;
    c->verifies = s->verify != TLS_VERIFY_NONE;
    c->ctx = new_ctx(s);
    c->alpn = malloc(s->alpn_length + 1);
    c->keylog = keylog && *keylog ? strdup(keylog) : NULL;
    if (!s->server && s->tickets)
        c->tickets = tls_tickets_new();
    bool whole = c->ctx && c->alpn && (c->tickets || s->server || !s->tickets) &&
                 (c->keylog || !keylog || !*keylog);
    int err = whole ? 0 : -ENOMEM;
    if (!err) {
        memcpy(c->alpn, s->alpn ? s->alpn : (const unsigned char *)"", s->alpn_length);
        c->alpn_length = s->alpn_length;
        prepare(c, c->ctx);
    }
    if (!err && s->identity.cert)
        err = load_identity(c->ctx, &s->identity, error);
    if (!err && s->verify != TLS_VERIFY_NONE)
        err = load_roots(c->ctx, s, error);
    if (err) {
        tls_context_release(c);
        return err;
    }
    *context = c;
    return 0;
}

int tls_context_add(struct tls_context *c, const char *name, const struct tls_identity *id,
                    const struct tls_settings *s, char error[TLS_ERROR_SIZE])
{
    struct named *n = calloc(1, sizeof(*n)), **last = &c->names;
    snprintf(error, TLS_ERROR_SIZE, "out of memory");
    if (!n)
        return -ENOMEM;
    n->name = strdup(name);
    n->ctx = new_ctx(s); // ciphers, roots and the like are taken from it when it is chosen
    int err = n->name && n->ctx ? load_identity(n->ctx, id, error) : -ENOMEM;
    if (!err && s->verify != TLS_VERIFY_NONE)
        err = load_roots(n->ctx, s, error);
    if (err) {
        SSL_CTX_free(n->ctx);
        free(n->name);
        free(n);
        return err;
    }
    prepare(c, n->ctx);
    while (*last)
        last = &(*last)->next;
    *last = n;
    return 0;
}

void tls_context_retain(struct tls_context *c)
{
    c->references++;
}

void tls_context_release(struct tls_context *c)
{
    if (!c || --c->references > 0)
        return;
    while (c->names) {
        struct named *n = c->names;
        c->names = n->next;
        SSL_CTX_free(n->ctx);
        free(n->name);
        free(n);
    }
    SSL_CTX_free(c->ctx);
    BIO_meth_free(c->method);
    tls_tickets_free(c->tickets);
    free(c->alpn);
    free(c->keylog);
    free(c);
}

#include "tls/session.h"

#include "tls/engine.h"
#include "tls/tickets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    SSL *ssl;
    struct tls_context *context;
    char *name; // owned: the server that a client expects, or NULL
    const char *input;  // what was fed and not taken yet
    size_t input_length;
    int (*wire)(void *user, const char *bytes, size_t n);
    void *user;
    char *reason; // owned: why the last call failed; NULL when there was no memory for it
};

// The BIO: reads what was fed, writes to the wire, and keeps nothing.

static int read_wire(BIO *bio, char *bytes, int n)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (t->input_length == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t part = t->input_length < (size_t)n ? t->input_length : (size_t)n;
    memcpy(bytes, t->input, part);
    t->input += part;
    t->input_length -= part;
    return (int)part;
}

static int write_wire(BIO *bio, const char *bytes, int n)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return t->wire(t->user, bytes, (size_t)n) == 0 ? n : -1;
}

static long control(BIO *bio, int command, long argument, void *pointer)
{
    (void)bio, (void)argument, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *new_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "evio");
    if (!m)
        return NULL;
    BIO_meth_set_read(m, read_wire);
    BIO_meth_set_write(m, write_wire);
    BIO_meth_set_ctrl(m, control);
    return m;
}

static BIO *new_bio(struct tls *t, struct tls_context *context)
{
    if (!context->method)
        context->method = new_method();
    BIO *bio = context->method ? BIO_new(context->method) : NULL;
    if (bio) {
        BIO_set_data(bio, t);
        BIO_set_init(bio, 1);
    }
    return bio;
}

// What a client asks for, and what the certificate has to have.
static bool expect_name(struct tls *t, const char *name)
{
    unsigned char ip[16];
    bool literal = inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1;
    bool ok = literal || SSL_set_tlsext_host_name(t->ssl, name) == 1;
    if (!ok || !t->context->verifies)
        return ok;
    return literal ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), name) == 1
                   : SSL_set1_host(t->ssl, name) == 1;
}

// Offers the session that was kept for the server, and has the next one kept.
static void resume(struct tls *t, const char *name)
{
    t->name = strdup(name);
    if (!t->name)
        return; // as if nothing had been kept
    SSL_set_app_data(t->ssl, t->name);
    SSL_SESSION *session = tls_tickets_take(t->context->tickets, name);
    if (session)
        SSL_set_session(t->ssl, session);
    SSL_SESSION_free(session);
}

int tls_new(struct tls **tls, struct tls_context *context, const char *name)
{
    struct tls *t = calloc(1, sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->ssl = SSL_new(context->ctx);
    BIO *bio = t->ssl ? new_bio(t, context) : NULL;
    if (!bio) {
        ERR_clear_error();
        SSL_free(t->ssl);
        free(t);
        return -ENOMEM;
    }
    SSL_set_bio(t->ssl, bio, bio);
    tls_context_retain(context);
    t->context = context;
    if (context->server) {
        SSL_set_accept_state(t->ssl);
    } else {
        SSL_set_connect_state(t->ssl);
        if (name && *name && !expect_name(t, name)) {
            ERR_clear_error();
            tls_free(t);
            return -EINVAL;
        }
        if (name && *name && context->tickets)
            resume(t, name);
    }
    *tls = t;
    return 0;
}

void tls_free(struct tls *t)
{
    SSL_free(t->ssl);
    tls_context_release(t->context);
    free(t->name);
    free(t->reason);
    free(t);
}

void tls_output(struct tls *t, int (*wire)(void *user, const char *bytes, size_t n), void *user)
{
    t->wire = wire;
    t->user = user;
}

void tls_feed(struct tls *t, const char *bytes, size_t n)
{
    t->input = bytes;
    t->input_length = n;
}

// Keeps why a call failed; a certificate's fault tells more than that there was one.
static int fail(struct tls *t)
{
    char reason[TLS_TEXT_SIZE];
    long verdict = SSL_get_verify_result(t->ssl);
    unsigned long code = ERR_peek_last_error();
    tls_take_error(reason, sizeof(reason));
    if (verdict != X509_V_OK && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        snprintf(reason, sizeof(reason), "%s", X509_verify_cert_error_string(verdict));
    free(t->reason);
    t->reason = strdup(reason);
    return TLS_FAILED;
}

static bool wants_more(const struct tls *t, int result)
{
    int error = SSL_get_error(t->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

int tls_handshake(struct tls *t)
{
    ERR_clear_error();
    int result = SSL_do_handshake(t->ssl);
    if (result == 1)
        return 1;
    return wants_more(t, result) ? 0 : fail(t);
}

ssize_t tls_read(struct tls *t, char *bytes, size_t n)
{
    size_t got;
    ERR_clear_error();
    int result = SSL_read_ex(t->ssl, bytes, n, &got);
    if (result == 1)
        return (ssize_t)got;
    if (SSL_get_error(t->ssl, result) == SSL_ERROR_ZERO_RETURN)
        return TLS_CLOSED;
    return wants_more(t, result) ? 0 : fail(t);
}

int tls_write(struct tls *t, const char *bytes, size_t n)
{
    size_t written;
    ERR_clear_error();
    return SSL_write_ex(t->ssl, bytes, n, &written) == 1 ? 0 : fail(t);
}

int tls_finish(struct tls *t)
{
    ERR_clear_error();
    return SSL_shutdown(t->ssl) >= 0 ? 0 : fail(t);
}

const char *tls_reason(const struct tls *t)
{
    return t->reason ? t->reason : "out of memory";
}

const char *tls_version(const struct tls *t)
{
    return SSL_get_version(t->ssl);
}

const char *tls_cipher(const struct tls *t)
{
    return SSL_get_cipher_name(t->ssl);
}

const char *tls_server_name(const struct tls *t)
{
    const char *name = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

const char *tls_protocol(const struct tls *t, char text[TLS_TEXT_SIZE])
{
    const unsigned char *name;
    unsigned length;
    SSL_get0_alpn_selected(t->ssl, &name, &length);
    snprintf(text, TLS_TEXT_SIZE, "%.*s", (int)length, length ? (const char *)name : "");
    return text;
}

bool tls_resumed(const struct tls *t)
{
    return SSL_session_reused(t->ssl) == 1;
}

static void print_name(const X509_NAME *name, char text[TLS_TEXT_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    text[0] = '\0';
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        int n = BIO_read(bio, text, TLS_TEXT_SIZE - 1);
        text[n > 0 ? n : 0] = '\0';
    }
    BIO_free(bio);
}

// What has a NUL byte in it, or does not fit, is left out: it would be taken for something else.
static void print_text(const unsigned char *bytes, int length, char text[TLS_TEXT_SIZE])
{
    if (length < 0 || length >= TLS_TEXT_SIZE || memchr(bytes, '\0', (size_t)length))
        return;
    memcpy(text, bytes, (size_t)length);
    text[length] = '\0';
}

static void print_common_name(const X509_NAME *name, char text[TLS_TEXT_SIZE])
{
    unsigned char *utf8 = NULL;
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0)
        return;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    int length = ASN1_STRING_to_UTF8(&utf8, value);
    if (length >= 0)
        print_text(utf8, length, text);
    OPENSSL_free(utf8);
}

static void print_first_name(X509 *cert, char text[TLS_TEXT_SIZE])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    text[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !text[0]; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            print_text(ASN1_STRING_get0_data(name->d.dNSName),
                       ASN1_STRING_length(name->d.dNSName), text);
    }
    GENERAL_NAMES_free(names);
    if (!text[0])
        print_common_name(X509_get_subject_name(cert), text);
}

bool tls_peer(const struct tls *t, struct tls_peer *peer)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *cert = SSL_get1_peer_certificate(t->ssl);
    if (!cert)
        return false;
    *peer = (struct tls_peer){.verified = t->context->verifies &&
                                          SSL_get_verify_result(t->ssl) == X509_V_OK};
    print_name(X509_get_subject_name(cert), peer->subject);
    print_name(X509_get_issuer_name(cert), peer->issuer);
    print_first_name(cert, peer->name);
    if (X509_digest(cert, EVP_sha256(), digest, &length))
        for (size_t i = 0; i < length && i < 32; i++)
            snprintf(peer->fingerprint + 2 * i, 3, "%02x", digest[i]);
    X509_free(cert);
    ERR_clear_error();
    return true;
}

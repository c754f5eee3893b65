#include "tls/engine.h"

#include <openssl/err.h>
#include <stdio.h>

void tls_take_error(char *text, size_t size)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(text, size, "%s", reason ? reason : "unknown error");
    ERR_clear_error();
}

// codec/http_target: hosts and targets that are some, and those that are none.
#include "codec/http_target.h"

#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

// In memory of exactly its size, so that a sanitizer sees a look beyond it.
static bool is_authority(const char *text)
{
    size_t n = strlen(text);
    char *own = malloc(n + !n);
    memcpy(own, text, n);
    bool found = http_is_authority(own, n);
    free(own);
    return found;
}

static bool is_target(const char *method, const char *text)
{
    size_t n = strlen(text);
    char *own = malloc(n + !n);
    memcpy(own, text, n);
    bool found = http_is_target(own, n, method, strlen(method));
    free(own);
    return found;
}

static void knows_hosts(void)
{
    static const char *good[] = {
        "", "h", "h:80", "h:", "1.2.3.4:8080", "xn--a.b_c.", "a%20b", "*", "!$&'()+;=~", "[::1]", "[::1]:80", "[::1]:",
        "[1:2::1.2.3.4]", "[v1.a:b]",
    };
    static const char *bad[] = {
        "a b", "a/b", "a?b", "a#b", "u@h", "a,b", "a:b", "a:80:80", "h:-1", "h:8a", "::1", "[", "[]", "[::1", "[::1]x",
        "[g::1]", "[a]", "[::1]:b", "[v1]", "[v]", "[.]", "a]b", "a%", "a%2", "a%zz", "a^b", "a|b", "a`b", "{a}", "<a>",
        "a\\b", "a\"b", "\xe4",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(is_authority(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!is_authority(bad[i]));
    CHECK(!http_is_authority("a\0b", 3));
}

static void knows_targets(void)
{
    static const char *good[] = {"/", "//a", "/a?b", "http://h", "HTTP://h:80/x", "hTTps://h?x", "http://[::1]:80/"};
    static const char *bad[] = {
        "", "a", "*", "h:80", "?a", "http:", "http:/a", "http://", "http:///a", "http://?a", "http://:80/",
        "http://u@h/", "http://u:p@h/", "http://h:a/", "http://[::1/", "http://h\\a", "https:/", "https://", "https:///",
        "ftp://h/", "httpx://h/",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(is_target("GET", good[i]) && is_target("OPTIONS", good[i]) && !is_target("CONNECT", good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!is_target("GET", bad[i]));
    CHECK(is_target("OPTIONS", "*") && !is_target("options", "*") && !is_target("OPTIONS", "*/"));
}

static void knows_where_a_tunnel_goes(void)
{
    static const char *good[] = {"h:80", "1.2.3.4:443", "[::1]:80"};
    static const char *bad[] = {"", "h", "h:", ":80", "80", "[::1]", "[::1]:", "/", "*", "http://h/", "h:80/", "u@h:80"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(is_target("CONNECT", good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!is_target("CONNECT", bad[i]));
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a host is one, with its port", knows_hosts},
        {"a target has one of four forms", knows_targets},
        {"that of CONNECT is a host and a port", knows_where_a_tunnel_goes},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

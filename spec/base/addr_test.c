// base/addr: what well-formed addresses mean, and that nothing at all breaks the parser. The
// messages for malformed ones are in addr_spec.lua.
#include "base/addr.h"

#include "base/macros.h"
#include "support/check.h"

#include <errno.h>
#include <stdlib.h>

static char error[ADDR_ERROR_SIZE];

static bool tcp(const char *text, int family, const char *host, int port)
{
    struct addr a;
    return addr_parse(&a, text, error) == 0 && a.transport == ADDR_TCP && a.family == family && strcmp(a.host, host) == 0 &&
           a.port == port && a.path[0] == '\0' && !a.reuseport && a.backlog == 0;
}

static bool options(const char *text, bool reuseport, int backlog)
{
    struct addr a;
    return addr_parse(&a, text, error) == 0 && a.reuseport == reuseport && a.backlog == backlog;
}

static bool refused(const char *text)
{
    struct addr a;
    memset(error, 'x', sizeof(error));
    return addr_parse(&a, text, error) == -EINVAL && memchr(error, '\0', sizeof(error)) &&
           strncmp(error, "bad address \"", 13) == 0;
}

static void knows_hosts_and_ports(void)
{
    CHECK(tcp("tcp://localhost:5000", 0, "localhost", 5000));
    CHECK(tcp("localhost:5000", 0, "localhost", 5000));
    CHECK(tcp(":5000", 0, "", 5000));
    CHECK(tcp("tcp://:0", 0, "", 0));
    CHECK(tcp("tcp://127.0.0.1:65535", 0, "127.0.0.1", 65535));
    CHECK(tcp("tcp4://a.b-c_d:1", 4, "a.b-c_d", 1));
    CHECK(tcp("tcp6://[::1]:80", 6, "::1", 80));
    CHECK(tcp("[fe80::1%eth0]:80", 0, "fe80::1%eth0", 80));
}

static void knows_paths(void)
{
    struct addr a;
    CHECK(addr_parse(&a, "unix:///run/x.sock", error) == 0);
    CHECK(a.transport == ADDR_UNIX && strcmp(a.path, "/run/x.sock") == 0 && a.host[0] == '\0');
    CHECK(addr_parse(&a, "unix://relative:80", error) == 0);
    CHECK(strcmp(a.path, "relative:80") == 0 && a.port == 0);
    CHECK(addr_parse(&a, "unix://@name?backlog=5", error) == 0);
    CHECK(strcmp(a.path, "@name") == 0 && a.backlog == 5);
}

static void knows_options(void)
{
    CHECK(options(":0?reuseport=true", true, 0));
    CHECK(options(":0?reuseport=1", true, 0));
    CHECK(options(":0?reuseport=false", false, 0));
    CHECK(options(":0?reuseport=0", false, 0));
    CHECK(options(":0?backlog=1", false, 1));
    CHECK(options(":0?backlog=65535&reuseport=true", true, 65535));
}

static void names_its_schemes(void)
{
    static const char *const names[] = {"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6",
                                        "tls", "tls4", "tls6"};
    struct addr a;
    char text[64];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(text, sizeof(text), "%s://localhost:1", names[i]);
        CHECK(addr_parse(&a, text, error) == 0);
        CHECK(strcmp(addr_scheme_name(&a), names[i]) == 0);
    }
    CHECK(addr_parse(&a, "unix://x", error) == 0);
    CHECK(strcmp(addr_scheme_name(&a), "unix") == 0);
}

// Lengths around every limit.
static void takes_what_fits(void)
{
    struct addr a;
    static char text[4096];
    for (int length = 1; length < 4000; length++) {
        int n = snprintf(text, sizeof(text), "tcp://%0*d:80", length, 0);
        CHECK((addr_parse(&a, text, error) == 0) == (length < (int)sizeof(a.host)));
        CHECK(n > 0 && (length < (int)sizeof(a.host) || refused(text)));
        snprintf(text, sizeof(text), "unix://%0*d", length, 0);
        CHECK((addr_parse(&a, text, error) == 0) == (length < (int)sizeof(a.path)));
        snprintf(text, sizeof(text), "tcp://x:80?%0*d=1", length, 0);
        CHECK(refused(text));
        snprintf(text, sizeof(text), "%0*d://x:80", length, 0);
        CHECK(refused(text));
    }
}

// Pieces of addresses in any order: refused with a message, or taken, in exactly its memory.
static void survives_nonsense(void)
{
    static const char *const parts[] = {
        "tcp", "unix", "://",  ":", "[",           "]",       "::1",  "localhost",
        "80",  "?",    "&",    "=", "reuseport",   "backlog", "true", "@",
        "/",   "\x01", "\xff", " ", "99999999999", "-1",      "%",
    };
    struct addr a;
    for (int i = 0; i < 100000; i++) {
        char text[256] = "";
        for (uint32_t n = check_random(9); n-- > 0;)
            strcat(text, parts[check_random(ARRAY_LEN(parts))]);
        size_t size = strlen(text) + 1;
        char *own = malloc(size);
        memcpy(own, text, size);
        CHECK(addr_parse(&a, own, error) == 0 || refused(own));
        free(own);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"an address has a host and a port", knows_hosts_and_ports},
        {"an address has a path", knows_paths},
        {"an address has options", knows_options},
        {"schemes have names", names_its_schemes},
        {"an address is taken when it fits", takes_what_fits},
        {"an address may be any nonsense", survives_nonsense},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

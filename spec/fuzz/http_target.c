// Hosts and targets of HTTP: the three functions that look at them agree, and nothing that could end a host is in one.
#include "fuzz/fuzz.h"

#include "base/macros.h"
#include "codec/http.h"
#include "codec/http_target.h"

static const char *const methods[] = {"GET", "CONNECT", "OPTIONS", "connect", "CONNECTS"};

static bool is_authority(const char *bytes, size_t n)
{
    char *own = fuzz_copy(bytes, n);
    bool is = http_is_authority(own, n);
    free(own);
    return is;
}

static bool is_target(const char *bytes, size_t n, const char *method)
{
    size_t m = strlen(method);
    char *own = fuzz_copy(bytes, n), *name = fuzz_copy(method, m);
    bool is = http_is_target(own, n, name, m);
    free(own);
    free(name);
    return is;
}

// What the head of a request says of it.
static enum http_result scan(const char *format, const char *method, const char *bytes, size_t n, struct http_head *h)
{
    char text[64];
    size_t first = (size_t)snprintf(text, sizeof(text), format, method), last = strlen(strchr(format, '|') + 1);
    size_t before = first - last - 1;
    char *all = malloc(first + n);
    memcpy(all, text, before);
    memcpy(all + before, bytes, n);
    memcpy(all + before + n, text + before + 1, last);
    struct http_field fields[4];
    *h = (struct http_head){.fields = fields, .size = 4, .most_line = 1 << 20, .most_head = 1 << 20};
    enum http_result result = http_scan(h, HTTP_REQUEST, all, (int32_t)(before + n + last));
    free(all);
    return result;
}

// Bytes without which a text is one in a line: those that end a target or a field's value would make another head of it.
static bool is_one_line(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)bytes[i] <= ' ' || bytes[i] == 0x7f)
            return false;
    return n > 0;
}

static void check_authority(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        HOLDS(bytes[i] > ' ' && bytes[i] < 0x7f && !strchr(",/?#@\\\"<>^`{|}", bytes[i]));
    HOLDS(!memchr(bytes, '[', n) || (bytes[0] == '[' && memchr(bytes, ']', n)));
    char *url = malloc(n + 9);
    memcpy(url, "http://", 7);
    memcpy(url + 7, bytes, n);
    url[n + 7] = '/';
    HOLDS(is_target(url, n + 8, "GET") == (n > 0 && bytes[0] != ':'));
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size)
{
    struct input in = {given, size};
    const char *method = methods[input_byte(&in) % ARRAY_LEN(methods)], *bytes = input_rest(&in);
    size_t n = in.left;
    struct http_head head;
    bool authority = is_authority(bytes, n), target = is_target(bytes, n, method);
    if (authority)
        check_authority(bytes, n);
    if (target && strcmp(method, "CONNECT") == 0)
        HOLDS(authority && n >= 3 && bytes[n - 1] >= '0' && bytes[n - 1] <= '9');
    if (is_one_line(bytes, n)) {
        bool fragment = memchr(bytes, '#', n) != NULL; // what a head never has in its target
        enum http_result result = scan("%s | HTTP/1.1\r\nHost: a\r\n\r\n", method, bytes, n, &head);
        HOLDS(result == (target && !fragment ? HTTP_COMPLETE : HTTP_BAD));
        HOLDS(result == HTTP_BAD || (size_t)head.target.length == n);
        result = scan("%s / HTTP/1.1\r\nHost: |\r\n\r\n", "GET", bytes, n, &head);
        HOLDS(result == (authority ? HTTP_COMPLETE : HTTP_BAD));
    }
    return 0;
}

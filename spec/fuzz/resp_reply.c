// Values of RESP: the search for their end comes to the same in pieces, and to what a reader that goes down into values
// finds.
#include "fuzz/fuzz.h"

#include "codec/resp_reply.h"

enum { DEEP = 200, FEW = 10000 };
enum { CUT = -1, BAD = -2, UNKNOWN = -3 }; // of a reader: it goes on; it is none; it was not looked at

static int64_t read_number(const char *at, const char *end)
{
    int64_t n = 0;
    if (end - at == 2 && memcmp(at, "-1", 2) == 0)
        return -1;
    if (at == end || end - at > 10)
        return BAD;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return BAD;
        n = n * 10 + *at - '0';
    }
    return n;
}

// Where the value at `at` ends. `bad` is where what is none begins.
static int64_t read_value(const char *bytes, int64_t at, int64_t n, int depth, int64_t *bad)
{
    if (depth == 0)
        return UNKNOWN;
    if (at >= n)
        return CUT;
    *bad = at;
    char type = bytes[at];
    if (type == '\0' || !strchr("+-:_#,($!=%|*~>", type))
        return BAD;
    const char *cr = memchr(bytes + at, '\r', (size_t)(n - at));
    if (!cr || cr + 1 == bytes + n)
        return CUT;
    if (cr[1] != '\n')
        return BAD;
    int64_t end = cr + 2 - bytes;
    if (strchr("+-:_#,(", type))
        return end;
    int64_t length = read_number(bytes + at + 1, cr), count = length < 0 ? 0 : length;
    if (length == BAD || length > 512 << 20)
        return BAD;
    if (strchr("$!=", type))
        return length < 0 ? end : end + length + 2 > n ? CUT : end + length + 2;
    if (count > FEW)
        return UNKNOWN;
    count = count * (type == '%' || type == '|' ? 2 : 1) + (type == '|');
    for (; count > 0 && end >= 0; count--)
        end = read_value(bytes, end, n, depth - 1, bad);
    return end;
}

// In pieces whose lengths are thrown.
static enum resp_reply_result scan(struct resp_reply *reply, const char *bytes, size_t n, size_t most)
{
    struct dice d = dice_of(bytes, n);
    enum resp_reply_result result = RESP_REPLY_MORE;
    *reply = (struct resp_reply){0, 1};
    for (size_t at = 0; at < n && result == RESP_REPLY_MORE;) {
        at += 1 + dice_roll(&d, most);
        at = at < n ? at : n;
        char *own = fuzz_copy(bytes, at);
        result = resp_reply_scan(reply, own, (int32_t)at);
        free(own);
        HOLDS(reply->at >= 0 && reply->left >= 0);
        HOLDS(result == RESP_REPLY_MORE || (size_t)reply->at <= at);
        HOLDS(result != RESP_REPLY_COMPLETE || reply->left == 0);
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *given, size_t n)
{
    const char *bytes = (const char *)given;
    struct resp_reply whole, pieces;
    enum resp_reply_result result = scan(&whole, bytes, n, n + 1);
    for (size_t most = 1; most <= 64; most *= 8) {
        HOLDS(scan(&pieces, bytes, n, most) == result);
        HOLDS(pieces.at == whole.at && pieces.left == whole.left);
    }
    int64_t bad = 0, end = read_value(bytes, 0, (int64_t)n, DEEP, &bad);
    if (end == UNKNOWN)
        return 0;
    HOLDS((end >= 0) == (result == RESP_REPLY_COMPLETE) && (end == BAD) == (result == RESP_REPLY_BAD));
    HOLDS(end < 0 || end == whole.at);
    HOLDS(end != BAD || bad == whole.at);
    return 0;
}

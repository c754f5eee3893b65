#include "codec/resp_reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    MOST_LINE = 64 * 1024,
    MOST_BULK = 512 << 20,
    MOST_VALUES = 1 << 30, // at once
};

// The bytes that tell types.
#define LINES "+-:_#,("
#define STRINGS "$!="
#define PAIRS "%|"
#define TYPES LINES STRINGS PAIRS "*~>"

// A length behind a type's byte, up to the line's end: 0 and more, or -1 for null; -2 for what is none.
static int64_t read_length(const char *at, const char *end)
{
    if (end - at == 2 && at[0] == '-' && at[1] == '1')
        return -1;
    if (at == end || end - at > 10)
        return -2;
    int64_t length = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return -2;
        length = length * 10 + (*at - '0');
    }
    return length;
}

static bool is_one_of(char type, const char *types)
{
    return type != '\0' && strchr(types, type);
}

// Takes a head, which ends at `line_end`, and the bytes of a string. Returns false where it is malformed, or
// what it announces is too much.
static bool take(struct resp_reply *reply, const char *head, const char *line_end)
{
    char type = *head;
    if (is_one_of(type, LINES)) {
        reply->left--;
        return true;
    }
    int64_t length = read_length(head + 1, line_end), count = length < 0 ? 0 : length;
    if (length < -1 || length > MOST_BULK)
        return false;
    if (is_one_of(type, STRINGS)) {
        reply->at += length < 0 ? 0 : (int32_t)length + 2;
        reply->left--;
        return true;
    }
    if (is_one_of(type, PAIRS))
        count *= 2;
    if (count + reply->left > MOST_VALUES)
        return false;
    reply->left += (int32_t)count - (type != '|'); // attributes stand in front of a value
    return true;
}

enum resp_reply_result resp_reply_scan(struct resp_reply *reply, const char *bytes, int32_t n)
{
    while (reply->left > 0 && reply->at < n) {
        const char *head = bytes + reply->at;
        size_t rest = (size_t)(n - reply->at), most = rest <= MOST_LINE ? rest : MOST_LINE + 1;
        const char *cr = memchr(head, '\r', most);
        if (!is_one_of(*head, TYPES) || (!cr && most > MOST_LINE))
            return RESP_REPLY_BAD;
        if (!cr || cr + 1 == bytes + n)
            return RESP_REPLY_MORE;
        int32_t before = reply->at;
        reply->at = (int32_t)(cr + 2 - bytes);
        if (cr[1] != '\n' || !take(reply, head, cr)) {
            reply->at = before;
            return RESP_REPLY_BAD;
        }
    }
    return reply->left == 0 && reply->at <= n ? RESP_REPLY_COMPLETE : RESP_REPLY_MORE;
}

#include "codec/resp.h"

#include <stdbool.h>
#include <string.h>

enum {
    MOST_LINE = 64 * 1024,  // of an inline request, and of a number
    MOST_PARTS = INT32_MAX,
    MOST_BULK = 512 << 20,  // proto-max-bulk-len
    LEAST_BULK = 6,         // "$0", an end, nothing, and an end
    LEAST_ERROR = 2,        // an end
    CHEAP = 16 * 1024,      // bytes, to look at again
};

static char upper(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return c;
}

// A mask of the first n bytes in memory, of fewer than eight.
static inline uint64_t first_n(size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return ((uint64_t)1 << 8 * n) - 1;
#else
    return ~(UINT64_MAX >> 8 * n);
#endif
}

// The first eight of n bytes as one number. `room` is how many bytes may be read.
static inline uint64_t first_bytes(const char *bytes, size_t n, size_t room)
{
    uint64_t x = 0;
    if (room >= 8)
        memcpy(&x, bytes, 8);
    else
        memcpy(&x, bytes, n < 8 ? n : 8);
    return n < 8 ? x & first_n(n) : x;
}

static const uint64_t every_byte = 0x0101010101010101u;

// The same with letters in upper case: all bytes at once.
static inline uint64_t to_upper(uint64_t x)
{
    uint64_t low = x & every_byte * 0x7f;
    uint64_t from_a = low + every_byte * (0x80 - 'a'), beyond_z = low + every_byte * (0x7f - 'z');
    uint64_t letters = from_a & ~beyond_z & ~x & every_byte * 0x80;
    return x - (letters >> 2); // 0x20 is the difference
}

// Letters have one place in either case.
static inline uint32_t place(const struct resp_names *names, uint64_t first)
{
    return (uint32_t)((first & every_byte * 0xdf) * 0x9e3779b97f4a7c15u >> 40) & names->mask;
}

static bool same_rest(const struct resp_name *slot, const char *bytes, size_t n)
{
    for (size_t i = 8; i < n; i++)
        if (slot->rest[i - 8] != upper(bytes[i]))
            return false;
    return true;
}

static inline int32_t search(const struct resp_names *names, uint64_t first, const char *bytes, size_t n)
{
    for (uint32_t i = place(names, first); names->slots[i].length; i = (i + 1) & names->mask) {
        const struct resp_name *slot = &names->slots[i];
        if (slot->first == first && slot->length == n && same_rest(slot, bytes, n))
            return slot->id;
    }
    return RESP_UNKNOWN;
}

// Most names come in upper case.
static inline int32_t find_name(const struct resp_names *names, const char *bytes, size_t n, size_t room)
{
    if (!names || n == 0)
        return RESP_UNKNOWN;
    uint64_t first = first_bytes(bytes, n, room);
    int32_t id = search(names, first, bytes, n);
    return id == RESP_UNKNOWN ? search(names, to_upper(first), bytes, n) : id;
}

void resp_add_name(struct resp_names *names, const char *name, size_t n, int16_t id)
{
    uint64_t first = to_upper(first_bytes(name, n, n));
    uint32_t i = place(names, first);
    while (names->slots[i].length)
        i = (i + 1) & names->mask;
    struct resp_name *slot = &names->slots[i];
    *slot = (struct resp_name){.first = first, .id = id, .length = (uint8_t)n};
    for (size_t k = 8; k < n; k++)
        slot->rest[k - 8] = upper(name[k]);
}

// Inline requests: words in a line.

// As isspace(3) in the C locale: what is skipped in front of a word.
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static enum resp_result scan_inline(struct resp_request *r, const char *bytes, int32_t n)
{
    const char *line_end = memchr(bytes, '\n', (size_t)n);
    // Redis looks for the end of a C string.
    if (!line_end || memchr(bytes, '\0', (size_t)(line_end - bytes)))
        return n > MOST_LINE ? RESP_LONG_LINE : RESP_MORE;
    const char *at = bytes, *end = line_end;
    if (end > bytes && end[-1] == '\r')
        end--;
    for (;;) {
        while (at < end && is_space(*at))
            at++;
        if (at == end) {
            r->used = (int32_t)(line_end + 1 - bytes);
            return RESP_COMPLETE;
        }
        if (r->count == r->size)
            return RESP_FULL;
        const char *start = at;
        for (; at < end && !ends_word(*at); at++) {
            if (*at == '"' || *at == '\'') {
                r->parts[0] = (struct resp_part){0, (int32_t)(end - bytes)};
                r->used = (int32_t)(line_end + 1 - bytes);
                return RESP_QUOTED;
            }
        }
        r->parts[r->count++] = (struct resp_part){(int32_t)(start - bytes), (int32_t)(at - start)};
    }
}

// Requests as arrays of bulk strings.

// Whether the text is a negative number of 64 bits.
static bool is_negative(const char *at, const char *end)
{
    static const char most[] = "9223372036854775808";
    if (end - at < 2 || *at++ != '-' || *at == '0' || end - at > 19)
        return false;
    for (const char *p = at; p < end; p++)
        if (*p < '0' || *p > '9')
            return false;
    return end - at < 19 || memcmp(at, most, 19) <= 0;
}

// The same as scan_number, for what is no small number.
static enum resp_result scan_odd_number(const char **at, const char *end, int64_t *number,
                                        enum resp_result bad, enum resp_result too_long)
{
    const char *start = *at, *cr = memchr(start, '\r', (size_t)(end - start));
    const char *nul = memchr(start, '\0', (size_t)((cr ? cr : end) - start));
    if (nul || !cr) // Redis looks for the end of a C string
        return end - start > MOST_LINE ? too_long : RESP_MORE;
    if (cr + 1 == end)
        return RESP_MORE;
    if (!is_negative(start + 1, cr))
        return bad; // or more than there may be of anything
    *at = cr + 2;
    *number = -1;
    return RESP_COMPLETE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// A number behind a type's byte at *at, up to a CR and one byte more, which nobody looks at. Returns
// RESP_COMPLETE with *at behind it, RESP_MORE, or one of the two errors.
static enum resp_result scan_number(const char **at, const char *end, int64_t *number,
                                    enum resp_result bad, enum resp_result too_long)
{
    const char *first = *at + 1, *p = first;
    int64_t value = 0;
    while (p < end && is_digit(*p) && value <= INT32_MAX)
        value = value * 10 + (*p++ - '0');
    bool is_number = p > first && (*first != '0' || p == first + 1); // no zeros in front
    if (p + 1 >= end || *p != '\r' || !is_number)
        return scan_odd_number(at, end, number, bad, too_long);
    *at = p + 2;
    *number = value;
    return RESP_COMPLETE;
}

static int32_t capped(int64_t n)
{
    return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

// So many bytes are needed where the next of the bulk strings that are left begins `at` bytes behind the
// beginning. What is wrong with it may show in two bytes; far behind, where each look costs more, that may be
// told later.
static int32_t needed(int64_t at, int64_t left)
{
    return capped(at + (at < CHEAP && left > 0 ? LEAST_ERROR : left * LEAST_BULK));
}

// What is wrong, or missing, where a bulk string's head was expected.
static enum resp_result fail_bulk(struct resp_request *r, enum resp_result result, const char *bytes,
                                  const char *start, const char *end, int64_t left)
{
    if (*start == '\0') // that is no C string
        result = end - start > MOST_LINE ? RESP_LONG_BULK : RESP_MORE;
    if (result == RESP_MORE && needed(start - bytes, left) > r->need)
        r->need = needed(start - bytes, left);
    if (*start != '$' && (result == RESP_COMPLETE || result == RESP_BAD_BULK)) {
        r->parts[0] = (struct resp_part){(int32_t)(start - bytes), 1};
        return RESP_NO_BULK;
    }
    return result == RESP_COMPLETE ? RESP_BAD_BULK : result;
}

// A number of one digit or two behind a type's byte at *at, as most are; -1 for what scan_number is to look at.
static inline int64_t take_small(const char **at, const char *end, char type)
{
    const char *p = *at;
    if (end - p < 5 || p[0] != type || !is_digit(p[1]))
        return -1;
    int64_t digit = p[1] - '0';
    if (p[2] == '\r') {
        *at = p + 4;
        return digit;
    }
    if (digit == 0 || !is_digit(p[2]) || p[3] != '\r')
        return -1;
    *at = p + 5;
    return digit * 10 + p[2] - '0';
}

// The head of a bulk string, with `left` of them still to come.
static enum resp_result scan_bulk(struct resp_request *r, const char *bytes, const char **at, const char *end,
                                  int64_t *length, int64_t left)
{
    const char *start = *at;
    if (start == end) {
        r->need = needed(start - bytes, left);
        return RESP_MORE;
    }
    enum resp_result result = scan_number(at, end, length, RESP_BAD_BULK, RESP_LONG_BULK);
    if (result != RESP_COMPLETE || *start != '$' || *length < 0 || *length > MOST_BULK)
        return fail_bulk(r, result, bytes, start, end, left);
    return RESP_COMPLETE;
}

static enum resp_result scan_array(struct resp_request *r, const char *bytes, int32_t n)
{
    const char *at = bytes, *end = bytes + n;
    int64_t count = take_small(&at, end, '*');
    if (count < 0) {
        const char *odd = at; // so that `at` is kept in a register
        enum resp_result result = scan_number(&odd, end, &count, RESP_BAD_COUNT, RESP_LONG_COUNT);
        if (result != RESP_COMPLETE)
            return result;
        if (count > MOST_PARTS)
            return RESP_BAD_COUNT;
        at = odd;
    }
    for (int32_t i = 0; i < count; i++) {
        int64_t length = take_small(&at, end, '$');
        if (length < 0) {
            const char *odd = at;
            enum resp_result result = scan_bulk(r, bytes, &odd, end, &length, count - i);
            if (result != RESP_COMPLETE)
                return result;
            at = odd;
        }
        if (end - at < length + 2) {
            r->need = needed(at - bytes + length + 2, count - i - 1);
            return RESP_MORE;
        }
        if (i == r->size)
            return RESP_FULL;
        r->parts[i] = (struct resp_part){(int32_t)(at - bytes), (int32_t)length};
        at += length + 2;
    }
    r->count = count > 0 ? (int32_t)count : 0;
    r->used = (int32_t)(at - bytes);
    return RESP_COMPLETE;
}

enum resp_result resp_scan(const struct resp_names *names, struct resp_request *r, const char *bytes,
                           int32_t n)
{
    r->data = bytes;
    r->count = 0;
    r->need = n + 1;
    r->id = RESP_EMPTY;
    if (n == 0)
        return RESP_MORE;
    enum resp_result result = bytes[0] == '*' ? scan_array(r, bytes, n) : scan_inline(r, bytes, n);
    if (result == RESP_COMPLETE && r->count > 0) {
        const struct resp_part *name = r->parts;
        r->id = find_name(names, bytes + name->at, (size_t)name->length, (size_t)(n - name->at));
    }
    return result;
}

size_t resp_put_head(char text[RESP_HEAD], char type, int64_t number)
{
    char digits[RESP_HEAD], *d = digits + sizeof(digits), *at = text;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *at++ = type;
    if (number < 0)
        *at++ = '-';
    if (rest < 10) {
        *at++ = (char)('0' + rest);
    } else {
        do
            *--d = (char)('0' + rest % 10);
        while (rest /= 10);
        size_t n = (size_t)(digits + sizeof(digits) - d);
        memcpy(at, d, n);
        at += n;
    }
    *at++ = '\r';
    *at++ = '\n';
    return (size_t)(at - text);
}

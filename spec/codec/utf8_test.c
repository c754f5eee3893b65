// codec/utf8: every character, all that is none, at every split point.
#include "codec/utf8.h"

#include "base/macros.h"
#include "support/check.h"

#define LITERAL(text) text, sizeof(text) - 1

// Where bytes are wrong: an offset, -1 for nowhere, -2 where they end inside of a character. The same in two pieces of
// any size.
static ssize_t wrong_at(const char *bytes, size_t n)
{
    struct utf8 whole = {0};
    ssize_t at = utf8_check(&whole, bytes, n);
    for (size_t split = 0; split <= n; split++) {
        struct utf8 state = {0};
        ssize_t first = utf8_check(&state, bytes, split);
        ssize_t second = first < 0 ? utf8_check(&state, bytes + split, n - split) : 0;
        ssize_t got = first >= 0 ? first : second >= 0 ? second + (ssize_t)split : -1;
        if (got != at || (at < 0 && state.left != whole.left))
            return -3;
    }
    return at < 0 && whole.left ? -2 : at;
}

static size_t encode(char *to, uint32_t c, size_t length)
{
    static const uint8_t firsts[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i > 1; i--) {
        to[i - 1] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    to[0] = (char)(firsts[length] | c);
    return length;
}

static void takes_characters_only(void)
{
    char text[8];
    for (uint32_t c = 0; c < 0x1fffff; c += c < 0x11ffff ? 1 : 4097) {
        size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        bool is_character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        CHECK((wrong_at(text, encode(text, c, shortest)) == -1) == is_character);
        for (size_t longer = shortest + 1; longer <= 4; longer++) // one that could be shorter is none
            CHECK(wrong_at(text, encode(text, c, longer)) >= 0);
    }
}

static void tells_the_first_byte_that_is_wrong(void)
{
    CHECK(wrong_at(LITERAL("")) == -1);
    CHECK(wrong_at(LITERAL("plain text that is longer than a word\x80")) == 37);
    CHECK(wrong_at(LITERAL("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80")) == 12);
    CHECK(wrong_at(LITERAL("\xed\xa0\x80")) == 1);
    CHECK(wrong_at(LITERAL("\xc0\xaf")) == 0 && wrong_at(LITERAL("\xc1\xbf")) == 0 && wrong_at(LITERAL("\xf5")) == 0);
    CHECK(wrong_at(LITERAL("\xe0\x9f")) == 1 && wrong_at(LITERAL("\xf0\x8f")) == 1);
    CHECK(wrong_at(LITERAL("12345678\xc3(")) == 9 && wrong_at(LITERAL("\xf0\x9f\x98 ")) == 3);
    CHECK(wrong_at(LITERAL("\xf0\x9f\x98")) == -2 && wrong_at(LITERAL("\xc3")) == -2);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"every character is taken, and nothing else", takes_characters_only},
        {"the first byte that is wrong is told, in whatever pieces", tells_the_first_byte_that_is_wrong},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

// zip/zip: streams there and back, in pieces of every size, and what is no stream.
#include "zip/zip.h"

#include "base/buf.h"
#include "base/macros.h"
#include "support/check.h"

#include <stdlib.h>

static const enum zip_format formats[] = {ZIP_RAW, ZIP_ZLIB, ZIP_GZIP};

static int keep(void *user, const char *bytes, size_t n)
{
    return buf_append(user, bytes, n);
}

static int refuse(void *user, const char *bytes, size_t n)
{
    (void)bytes, (void)n;
    return *(int *)user;
}

static struct buf deflated(enum zip_format format, const char *bytes, size_t n, bool last)
{
    struct deflater *d;
    struct buf wire = {0};
    CHECK(deflater_new(&d, &(struct zip_settings){format, 6, 15, 8}) == 0);
    CHECK(deflater_write(d, bytes, n, last, keep, &wire) == 0);
    deflater_free(d);
    return wire;
}

// Inflates bytes that are fed and read in pieces; what the last read returned.
static ssize_t inflate_all(struct inflater *i, const char *wire, size_t n, size_t step, size_t room,
                           struct buf *plain)
{
    char piece[4096];
    ssize_t got = 0;
    for (size_t at = 0; at < n && got >= 0; at += step) {
        size_t length = n - at < step ? n - at : step;
        char *own = malloc(length); // exactly as much, for a sanitizer
        memcpy(own, wire + at, length);
        inflater_feed(i, own, length);
        while ((got = inflater_read(i, piece, room)) > 0)
            buf_append(plain, piece, (size_t)got);
        CHECK(got != 0 || inflater_left(i) == 0);
        free(own);
    }
    return got;
}

static void goes_there_and_back(void)
{
    static const size_t sizes[] = {0, 1, 100, 20000, 300000};
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
            char *bytes = malloc(sizes[s] + 1);
            check_random_bytes(bytes, sizes[s]);
            memset(bytes, 'x', sizes[s] / 2);
            struct buf wire = deflated(formats[f], bytes, sizes[s], true), plain = {0};
            struct inflater *i;
            CHECK(inflater_new(&i, formats[f]) == 0);
            size_t step = s < 3 ? 1 : 777;
            CHECK(inflate_all(i, buf_bytes(&wire), buf_length(&wire), step, 1 + s * 1000, &plain) ==
                  (formats[f] == ZIP_GZIP ? 0 : ZIP_ENDED));
            CHECK(inflater_whole(i));
            CHECK(buf_length(&plain) == sizes[s]);
            CHECK(sizes[s] == 0 || memcmp(buf_bytes(&plain), bytes, sizes[s]) == 0);
            inflater_free(i);
            buf_free(&wire);
            buf_free(&plain);
            free(bytes);
        }
    }
}

static void sends_everything_with_each_write(void)
{
    struct deflater *d;
    struct inflater *i;
    CHECK(deflater_new(&d, &(struct zip_settings){ZIP_ZLIB, 9, 9, 1}) == 0 && inflater_new(&i, ZIP_ZLIB) == 0);
    for (int k = 0; k < 100; k++) {
        struct buf wire = {0}, plain = {0};
        CHECK(deflater_write(d, "hello", 5, false, keep, &wire) == 0);
        CHECK(inflate_all(i, buf_bytes(&wire), buf_length(&wire), 1, 2, &plain) == 0);
        CHECK(buf_length(&plain) == 5 && memcmp(buf_bytes(&plain), "hello", 5) == 0);
        buf_free(&wire);
        buf_free(&plain);
    }
    deflater_free(d);
    inflater_free(i);
}

// How many bytes of a stream of this format have to come until it may be over; 0 when it may not.
static size_t whole_after(enum zip_format format, const char *wire, size_t n)
{
    struct inflater *i;
    struct buf plain = {0};
    size_t found = 0;
    CHECK(inflater_new(&i, format) == 0);
    for (size_t at = 0; at < n && !found; at++) {
        inflate_all(i, wire + at, 1, 1, 100, &plain);
        if (inflater_whole(i))
            found = at + 1;
    }
    inflater_free(i);
    buf_free(&plain);
    return found;
}

static void knows_where_a_stream_may_be_over(void)
{
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        struct buf flushed = deflated(formats[f], "hello", 5, false);
        struct buf ended = deflated(formats[f], "hello", 5, true);
        size_t n = buf_length(&flushed);
        CHECK(whole_after(formats[f], buf_bytes(&flushed), n) == (formats[f] == ZIP_RAW ? n : 0));
        CHECK(whole_after(formats[f], "\0\5\0\xfa\xffhello", 10) == (formats[f] == ZIP_RAW ? 10 : 0));
        n = buf_length(&ended);
        CHECK(whole_after(formats[f], buf_bytes(&ended), n) == n);
        buf_free(&flushed);
        buf_free(&ended);
    }
}

static void reads_all_members(void)
{
    struct buf one = deflated(ZIP_GZIP, "hello", 5, true), wire = {0};
    struct buf empty = deflated(ZIP_GZIP, "", 0, true);
    for (int k = 0; k < 3; k++) {
        buf_append(&wire, buf_bytes(&empty), buf_length(&empty));
        buf_append(&wire, buf_bytes(&one), buf_length(&one));
    }
    for (size_t step = 1; step <= buf_length(&wire); step += 1 + step / 3) {
        struct inflater *i;
        struct buf plain = {0};
        CHECK(inflater_new(&i, ZIP_GZIP) == 0);
        CHECK(inflate_all(i, buf_bytes(&wire), buf_length(&wire), step, 7, &plain) == 0);
        CHECK(inflater_whole(i) && buf_length(&plain) == 15);
        CHECK(memcmp(buf_bytes(&plain), "hellohellohello", 15) == 0);
        CHECK(inflate_all(i, "garbage", 7, step, 7, &plain) == ZIP_FAILED);
        inflater_free(i);
        buf_free(&plain);
    }
    buf_free(&one);
    buf_free(&empty);
    buf_free(&wire);
}

static void says_what_is_wrong(void)
{
    struct inflater *i;
    struct buf plain = {0};
    CHECK(inflater_new(&i, ZIP_ZLIB) == 0);
    CHECK(inflate_all(i, "GET / HTTP/1.1", 14, 14, 100, &plain) == ZIP_FAILED);
    CHECK(strcmp(inflater_reason(i), "incorrect header check") == 0);
    inflater_free(i);
    struct buf wire = deflated(ZIP_ZLIB, "hello", 5, true);
    wire.data[wire.end - 1] ^= 1;
    CHECK(inflater_new(&i, ZIP_ZLIB) == 0);
    CHECK(inflate_all(i, buf_bytes(&wire), buf_length(&wire), 3, 100, &plain) == ZIP_FAILED);
    CHECK(strcmp(inflater_reason(i), "incorrect data check") == 0);
    inflater_free(i);
    // FDICT is set (RFC 1950, 2.2).
    CHECK(inflater_new(&i, ZIP_ZLIB) == 0);
    CHECK(inflate_all(i, "\x78\xbb\x01\x02\x03\x04zz", 8, 8, 100, &plain) == ZIP_FAILED);
    CHECK(strcmp(inflater_reason(i), "a preset dictionary is needed") == 0);
    inflater_free(i);
    buf_free(&wire);
    buf_free(&plain);
}

static void tells_what_the_output_said(void)
{
    struct deflater *d;
    int err = -7;
    CHECK(deflater_new(&d, &(struct zip_settings){ZIP_RAW, 1, 15, 8}) == 0);
    CHECK(deflater_write(d, "hello", 5, true, refuse, &err) == -7);
    deflater_free(d);
    deflater_free(NULL);
    inflater_free(NULL);
}

// What a message is as permessage-deflate has it: deflated in pieces, without the flush's last four bytes.
static struct buf message_of(struct deflater *d, const char *bytes, size_t n, size_t room)
{
    struct buf wire = {0};
    char piece[256];
    size_t made = room;
    char *own = malloc(n);
    memcpy(own, bytes, n);
    deflater_feed(d, own, n);
    while (made == room) {
        made = deflater_read(d, piece, room);
        buf_append(&wire, piece, made);
    }
    free(own);
    CHECK(memcmp(buf_bytes(&wire) + buf_length(&wire) - 4, "\0\0\xff\xff", 4) == 0);
    wire.end -= 4;
    return wire;
}

static bool is_message(struct inflater *i, const char *wire, size_t n, const char *text)
{
    struct buf plain = {0};
    inflate_all(i, wire, n, 1, 7, &plain);
    inflate_all(i, "\0\0\xff\xff", 4, 4, 7, &plain);
    bool same = buf_length(&plain) == strlen(text) && memcmp(buf_bytes(&plain), text, strlen(text)) == 0;
    buf_free(&plain);
    return same && inflater_whole(i);
}

static void makes_messages_that_refer_to_those_before(void)
{
    static const char text[] = "some text that is in each of these messages, and said in each of them";
    for (size_t room = 7; room <= 256; room++) {
        struct deflater *d;
        struct inflater *i;
        CHECK(deflater_new(&d, &(struct zip_settings){ZIP_RAW, 6, 15, 8}) == 0 && inflater_new(&i, ZIP_BLOCKS) == 0);
        size_t lengths[3];
        for (int k = 0; k < 3; k++) {
            if (k == 2) {
                deflater_reset(d);
                inflater_free(i);
                CHECK(inflater_new(&i, ZIP_BLOCKS) == 0);
            }
            struct buf wire = message_of(d, text, strlen(text), room);
            lengths[k] = buf_length(&wire);
            CHECK(is_message(i, buf_bytes(&wire), buf_length(&wire), text));
            buf_free(&wire);
        }
        CHECK(lengths[1] < lengths[0] / 2 && lengths[2] == lengths[0]);
        deflater_free(d);
        inflater_free(i);
    }
}

// RFC 7692, 7.2.3: one block, two that share a window, one without compression, one that says it is the last, and two.
static void reads_the_examples_of_the_rfc(void)
{
    static const struct {
        const char *wire;
        size_t n;
    } messages[] = {
        {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7}, {"\xf2\x00\x11\x00\x00", 5},
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11}, {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},
        {"\xf2\x00\x11\x00\x00", 5}, {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13},
    };
    struct inflater *i;
    CHECK(inflater_new(&i, ZIP_BLOCKS) == 0);
    for (size_t k = 0; k < ARRAY_LEN(messages); k++)
        CHECK(is_message(i, messages[k].wire, messages[k].n, "Hello"));
    CHECK(!is_message(i, "\xf2\x48\xcd", 3, "Hello"));
    inflater_free(i);
}

// Whatever comes: an end or an error, and nothing beyond the bytes.
static void survives_random_bytes(void)
{
    char bytes[64];
    for (int k = 0; k < 20000; k++) {
        struct inflater *i;
        struct buf plain = {0};
        size_t n = 1 + check_random(sizeof(bytes));
        check_random_bytes(bytes, n);
        CHECK(inflater_new(&i, (enum zip_format)check_random(4)) == 0);
        CHECK(inflate_all(i, bytes, n, 1 + check_random(9), 512, &plain) <= 0);
        inflater_free(i);
        buf_free(&plain);
    }
}

int main(void)
{
    static const struct check_test tests[] = {
        {"streams go there and back", goes_there_and_back},
        {"each write can be read at once", sends_everything_with_each_write},
        {"a stream may be over at its end", knows_where_a_stream_may_be_over},
        {"gzip's members follow each other", reads_all_members},
        {"what is wrong has a reason", says_what_is_wrong},
        {"an error of the output is told", tells_what_the_output_said},
        {"messages refer to those before them", makes_messages_that_refer_to_those_before},
        {"the examples of RFC 7692 are read", reads_the_examples_of_the_rfc},
        {"random bytes do no harm", survives_random_bytes},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

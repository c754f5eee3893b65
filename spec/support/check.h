// A unit test is a program: a table of named functions, run in order. Each prints "ok NAME" or
// "not ok NAME" behind the first check of it that failed.
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*run)(void);
};

static bool check_failed;
static uint32_t check_state;

// Remembers the first failure of a test and says where it was.
#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)

static inline void check_that(bool holds, const char *condition, const char *file, int line)
{
    if (holds || check_failed)
        return;
    check_failed = true;
    printf("# %s:%d: does not hold: %s\n", file, line, condition);
}

// A number below limit. The same ones in every run of a test (xorshift).
static inline uint32_t check_random(uint32_t limit)
{
    check_state ^= check_state << 13;
    check_state ^= check_state >> 17;
    check_state ^= check_state << 5;
    return check_state % limit;
}

static inline void check_random_bytes(char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)check_random(256);
}

// What main returns.
static inline int check_run(const struct check_test *tests, size_t count)
{
    int failures = 0;
    for (size_t i = 0; i < count; i++) {
        check_failed = false;
        check_state = 2463534242u;
        tests[i].run();
        printf("%s %s\n", check_failed ? "not ok" : "ok", tests[i].name);
        failures += check_failed;
    }
    return failures > 0;
}

#endif

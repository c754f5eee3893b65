// The unit tests in C: each test is a function; its checks name what does not hold.
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include <stdbool.h>
#include <stdio.h>

struct test {
    const char *name;
    bool (*run)(void);
};

// Says where a check failed. Used as: if (!holds(a == b, "a is b")) return false;
static inline bool holds(bool condition, const char *what)
{
    if (!condition)
        printf("# does not hold: %s\n", what);
    return condition;
}

// Runs the tests and prints a line for each. Returns the exit status.
static inline int run_tests(const struct test *tests, size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        bool ok = tests[i].run();
        printf("%s %s\n", ok ? "ok" : "not ok", tests[i].name);
        status |= !ok;
    }
    return status;
}

// A small random generator (xorshift), the same in every run.
static inline unsigned next_random(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif

// base/error: names and messages of system errors.
#include "base/error.h"

#include "base/macros.h"
#include "support/check.h"

#include <errno.h>

static void has_a_name(void)
{
    CHECK(strcmp(error_name(EADDRINUSE), "EADDRINUSE") == 0);
    CHECK(strcmp(error_name(ECONNRESET), "ECONNRESET") == 0);
    CHECK(strcmp(error_name(ENOBUFS), "ENOBUFS") == 0);
    CHECK(strcmp(error_name(ETIMEDOUT), "ETIMEDOUT") == 0);
    CHECK(strcmp(error_name(0), "EUNKNOWN") == 0);
    CHECK(strcmp(error_name(-1), "EUNKNOWN") == 0);
    CHECK(strcmp(error_name(99999), "EUNKNOWN") == 0);
}

static void has_a_message_with_a_small_letter(void)
{
    char text[128];
    CHECK(strcmp(error_message(ECONNRESET, text, sizeof(text)), "connection reset by peer") == 0);
    CHECK(error_message(EADDRINUSE, text, sizeof(text))[0] == 'a');
    CHECK(strlen(error_message(99999, text, sizeof(text))) > 0);
}

static void has_a_message_that_fits(void)
{
    char text[8];
    CHECK(strcmp(error_message(ECONNRESET, text, sizeof(text)), "connect") == 0);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"an error has a name", has_a_name},
        {"an error has a message with a small letter", has_a_message_with_a_small_letter},
        {"an error has a message that fits", has_a_message_that_fits},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

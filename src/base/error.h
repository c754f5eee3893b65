// System errors as text.
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

// Not the system's: the peer cut a connection whose protocol has an end of its own.
enum { ERROR_CUT = 10001 };

// The name of a positive errno ("EADDRINUSE"), or "EUNKNOWN".
const char *error_name(int number);

// Its message ("address already in use"), the system's with a small first letter. The text is
// written to `text`.
const char *error_message(int number, char *text, unsigned size);

#endif

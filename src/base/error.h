// System errors as text.
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

// The name of a positive errno ("EADDRINUSE"), or "EUNKNOWN".
const char *error_name(int number);

// Its message ("address already in use"), the system's with a small first letter. The text is
// written to `text`.
const char *error_message(int number, char *text, unsigned size);

#endif

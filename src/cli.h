// The command line of evio-lua.
#ifndef CLI_H
#define CLI_H

#include "bind/script.h"

enum { EXIT_USAGE = 2 };

// Reads the command line. Returns true to go on and run the script; false to end with *status
// (help and version were printed, or an error).
// The caller frees s->codes.
bool cli_parse(int argc, char **argv, struct script *s, int *status);

#endif

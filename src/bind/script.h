// Running a script in a Lua state of its own, for the command.
#ifndef BIND_SCRIPT_H
#define BIND_SCRIPT_H

#include "bind/options.h"

struct script {
    const char **codes; // of each -e, run first, in this order
    int code_count;
    const char *file;  // "-" for standard input; NULL for none
    bool check;        // compile only
    struct defaults defaults; // of limits
    const char *user;  // to run as once addresses are bound; NULL to stay
    double watchdog;   // seconds that a handler may take; 0 for any
    char **argv;       // the whole command line
    int argc;
    int file_at;       // index of the file in argv, or argc
};

// Runs the script and then the loop, if something is registered. Prints errors to stderr. Returns
// the exit status: 0, or 1 after an error.
int script_run(const struct script *s);

// Text such as "LuaJIT 2.1.0-beta3".
const char *script_engine(void);

#endif

// evio-lua: runs a Lua script that is a network server.
#include "cli.h"
#include "os/process.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    struct script script;
    int status;
    if (cli_parse(argc, argv, &script, &status)) {
        process_setup();
        status = script_run(&script);
    }
    free(script.codes);
    return status;
}

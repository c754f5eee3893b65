// evio-lua: runs a Lua script that is a network server.
#include "cli.h"
#include "os/process.h"

int main(int argc, char **argv)
{
    struct script script;
    int status;
    if (!cli_parse(argc, argv, &script, &status))
        return status;
    process_setup();
    return script_run(&script);
}

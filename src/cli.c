#include "cli.h"

#include "base/macros.h"
#include "os/poller.h"
#include "os/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { GO_ON, END_WELL, END_USAGE };

struct option {
    const char *name, *argument, *help;
    enum outcome (*set)(struct script *s, const char *value);
};

static enum outcome set_code(struct script *s, const char *value)
{
    s->codes[s->code_count++] = value;
    return GO_ON;
}

static enum outcome set_check(struct script *s, const char *value)
{
    (void)value;
    s->check = true;
    return GO_ON;
}

static enum outcome set_backend(struct script *s, const char *value)
{
    char names[128];
    (void)s;
    if (!poller_find(value)) {
        fprintf(stderr, "evio-lua: unknown backend \"%s\", expected one of: %s\n", value,
                poller_names(names, sizeof(names)));
        return END_USAGE;
    }
    setenv("EVIO_BACKEND", value, 1);
    return GO_ON;
}

static enum outcome set_limit(struct script *s, const char *value)
{
    char error[OPTIONS_ERROR_SIZE];
    if (options_parse(&s->defaults, value, error))
        return GO_ON;
    fprintf(stderr, "evio-lua: %s\n", error);
    return END_USAGE;
}

static enum outcome set_watchdog(struct script *s, const char *value)
{
    char *end;
    s->watchdog = strtod(value, &end);
    if (*value >= '0' && *value <= '9' && !*end && s->watchdog >= 0.1 && s->watchdog <= 1e6)
        return GO_ON;
    fprintf(stderr, "evio-lua: --watchdog is \"%s\", expected seconds from 0.1 to 10^6\n", value);
    return END_USAGE;
}

static enum outcome set_user(struct script *s, const char *value)
{
    struct user user;
    if (user_find(value, &user) == 0) {
        s->user = value;
        return GO_ON;
    }
    fprintf(stderr, "evio-lua: --user is \"%s\", expected the name of a user, or user:group\n", value);
    return END_USAGE;
}

static enum outcome show_version(struct script *s, const char *value)
{
    (void)s, (void)value;
    char names[128];
    printf("evio-lua %s (%s; %s)\n", EVIO_VERSION, script_engine(),
           poller_names(names, sizeof(names)));
    return END_WELL;
}

static enum outcome show_help(struct script *s, const char *value);

static const struct option options[] = {
    {"-e", "CODE", "run CODE, before the script if there is one", set_code},
    {"--check", NULL, "check the syntax, run nothing", set_check},
    {"--backend", "NAME", "epoll, kqueue or poll; else EVIO_BACKEND, else the best", set_backend},
    {"--limit", "NAME=VALUE", "a limit's default, as in connections=500; see docs/limits.md", set_limit},
    {"--user", "NAME", "run as this user once addresses are bound; NAME:GROUP, too", set_user},
    {"--watchdog", "SECONDS", "end with a report when a handler runs for longer", set_watchdog},
    {"--version", NULL, "print the version", show_version},
    {"--help", NULL, "print this", show_help},
};

static void print_usage(FILE *to)
{
    fprintf(to, "usage: evio-lua [options] script.lua [arguments]\n"
                "       evio-lua [options] - [arguments]    (script from standard input)\n\n");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        char left[32];
        snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].argument ? " " : "",
                 options[i].argument ? options[i].argument : "");
        fprintf(to, "  %-18s  %s\n", left, options[i].help);
    }
}

static enum outcome show_help(struct script *s, const char *value)
{
    (void)s, (void)value;
    print_usage(stdout);
    return END_WELL;
}

static const struct option *find_option(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, text, length) == 0)
            return &options[i];
    return NULL;
}

static enum outcome complain(const char *what, const char *text)
{
    fprintf(stderr, "evio-lua: %s \"%s\"\n\n", what, text);
    print_usage(stderr);
    return END_USAGE;
}

// One option, and its value from "--name=value" or from the next argument.
static enum outcome read_option(struct script *s, int *at)
{
    const char *text = s->argv[*at];
    size_t length = strncmp(text, "--", 2) == 0 ? strcspn(text, "=") : strlen(text);
    const struct option *o = find_option(text, length);
    if (!o)
        return complain("unknown option", text);
    const char *value = text[length] ? text + length + 1 : NULL;
    if (!o->argument && value)
        return complain("no value is expected in", text);
    if (o->argument && !value) {
        if (*at + 1 >= s->argc)
            return complain("a value is missing after", text);
        value = s->argv[++*at];
    }
    return o->set(s, value);
}

bool cli_parse(int argc, char **argv, struct script *s, int *status)
{
    *s = (struct script){.argv = argv, .argc = argc, .file_at = argc,
                         .defaults = options_defaults};
    s->codes = calloc((size_t)argc, sizeof(char *));
    if (!s->codes) {
        fprintf(stderr, "evio-lua: out of memory\n");
        *status = EXIT_FAILURE;
        return false;
    }
    enum outcome outcome = GO_ON;
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] && outcome == GO_ON; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        outcome = read_option(s, &i);
    }
    if (outcome == GO_ON && i < argc) {
        s->file = argv[i];
        s->file_at = i;
    } else if (outcome == GO_ON && !s->code_count) {
        fprintf(stderr, "evio-lua: a script is missing\n\n");
        print_usage(stderr);
        outcome = END_USAGE;
    }
    *status = outcome == END_USAGE ? EXIT_USAGE : EXIT_SUCCESS;
    return outcome == GO_ON;
}

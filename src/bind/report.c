#include "bind/report.h"

#include "base/hash.h"
#include "base/macros.h"

#include <stdio.h>
#include <string.h>

static const uint64_t interval = 1000000000; // nanoseconds

static void print_others(struct report *r)
{
    if (r->others > 0)
        fprintf(stderr, "evio: %u more errors of other kinds\n", r->others);
    r->others = 0;
}

// Prints text on stderr with control characters other than tab and line feed as \xNN.
static void print_visible(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
            fprintf(stderr, "\\x%02x", c);
        else
            fputc(c, stderr);
    }
}

static void print_count(struct report *r, int i)
{
    if (r->kinds[i].suppressed > 0) {
        fprintf(stderr, "evio: %u more like it: ", r->kinds[i].suppressed);
        print_visible(r->kinds[i].what);
        fputc('\n', stderr);
    }
    r->kinds[i].hash = 0;
    r->kinds[i].suppressed = 0;
}

static int oldest(const struct report *r)
{
    int found = -1;
    for (int i = 0; i < REPORT_KINDS; i++)
        if (r->kinds[i].hash && (found < 0 || r->kinds[i].printed < r->kinds[found].printed))
            found = i;
    return found;
}

static void fire(struct timer *t)
{
    struct report *r = container_of(t, struct report, timer);
    int i;
    while ((i = oldest(r)) >= 0 && r->kinds[i].printed + interval <= r->net->now)
        print_count(r, i);
    print_others(r);
    if (i >= 0)
        timer_set(r->net, &r->timer, r->kinds[i].printed + interval);
}

void report_init(struct report *r, struct net *net)
{
    *r = (struct report){.net = net, .timer.fire = fire};
}

// The place of a message, or a free place for it; -1 when there is none.
static int place(const struct report *r, uint64_t h)
{
    int free_place = -1;
    for (int i = 0; i < REPORT_KINDS; i++) {
        if (r->kinds[i].hash == h)
            return i;
        if (!r->kinds[i].hash)
            free_place = i;
    }
    return free_place;
}

void report_print(struct report *r, const char *where, const char *message)
{
    uint64_t h = hash_bytes(message, strlen(message)) | 1; // 0 is a free place
    int i = place(r, h);
    if (!timer_is_set(&r->timer))
        timer_set(r->net, &r->timer, r->net->now + interval); // else the next message tries it
    if (i < 0) {
        r->others++;
        return;
    }
    if (r->kinds[i].hash == h) {
        r->kinds[i].suppressed++;
        return;
    }
    r->kinds[i].hash = h;
    r->kinds[i].printed = r->net->now;
    size_t line = strcspn(message, "\n");
    snprintf(r->kinds[i].what, sizeof(r->kinds[i].what), "%.*s", (int)line, message);
    fprintf(stderr, "evio: %s: ", where);
    print_visible(message);
    fputc('\n', stderr);
}

void report_flush(struct report *r)
{
    for (int i = 0; i < REPORT_KINDS; i++)
        if (r->kinds[i].hash)
            print_count(r, i);
    print_others(r);
    timer_cancel(r->net, &r->timer);
}

#include "bind/report.h"

#include "base/hash.h"
#include "base/macros.h"

#include <stdio.h>
#include <string.h>

static const uint64_t interval = 1000000000; // nanoseconds

static void print_count(struct report *r, int i)
{
    if (r->kinds[i].suppressed > 0)
        fprintf(stderr, "evio: %u more like it: %s\n", r->kinds[i].suppressed, r->kinds[i].what);
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
    if (i >= 0)
        timer_set(r->net, &r->timer, r->kinds[i].printed + interval);
}

void report_init(struct report *r, struct net *net)
{
    *r = (struct report){.net = net, .timer.fire = fire};
}

// The place of a message, or a place for it: a free one, else the oldest.
static int place(struct report *r, uint64_t h)
{
    int free_place = -1;
    for (int i = 0; i < REPORT_KINDS; i++) {
        if (r->kinds[i].hash == h)
            return i;
        if (!r->kinds[i].hash)
            free_place = i;
    }
    if (free_place < 0) {
        free_place = oldest(r);
        print_count(r, free_place);
    }
    return free_place;
}

void report_print(struct report *r, const char *where, const char *message)
{
    uint64_t h = hash_bytes(message, strlen(message)) | 1; // 0 is a free place
    int i = place(r, h);
    if (r->kinds[i].hash == h) {
        r->kinds[i].suppressed++;
        return;
    }
    r->kinds[i].hash = h;
    r->kinds[i].printed = r->net->now;
    size_t line = strcspn(message, "\n");
    snprintf(r->kinds[i].what, sizeof(r->kinds[i].what), "%.*s", (int)line, message);
    fprintf(stderr, "evio: %s: %s\n", where, message);
    if (!timer_is_set(&r->timer))
        timer_set(r->net, &r->timer, r->net->now + interval);
}

void report_flush(struct report *r)
{
    for (int i = 0; i < REPORT_KINDS; i++)
        if (r->kinds[i].hash)
            print_count(r, i);
    timer_cancel(r->net, &r->timer);
}

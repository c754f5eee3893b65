// net/mailbox: what other threads leave for a loop.
#include "net/mailbox.h"

#include "base/macros.h"
#include "os/thread.h"
#include "support/check.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 20000, CONNS = 8 };

// A message that remembers what became of it.
struct note {
    struct message message;
    int number, delivered;
    bool live;
};

static int order[16], order_count; // the numbers of the notes as they were delivered

static void deliver(struct message *m, bool live)
{
    struct note *n = container_of(m, struct note, message);
    n->delivered++;
    n->live = live;
    if (order_count < (int)ARRAY_LEN(order))
        order[order_count++] = n->number;
}

static struct note note_new(int number)
{
    return (struct note){.message.deliver = deliver, .number = number};
}

static bool readable(const struct mailbox *m)
{
    struct pollfd p = {.fd = mailbox_fd(m), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

// Takes the mail and delivers it: how many wakes there were for this id.
static int take(struct mailbox *m, uint64_t id)
{
    struct message *next, *message = mailbox_take(m);
    const struct slot *slot;
    int count = 0;
    while ((slot = mailbox_take_wake(m)))
        count += slot->id == id;
    for (; message; message = next) {
        next = message->next;
        message->deliver(message, true);
    }
    return count;
}

static void wakes_what_it_admitted(void)
{
    struct slots table = {0};
    struct slot slot;
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0);
    CHECK(mailbox_add(m, &slot) == 0 && slots_find(&table, slot.id) == &slot);
    CHECK(!mailbox_wake(m, slot.id) && !readable(m)); // not yet
    mailbox_admit(m, &slot, true);
    CHECK(mailbox_wake(m, slot.id) && readable(m));
    CHECK(take(m, slot.id) == 1 && !readable(m));
    mailbox_admit(m, &slot, false);
    CHECK(!mailbox_wake(m, slot.id) && !readable(m));
    mailbox_remove(m, &slot);
    CHECK(!mailbox_wake(m, slot.id) && table.count == 0);
    CHECK(take(m, slot.id) == 0);
    mailbox_close(m);
    slots_free(&table);
}

static void knows_no_other_ids(void)
{
    struct slots table = {0};
    struct slot slot;
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0);
    CHECK(!mailbox_wake(m, 0) && !mailbox_wake(m, 1) && !mailbox_wake(m, UINT64_MAX));
    CHECK(mailbox_add(m, &slot) == 0);
    mailbox_admit(m, &slot, true);
    CHECK(!mailbox_wake(m, 0) && !mailbox_wake(m, slot.id + 1) && !mailbox_wake(m, slot.id + 64));
    CHECK(!readable(m));
    mailbox_remove(m, &slot);
    mailbox_close(m);
    slots_free(&table);
}

static void coalesces_until_it_is_emptied(void)
{
    struct slots table = {0};
    struct slot slot;
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0 && mailbox_add(m, &slot) == 0);
    mailbox_admit(m, &slot, true);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            CHECK(mailbox_wake(m, slot.id));
        CHECK(take(m, slot.id) == 1);
    }
    // One that is admitted anew while a wake waits.
    CHECK(mailbox_wake(m, slot.id));
    mailbox_admit(m, &slot, true);
    CHECK(mailbox_wake(m, slot.id));
    CHECK(take(m, slot.id) >= 1);
    CHECK(mailbox_wake(m, slot.id) && take(m, slot.id) == 1);
    mailbox_remove(m, &slot);
    mailbox_close(m);
    slots_free(&table);
}

static void waits_its_turn(void)
{
    struct slots table = {0};
    struct slot one, two;
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0 && mailbox_add(m, &one) == 0 && mailbox_add(m, &two) == 0);
    mailbox_admit(m, &one, true);
    mailbox_admit(m, &two, true);
    CHECK(mailbox_wake(m, one.id) && mailbox_wake(m, two.id));
    CHECK(mailbox_take(m) == NULL && mailbox_take_wake(m) == &one);
    // The first is woken anew, which is for the next time; the other's wake is still to come.
    CHECK(mailbox_wake(m, one.id) && mailbox_wake(m, two.id) && readable(m));
    CHECK(mailbox_take_wake(m) == &two && mailbox_take_wake(m) == NULL);
    CHECK(take(m, two.id) == 0 && !readable(m));
    CHECK(mailbox_wake(m, one.id) && take(m, one.id) == 1);
    mailbox_remove(m, &one);
    mailbox_remove(m, &two);
    mailbox_close(m);
    slots_free(&table);
}

static void wakes_many(void)
{
    struct slots table = {0};
    static struct slot slots[1000];
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0);
    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        CHECK(mailbox_add(m, &slots[i]) == 0);
        mailbox_admit(m, &slots[i], true);
    }
    for (size_t i = 0; i < ARRAY_LEN(slots); i++)
        CHECK(mailbox_wake(m, slots[i].id));
    for (size_t i = 0; i < ARRAY_LEN(slots); i += 2)
        mailbox_remove(m, &slots[i]); // its wake comes to nothing
    CHECK(mailbox_take(m) == NULL);
    for (size_t i = 1; i < ARRAY_LEN(slots); i += 2)
        CHECK(mailbox_take_wake(m) == &slots[i]);
    CHECK(mailbox_take_wake(m) == NULL);
    for (size_t i = 1; i < ARRAY_LEN(slots); i += 2) {
        CHECK(mailbox_wake(m, slots[i].id));
        mailbox_remove(m, &slots[i]);
    }
    mailbox_close(m);
    slots_free(&table);
}

static void delivers_in_order(void)
{
    struct slots table = {0};
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0);
    struct note notes[5];
    order_count = 0;
    for (int i = 0; i < 5; i++) {
        notes[i] = note_new(i);
        CHECK(mailbox_post(m, &notes[i].message) && readable(m));
        if (i == 2)
            take(m, 0);
    }
    CHECK(order_count == 3);
    take(m, 0);
    CHECK(order_count == 5 && !readable(m));
    for (int i = 0; i < 5; i++)
        CHECK(order[i] == i && notes[i].delivered == 1 && notes[i].live);
    mailbox_close(m);
    slots_free(&table);
}

static void gives_back_what_the_loop_left(void)
{
    struct slots table = {0};
    struct slot slot;
    struct mailbox *m;
    CHECK(mailbox_open(&m, &table) == 0 && mailbox_add(m, &slot) == 0);
    mailbox_admit(m, &slot, true);
    struct note one = note_new(1), two = note_new(2), late = note_new(3);
    CHECK(mailbox_post(m, &one.message) && mailbox_wake(m, slot.id));
    CHECK(mailbox_post(m, &two.message));
    mailbox_retain(m); // as a thread does
    mailbox_close(m);
    CHECK(one.delivered == 1 && !one.live && two.delivered == 1 && !two.live);
    CHECK(!mailbox_post(m, &late.message) && late.delivered == 0);
    CHECK(!mailbox_wake(m, slot.id));
    slots_free(&table);
    CHECK(!mailbox_wake(m, slot.id));
    mailbox_release(m);
}

// Threads that wake and post as fast as they can, until the loop is gone.
struct crowd {
    struct mailbox *m;
    _Atomic uint64_t ids[CONNS];
    atomic_int posted, returned, woken;
};

struct letter {
    struct message message;
    struct crowd *crowd;
};

static void open_letter(struct message *m, bool live)
{
    struct letter *l = container_of(m, struct letter, message);
    (void)live;
    l->crowd->returned++;
    free(l);
}

static void *jostle(void *argument)
{
    struct crowd *c = argument;
    for (int i = 0;; i++) {
        if (mailbox_wake(c->m, c->ids[i % CONNS]))
            c->woken++;
        if (i % 8)
            continue;
        struct letter *l = malloc(sizeof(*l));
        *l = (struct letter){.message.deliver = open_letter, .crowd = c};
        c->posted++;
        if (!mailbox_post(c->m, &l->message)) {
            free(l);
            c->posted--;
            break;
        }
    }
    mailbox_release(c->m);
    return NULL;
}

// The loop's side: connections come and go; each wake that was seen is for one that was there.
static void receive(struct crowd *c, struct slots *table)
{
    static struct slot slots[CONNS];
    size_t ids = 0;
    for (int i = 0; i < CONNS; i++) {
        CHECK(mailbox_add(c->m, &slots[i]) == 0);
        mailbox_admit(c->m, &slots[i], true);
        c->ids[i] = slots[i].id;
    }
    for (int round = 0; round < ROUNDS || !c->woken; round++) { // threads may be late on a busy machine
        struct slot *s = &slots[check_random(CONNS)];
        mailbox_remove(c->m, s);
        CHECK(mailbox_add(c->m, s) == 0);
        mailbox_admit(c->m, s, check_random(4) > 0);
        c->ids[s - slots] = s->id;
        struct message *next, *message = mailbox_take(c->m);
        const struct slot *woken;
        for (; (woken = mailbox_take_wake(c->m)); ids++)
            CHECK(slots_find(table, woken->id) == woken);
        for (; message; message = next) {
            next = message->next;
            message->deliver(message, true);
        }
    }
    for (int i = 0; i < CONNS; i++)
        mailbox_remove(c->m, &slots[i]);
    CHECK((int)ids <= c->woken + (int)(CONNS * THREADS));
}

static void stands_a_crowd(void)
{
    struct slots table = {0};
    static struct crowd c;
    pthread_t threads[THREADS];
    CHECK(mailbox_open(&c.m, &table) == 0);
    for (int i = 0; i < THREADS; i++) {
        mailbox_retain(c.m);
        CHECK(thread_start(&threads[i], jostle, &c) == 0);
    }
    receive(&c, &table);
    mailbox_close(c.m);
    slots_free(&table);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(c.posted == c.returned && c.woken > 0);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a mailbox wakes what it admitted", wakes_what_it_admitted},
        {"a mailbox knows no other ids", knows_no_other_ids},
        {"wakes coalesce until they are taken", coalesces_until_it_is_emptied},
        {"a wake that comes while others are taken", waits_its_turn},
        {"a mailbox wakes many", wakes_many},
        {"messages are delivered in order", delivers_in_order},
        {"a mailbox gives back what the loop left", gives_back_what_the_loop_left},
        {"a mailbox stands a crowd of threads", stands_a_crowd},
    };
    return check_run(tests, ARRAY_LEN(tests));
}

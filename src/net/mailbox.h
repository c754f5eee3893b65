// What other threads leave for a loop: wakes for its connections, and messages. Reference-counted:
// it outlives the loop while a thread holds it, and then takes nothing any more.
//
// Its lock also guards the table of connections, which other threads look ids up in: the loop
// changes the table through it, and reads it without.
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include "base/slots.h"

#include <stdbool.h>

struct mailbox;

// Embedded in what is sent. Delivered by the loop, in the order of posting; `live` is false when
// the loop ended before, and the message is only to be freed.
struct message {
    struct message *next;
    void (*deliver)(struct message *, bool live);
};

// Opens one for the loop with this table. `mark` and `link` of its slots are the mailbox's from now on. Returns 0 or a
// negative errno.
int mailbox_open(struct mailbox **mailbox, struct slots *table);

// The loop ended: nothing gets in from now on, and what is in is given back by delivering it with
// `live` false. The loop's reference ends with it.
void mailbox_close(struct mailbox *m);

void mailbox_retain(struct mailbox *m);
void mailbox_release(struct mailbox *m);

// The descriptor that is readable while there is mail.
int mailbox_fd(const struct mailbox *m);

// Changes the table. mailbox_add returns 0 or -ENOMEM.
int mailbox_add(struct mailbox *m, struct slot *slot);
void mailbox_remove(struct mailbox *m, struct slot *slot);

// Whether the object may be woken; at first it may not.
void mailbox_admit(struct mailbox *m, struct slot *slot, bool may);

// Takes all messages, first come first, and sets the wakes aside that came until now.
struct message *mailbox_take(struct mailbox *m);

// The next of the wakes that were set aside: the object's slot, or NULL. A wake that comes after this is a new one.
struct slot *mailbox_take_wake(struct mailbox *m);

// Safe from any thread. Leaves a wake, which takes no memory: true when the object is there and may be woken.
bool mailbox_wake(struct mailbox *m, uint64_t id);

// Safe from any thread. Returns false when the loop is gone; the message stays the caller's.
bool mailbox_post(struct mailbox *m, struct message *message);

#endif

#include "net/mailbox.h"

#include "base/macros.h"
#include "os/thread.h"
#include "os/waker.h"

#include <errno.h>
#include <stdlib.h>

// A slot that was woken is in a list. Another one says by its link, of which only `next` tells that it is in none,
// whether it may be: `prev` is the link itself, or NULL.
static bool may_be_woken(const struct slot *slot)
{
    return slot->link.prev != NULL;
}

static void set_may(struct slot *slot, bool may)
{
    list_remove(&slot->link);
    slot->link.prev = may ? &slot->link : NULL;
}

struct mailbox {
    pthread_mutex_t lock; // of everything below but the waker's descriptors
    unsigned references;
    struct slots *table; // NULL once the loop ended
    struct waker waker;
    struct message *first, **last; // last: where the next message goes
    struct link woken, taken;      // slots; those that were set aside
};

int mailbox_open(struct mailbox **mailbox, struct slots *table)
{
    struct mailbox *m = calloc(1, sizeof(*m));
    if (!m)
        return -ENOMEM;
    int err = waker_open(&m->waker);
    if (err) {
        free(m);
        return err;
    }
    pthread_mutex_init(&m->lock, NULL);
    m->references = 1;
    m->table = table;
    m->last = &m->first;
    list_init(&m->woken);
    list_init(&m->taken);
    *mailbox = m;
    return 0;
}

void mailbox_retain(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->references++;
    pthread_mutex_unlock(&m->lock);
}

void mailbox_release(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool last = --m->references == 0;
    pthread_mutex_unlock(&m->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&m->lock);
    waker_close(&m->waker);
    free(m);
}

void mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->table = NULL;
    pthread_mutex_unlock(&m->lock);
    struct message *next, *message = mailbox_take(m);
    for (; message; message = next) {
        next = message->next;
        message->deliver(message, false);
    }
    mailbox_release(m);
}

int mailbox_fd(const struct mailbox *m)
{
    return m->waker.read_fd;
}

int mailbox_add(struct mailbox *m, struct slot *slot)
{
    pthread_mutex_lock(&m->lock);
    int err = slots_add(m->table, slot);
    slot->link = (struct link){0};
    pthread_mutex_unlock(&m->lock);
    return err;
}

void mailbox_remove(struct mailbox *m, struct slot *slot)
{
    pthread_mutex_lock(&m->lock);
    slots_remove(m->table, slot);
    list_remove(&slot->link);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_admit(struct mailbox *m, struct slot *slot, bool may)
{
    pthread_mutex_lock(&m->lock);
    set_may(slot, may);
    pthread_mutex_unlock(&m->lock);
}

static bool has_mail(const struct mailbox *m)
{
    return m->first || !list_empty(&m->woken);
}

struct message *mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    waker_clear(&m->waker);
    struct message *first = m->first;
    m->first = NULL;
    m->last = &m->first;
    list_move(&m->taken, &m->woken);
    pthread_mutex_unlock(&m->lock);
    return first;
}

struct slot *mailbox_take_wake(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    struct link *link = list_take(&m->taken);
    struct slot *slot = link ? container_of(link, struct slot, link) : NULL;
    if (slot)
        set_may(slot, true);
    pthread_mutex_unlock(&m->lock);
    return slot;
}

bool mailbox_wake(struct mailbox *m, uint64_t id)
{
    pthread_mutex_lock(&m->lock);
    bool first = !has_mail(m);
    struct slot *slot = m->table ? slots_find(m->table, id) : NULL;
    bool there = slot && may_be_woken(slot);
    if (there && !link_in_list(&slot->link))
        list_append(&m->woken, &slot->link);
    if (first && has_mail(m))
        waker_signal(m->waker.write_fd);
    pthread_mutex_unlock(&m->lock);
    return there;
}

bool mailbox_post(struct mailbox *m, struct message *message)
{
    pthread_mutex_lock(&m->lock);
    bool open = m->table != NULL;
    if (open) {
        if (!has_mail(m))
            waker_signal(m->waker.write_fd);
        message->next = NULL;
        *m->last = message;
        m->last = &message->next;
    }
    pthread_mutex_unlock(&m->lock);
    return open;
}

#include "net/mailbox.h"

#include "os/thread.h"
#include "os/waker.h"

#include <errno.h>
#include <stdlib.h>

// slot->mark
enum { MAY_NOT, MAY, WOKEN };

struct mailbox {
    pthread_mutex_t lock; // of everything below but the waker's descriptors
    unsigned references;
    struct slots *table; // NULL once the loop ended
    struct waker waker;
    struct mail mail;
    struct message **last; // where the next message goes
    size_t id_room;
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
    m->last = &m->mail.messages;
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
    struct mail mail = mailbox_take(m);
    free(mail.ids);
    while (mail.messages) {
        struct message *first = mail.messages;
        mail.messages = first->next;
        first->deliver(first, false);
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
    slot->mark = MAY_NOT;
    pthread_mutex_unlock(&m->lock);
    return err;
}

void mailbox_remove(struct mailbox *m, struct slot *slot)
{
    pthread_mutex_lock(&m->lock);
    slots_remove(m->table, slot);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_admit(struct mailbox *m, struct slot *slot, bool may)
{
    pthread_mutex_lock(&m->lock);
    slot->mark = may ? MAY : MAY_NOT;
    pthread_mutex_unlock(&m->lock);
}

struct mail mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    waker_clear(&m->waker);
    struct mail mail = m->mail;
    m->mail = (struct mail){0};
    m->last = &m->mail.messages;
    m->id_room = 0;
    for (size_t i = 0; m->table && i < mail.id_count; i++) {
        struct slot *slot = slots_find(m->table, mail.ids[i]);
        if (slot && slot->mark == WOKEN)
            slot->mark = MAY;
    }
    pthread_mutex_unlock(&m->lock);
    return mail;
}

static bool add_id(struct mailbox *m, uint64_t id)
{
    if (m->mail.id_count == m->id_room) {
        size_t room = m->id_room ? m->id_room * 2 : 64;
        uint64_t *larger = realloc(m->mail.ids, room * sizeof(uint64_t));
        if (!larger)
            return false;
        m->mail.ids = larger;
        m->id_room = room;
    }
    m->mail.ids[m->mail.id_count++] = id;
    return true;
}

static bool has_mail(const struct mailbox *m)
{
    return m->mail.id_count || m->mail.messages;
}

bool mailbox_wake(struct mailbox *m, uint64_t id)
{
    pthread_mutex_lock(&m->lock);
    bool first = !has_mail(m);
    struct slot *slot = m->table ? slots_find(m->table, id) : NULL;
    bool there = slot && slot->mark != MAY_NOT;
    if (there && slot->mark == MAY) {
        there = add_id(m, id);
        if (there)
            slot->mark = WOKEN;
    }
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

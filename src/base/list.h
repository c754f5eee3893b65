// A doubly linked list of links embedded in their owners, with a head that is a link itself.
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *prev, *next; // NULL while it is in no list
};

static inline void list_init(struct link *head)
{
    head->prev = head->next = head;
}

static inline bool list_empty(const struct link *head)
{
    return head->next == head;
}

static inline bool link_in_list(const struct link *link)
{
    return link->next != NULL;
}

static inline void list_append(struct link *head, struct link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

// Takes the link out of its list; nothing happens when it is in none.
static inline void list_remove(struct link *link)
{
    if (!link_in_list(link))
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

// Takes the first link out, or returns NULL.
static inline struct link *list_take(struct link *head)
{
    if (list_empty(head))
        return NULL;
    struct link *first = head->next;
    list_remove(first);
    return first;
}

// Moves everything from one list to another, which must be empty.
static inline void list_move(struct link *to, struct link *from)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#endif

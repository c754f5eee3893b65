// Files among a connection's output. What is written before a file and behind it lies in the connection's queue, or
// with filters in the plaintext that waits for them; here is how much of that is in front of each file.
#ifndef NET_FILES_H
#define NET_FILES_H

#include "net/conn.h"

#define FILES_SHRANK "a file became shorter while it was sent"

struct file {
    struct file *next;
    int fd; // owned
    uint64_t offset, left;
    size_t before; // bytes of output behind the file in front, or from the beginning on
};

// Those of one connection: there is at least one.
struct files {
    struct file *first, *last; // owned
    uint64_t left;             // bytes of all
    size_t before;             // the same
};

// Bytes of files that wait to be sent.
static inline size_t files_pending(const struct conn *c)
{
    return c->files ? c->files->left : 0;
}

// Adds a file behind `queued` bytes of output, and takes over its descriptor. Returns 0 or -ENOMEM, with the descriptor
// still the caller's.
int files_add(struct conn *c, int fd, uint64_t offset, uint64_t length, size_t queued);

// The file that comes next, when nothing is in front of it; else NULL.
static inline struct file *files_turn(const struct conn *c)
{
    return c->files && c->files->first->before == 0 ? c->files->first : NULL;
}

// Of n bytes of output so many may go before the next file.
static inline size_t files_allow(const struct conn *c, size_t n)
{
    return c->files && c->files->first->before < n ? c->files->first->before : n;
}

// That many of them went.
void files_pass(struct conn *c, size_t n);

// That many bytes of the first file went; behind its last one its descriptor is closed.
void files_advance(struct conn *c, size_t n);

// Closes all. Nothing happens where there are none.
void files_free(struct conn *c);

#endif

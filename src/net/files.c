#include "net/files.h"

#include "os/fd.h"

#include <errno.h>
#include <stdlib.h>

int files_add(struct conn *c, int fd, uint64_t offset, uint64_t length, size_t queued)
{
    struct files *all = c->files ? c->files : calloc(1, sizeof(*all));
    struct file *f = all ? malloc(sizeof(*f)) : NULL;
    if (!f) {
        if (!c->files)
            free(all);
        return -ENOMEM;
    }
    *f = (struct file){.fd = fd, .offset = offset, .left = length, .before = queued - all->before};
    if (all->last)
        all->last->next = f;
    else
        all->first = f;
    all->last = f;
    all->left += length;
    all->before = queued;
    c->files = all;
    return 0;
}

void files_pass(struct conn *c, size_t n)
{
    if (!c->files)
        return;
    c->files->first->before -= n;
    c->files->before -= n;
}

static void drop_first(struct conn *c)
{
    struct files *all = c->files;
    struct file *f = all->first;
    all->first = f->next;
    fd_close(f->fd);
    free(f);
    if (!all->first) {
        free(all);
        c->files = NULL;
    }
}

void files_advance(struct conn *c, size_t n)
{
    struct file *f = c->files->first;
    f->offset += n;
    f->left -= n;
    c->files->left -= n;
    if (f->left == 0)
        drop_first(c);
}

void files_free(struct conn *c)
{
    while (c->files)
        drop_first(c);
}

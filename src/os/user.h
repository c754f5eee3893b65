// The user that the process runs as.
#ifndef OS_USER_H
#define OS_USER_H

#include <sys/types.h>

struct user {
    char name[64];
    uid_t uid;
    gid_t gid;
};

// Looks up "name" or "name:group". Returns 0, or -ENOENT when the system does not know one of them.
int user_find(const char *text, struct user *u);

// Becomes that user for good, with the groups that it is in and the one that was named. Nothing is to do
// where it is the user already. Returns 0 or a negative errno, -EPERM where only root may.
int user_become(const struct user *u);

#endif

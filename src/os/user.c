#include "os/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

int user_find(const char *text, struct user *u)
{
    size_t length = strcspn(text, ":");
    if (length == 0 || length >= sizeof(u->name))
        return -ENOENT;
    memcpy(u->name, text, length);
    u->name[length] = '\0';
    const struct passwd *user = getpwnam(u->name);
    if (!user)
        return -ENOENT;
    u->uid = user->pw_uid;
    u->gid = user->pw_gid;
    if (text[length] == '\0')
        return 0;
    const struct group *group = getgrnam(text + length + 1);
    if (!group)
        return -ENOENT;
    u->gid = group->gr_gid;
    return 0;
}

int user_become(const struct user *u)
{
    if (geteuid() == u->uid && getuid() == u->uid && getegid() == u->gid)
        return 0;
    if (initgroups(u->name, u->gid) < 0 || setgid(u->gid) < 0 || setuid(u->uid) < 0)
        return -errno;
    if (u->uid != 0 && (setuid(0) == 0 || geteuid() == 0))
        return -EPERM; // it could go back
    return 0;
}

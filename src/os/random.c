#include "os/random.h"

#include <errno.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

int random_bytes(void *bytes, size_t n)
{
    return getentropy(bytes, n) < 0 ? -errno : 0;
}

#include "os/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void process_setup(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
#ifdef __GLIBC__
    // Below the size of a large chunk (base/queue.c). Setting it also stops glibc from raising it.
    mallopt(M_MMAP_THRESHOLD, 60 * 1024);
#endif
}

#include "os/process.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void process_setup(void)
{
#ifdef __GLIBC__
    // Below the size of a large chunk (base/queue.c). Setting it also stops glibc from raising it.
    mallopt(M_MMAP_THRESHOLD, 60 * 1024);
#endif
}

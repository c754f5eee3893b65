// What the evio-lua process sets for itself, and a library would not.
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

// Makes sure that the standard descriptors are open (/dev/null where they are not), so that no
// socket gets their numbers. Makes the allocator give large blocks back to the system when they are freed, so that a backlog
// of output leaves nothing behind.
void process_setup(void);

#endif

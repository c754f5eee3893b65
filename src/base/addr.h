// Addresses as text: "tcp://host:port", "unix://path", with "?name=value" options. Parsing only;
// names are resolved and sockets made in os/.
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_scheme { ADDR_TCP, ADDR_TCP4, ADDR_TCP6, ADDR_UNIX };

struct addr {
    enum addr_scheme scheme;
    char host[256]; // tcp: a name or an IP address without brackets; "" means every interface
    uint16_t port;  // tcp: 0 lets the system choose
    char path[104]; // unix: a file name, or "@name" for Linux's abstract namespace
    bool reuseport; // SO_REUSEPORT
    int backlog;    // of listen(2); 0 means the default
};

enum { ADDR_ERROR_SIZE = 512 };

// Reads an address. Returns 0, or -EINVAL with a message that quotes the text and says what was
// expected.
int addr_parse(struct addr *a, const char *text, char error[ADDR_ERROR_SIZE]);

// The scheme's name: "tcp", "tcp4", "tcp6", "unix".
const char *addr_scheme_name(enum addr_scheme scheme);

#endif

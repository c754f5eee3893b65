// Addresses as text: "tcp://host:port", "udp://host:port", "unix://path",
// "systemd://name" for sockets that were bound by others, with "?name=value"
// options. Parsing only; names are resolved and sockets made in os/.
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_transport { ADDR_TCP, ADDR_UDP, ADDR_UNIX, ADDR_SYSTEMD };

struct addr {
    enum addr_transport transport;
    int family;     // 4 or 6 where the scheme says so, 0 for both
    bool tls;       // the scheme was tls, tls4 or tls6: tcp with a translator that others put there
    char host[256]; // a name or an IP address without brackets; "" means every interface
    uint16_t port;  // 0 lets the system choose
    char path[104]; // unix: a file name, or "@name" for Linux's abstract namespace; systemd: a name, or ""
    bool reuseport; // SO_REUSEPORT
    int backlog;    // of listen(2); 0 means the default
};

enum { ADDR_ERROR_SIZE = 512 };

// Reads an address. Returns 0, or -EINVAL with a message that quotes the text and says what was
// expected.
int addr_parse(struct addr *a, const char *text, char error[ADDR_ERROR_SIZE]);

// The scheme's name: "tcp", "tcp4", "tcp6", "udp", ..., "unix".
const char *addr_scheme_name(const struct addr *a);

#endif

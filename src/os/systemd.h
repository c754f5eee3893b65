// What a service manager and its services say to each other: sockets that it has bound (sd_listen_fds(3)),
// and that the service is ready (sd_notify(3)). Nothing but environment variables and descriptors.
#ifndef OS_SYSTEMD_H
#define OS_SYSTEMD_H

// Takes the first passed socket of that name, "" for any, that was not taken yet, and makes it non-blocking
// and close-on-exec. Returns its descriptor, or a negative errno: -ENOENT when there is none, -ENOTSUP when
// it is no listening stream socket.
int systemd_take(const char *name);

// Sends a state such as "READY=1" where the environment says where to.
void systemd_notify(const char *state);

#endif

-- Calls that fail while connections are dialed: by address, by name, through a unix socket.
require("spec.support.faults").describe("dial", {
  ENOMEM = "malloc",
  EMFILE = "socket",
  EHOSTUNREACH = "connect",
  ENOBUFS = "getsockopt setsockopt",
  ENOSPC = "epoll_ctl",
})

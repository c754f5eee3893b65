-- Calls that fail while datagrams are exchanged.
require("spec.support.faults").describe("udp", {
  ENOMEM = "malloc recvmmsg",
  ENOBUFS = "sendmsg",
  ENOSPC = "epoll_ctl",
  EMFILE = "socket",
})

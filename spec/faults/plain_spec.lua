-- Calls that fail while clients are served an echo.
require("spec.support.faults").describe("plain", {
  ENOMEM = "malloc",
  ECONNRESET = "recv",
  ENOBUFS = "send bind listen setsockopt getsockname shutdown getaddrinfo getentropy",
  EMFILE = "accept socket eventfd epoll_create open",
  ECONNABORTED = "accept",
  ENOSPC = "epoll_ctl",
})

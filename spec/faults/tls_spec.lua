-- Calls that fail while TLS connections are dialed and served.
require("spec.support.faults").describe("tls", {
  ENOMEM = "malloc",
  EHOSTUNREACH = "recv",
  ENOBUFS = "send sendmsg",
})

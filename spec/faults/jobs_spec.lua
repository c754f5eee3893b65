-- Calls that fail while jobs run, one of them with a socket.
require("spec.support.faults").describe("jobs", {
  ENOMEM = "malloc",
  EAGAIN = "thread",
  EHOSTUNREACH = "recv",
  ENOBUFS = "send",
})

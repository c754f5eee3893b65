-- Calls that fail while connections go through translators in Lua and in C.
require("spec.support.faults").describe("translators", {
  ENOMEM = "malloc",
  EHOSTUNREACH = "recv",
  ENOBUFS = "send",
})

-- Calls that fail while files are sent.
require("spec.support.faults").describe("files", {
  ENOMEM = "malloc",
  EMFILE = "open",
  EIO = "fstat sendfile pread",
})

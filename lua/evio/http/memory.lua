-- What the leaves of HTTP write to, one for all: it is used up before the next call. Pointers to it are constants for
-- LuaJIT, and keep nothing alive; `kept` does.
local ffi = require("ffi")
require("evio.stream") -- the declarations

local MOST_FIELDS = 100

local M = {
  kept = { ffi.new("struct evio_head"), ffi.new("struct evio_chunk"), ffi.new("struct evio_field[?]", MOST_FIELDS) },
}

M.head = ffi.cast("struct evio_head *", M.kept[1])
M.chunk = ffi.cast("struct evio_chunk *", M.kept[2])
M.head.fields, M.head.size = M.kept[3], MOST_FIELDS

return M

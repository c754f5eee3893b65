-- Views: bytes where they lie, which become a string with tostring. They are valid until what they lie in
-- changes: those of a request until the command's function returns.
local ffi = require("ffi")
require("evio.stream") -- the declarations

local M = {}

local istype = ffi.istype

local new = ffi.metatype("struct evio_view", {
  __len = function(self)
    return tonumber(self.length)
  end,
  __tostring = function(self)
    return ffi.string(self.data, self.length)
  end,
})

M.new = new

function M.is(value)
  return istype(new, value)
end

return M

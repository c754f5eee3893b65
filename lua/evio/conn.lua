-- The connection object: a table for the script's own fields in front of evio's methods and
-- fields, which are in C.
local core = require("evio.core")

local M = {}

local methods = core.conn_methods
local fields = core.conn_fields

local metatable = core.conn_metatable
metatable.__name = "evio.conn"
metatable.__metatable = "evio.conn"

function metatable.__index(self, key)
  local method = methods[key]
  if method then
    return method
  end
  local field = fields[key]
  return field and field(self)
end

function metatable.__newindex(self, key, value)
  if methods[key] or fields[key] then
    error(("conn.%s is evio's own and cannot be set"):format(key), 2)
  end
  rawset(self, key, value)
end

function metatable.__tostring(self)
  return ("connection %d %s %s"):format(self.id, self.server and "from" or "to", self.remote_address)
end

-- Walks the connections, oldest first. Those that open meanwhile are left out, and so are those
-- that closed before their turn.
function M.connections()
  local ids = core.conn_ids()
  local i = 0
  return function()
    while i < #ids do
      i = i + 1
      local conn = core.conn(ids[i])
      if conn then
        return conn
      end
    end
  end
end

return M

-- The types for editors name everything that is public.
local support = require("spec.support")

local NAMES = [[
local core = require("evio.core")
for name in pairs(require("evio")) do print("evio." .. name) end
for name in pairs(core.conn_methods) do print("Conn:" .. name) end
for name in pairs(core.conn_fields) do print("Conn." .. name) end
for name in pairs(core.job_methods) do print("Job:" .. name) end
for name in pairs(require("evio").framing) do print("framing." .. name) end
for name in pairs(require("evio").resp) do print("resp." .. name) end
for name in pairs(require("evio").http) do print("http." .. name) end
for name in pairs(require("evio.http.message").methods) do print("request:" .. name) end
for name in pairs(require("evio").websocket) do print("websocket." .. name) end
for name in pairs(require("evio.websocket.socket").methods) do
  if name:sub(1, 1) ~= "_" then print("ws:" .. name) end
end
for name, value in pairs(getmetatable(require("evio").keyspace())) do
  if type(value) == "function" then print("keyspace:" .. name) end
end
for name in pairs(require("evio.codec").methods) do print("Codec:" .. name) end
for name in pairs(require("evio.stream").methods) do print("Stream:" .. name) end
]]

local function documented()
  local names, class = {}, nil
  local files = assert(io.popen("cat lua/evio/_meta/*.lua"))
  for line in files:lines() do
    class = line:match("^%-%-%-@class evio%.?(%w*)") or class
    local field = line:match("^%-%-%-@field ([%w_]+)%??")
    local owner, name = line:match("^function (%w+[.:])([%w_]+)%(")
    if owner then
      names[owner .. name] = true
    elseif field then
      names[(class == "" and "evio" or class) .. "." .. field] = true
    end
  end
  files:close()
  return names
end

describe("the types", function()
  it("name every public function, method and field", function()
    local known = documented()
    local result = support.run({ "-e", NAMES })
    assert.equal(0, result.status, result.stderr)
    local count = 0
    for name in result.stdout:gmatch("%S+") do
      assert.is_true(known[name], name .. " is not in lua/evio/_meta")
      count = count + 1
    end
    assert.is_true(count > 40, count .. " public names found")
  end)

  it("are what the reference was made of", function()
    assert.equal(0, os.execute("luajit scripts/reference.lua --check"))
  end)
end)

-- Connections that are gone, and tables that only look like connections.
local scripts = require("spec.support.scripts")
local support = require("spec.support")

-- Calls every method of the connection that closed before, but for those that only a session may call: their
-- results, sorted by name.
local GONE = [[
local gone
local waiting = { read = true, readline = true, readuntil = true, lines = true }
local arguments = { write = "x", fail = "x", keepalive = 1, nodelay = true, handler = {}, timeout = {}, push = print }
local function results()
  local lines = {}
  for name in pairs(require("evio.core").conn_methods) do
    lines[#lines + 1] = not waiting[name] and name .. "=" .. tostring(gone[name](gone, arguments[name])) or nil
  end
  table.sort(lines)
  return table.concat(lines, " ") .. "\n"
end
]]

local ALL_FALSE = "abort=false close=false detach=false fail=false finish=false handler=false "
  .. "keepalive=false nodelay=false pause=false pending=false pop=false push=false resume=false "
  .. "timeout=false wake=false write=false"

describe("a connection that is gone", function()
  it("has methods that do nothing and return false", function()
    local server = scripts.serve(GONE .. [[
      function events.opened() return "hello\n" end
      function events.data(conn, input)
        if input == "go" then gone = conn return nil, "close" end
        return results()
      end
      function events.closed(conn) if conn == gone then print("closed") end end]])
    local one, two = support.connect(server:address()), support.connect(server:address())
    two:receive_line()
    one:send("go")
    server:expect("closed")
    two:send("ask")
    assert.equal(ALL_FALSE, two:receive_line())
  end)

  it("is so in closed already", function()
    local client, server = scripts.serve_one(GONE .. [[
      function events.closed(conn) gone = conn io.write(results()) end]])
    client:close()
    assert.equal(ALL_FALSE, server:line())
  end)

  it("is collected", function()
    local client, server = scripts.serve_one([[
      local seen = setmetatable({}, { __mode = "k" })
      function events.opened(conn) seen[conn] = true end
      local closed = false
      function events.closed() closed = true end
      function events.tick()
        if not closed then return 0.01 end
        collectgarbage()
        collectgarbage()
        print("left", next(seen))
      end]])
    client:close()
    assert.equal("left\tnil", server:line())
  end)

  it("can be forgotten by its script in every way", function()
    local server = scripts.serve([[
      local keep = {}
      function events.data(conn, input)
        for key in pairs(conn) do rawset(conn, key, nil) end
        for i = 1, 2000 do keep[i] = newproxy(true) end
        collectgarbage()
        collectgarbage()
        for i = 1, 2000 do keep[2000 + i] = { i } end
        return input
      end
      function events.closed() print("closed") end]])
    for _ = 1, 20 do
      local client = support.connect(server:address())
      client:send("x")
      assert.equal("x", client:receive(1))
      client:close()
      assert.equal("closed", server:line())
    end
    server:stop()
  end)
end)

describe("a forged connection", function()
  it("is an error, whatever it is made of", function()
    local client, server = scripts.serve_one([[
      local core = require("evio.core")
      function events.data(conn)
        local forged = { {}, 1, "x", false, newproxy(true), core, setmetatable({}, {
          __index = function() return newproxy(true) end }) }
        local copy = {}
        for key in pairs(conn) do copy[key] = newproxy(true) end
        forged[#forged + 1] = copy
        for index, value in ipairs(forged) do
          for name, method in pairs(core.conn_methods) do
            local ok, message = pcall(method, value, "x")
            local says = ok and name ~= "lines" or not ok and not message:find("conn", 1, true)
            if says then print(index, name, message) end
          end
          for name, field in pairs(core.conn_fields) do
            if pcall(field, value) then print(index, name) end
          end
        end
        print(pcall(conn.write))
        print(pcall(conn.write, io.stdout, "x"))
        print("done")
      end]])
    client:send("x")
    assert.matches("^false\t.*connection", server:line())
    assert.matches("^false\t.*connection", server:line())
    assert.equal("done", server:line())
    assert.is_true(server:alive())
  end)

  it("cannot be made with the metatable", function()
    local client, server = scripts.serve_one([[
      function events.data(conn)
        print(getmetatable(conn), pcall(setmetatable, {}, getmetatable(conn)))
        local fake = {}
        debug.setmetatable(fake, debug.getmetatable(conn))
        print(pcall(function() return fake.id end))
        print(pcall(function() return fake:write("x") end))
      end]])
    client:send("x")
    assert.matches("^evio%.conn\tfalse", server:line())
    assert.matches("^false\t.*connection", server:line())
    assert.matches("^false\t.*connection", server:line())
  end)
end)

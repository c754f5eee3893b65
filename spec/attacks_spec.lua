-- The shapes of attacks: while each runs, an honest client is served within 50 ms, 99 times of 100, and the server's
-- memory stays under a cap.
local attacks = require("spec.support.attacks")

local MIB = 1024 * 1024
local QUIET = { HTTP = { "--port", "0", "--tlscert", "none" } }

-- So many connections at once, each of which runs `each(conn)` when it is there; ready when all are.
local function many(count, each)
  return ([[
    local count, there = %d, 0
    local function each(conn) %s end
    local events = { options = options, data = function() end, failed = function() end, closed = function() end }
    function events.opened(conn)
      each(conn)
      there = there + 1
      if there == count then ready() end
      if there + 50 <= count then evio.dial(events, address) end
    end
    for _ = 1, math.min(50, count) do evio.dial(events, address) end]]):format(count, each)
end

-- Sends text a byte at a time, four a second.
local function trickle(text)
  return ([[
    local text, at = %q, 1
    local timer
    timer = evio.every(0.25, function()
      if not conn:write(text:sub(at, at)) then timer:cancel() end
      at = at %% #text + 1
    end)]]):format(text)
end

local function http()
  return attacks.example("http.lua", QUIET.HTTP)
end

describe("an honest client is served, and memory stays under its cap, beside #timing", function()
  it("slow heads on 1,000 connections", function()
    attacks.run("slow heads, 1,000 connections", http(), {
      attack = many(1000, trickle("GET / HTTP/1.1\r\nHost: x\r\nX-A: " .. ("a"):rep(1000))),
      honest = attacks.HELLO, most = 16 * MIB,
    })
  end)

  it("slow bodies on 1,000 connections", function()
    attacks.run("slow bodies, 1,000 connections", http(), {
      attack = many(1000, [[conn:write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")]]
        .. trickle(("b"):rep(1000))),
      honest = attacks.HELLO, most = 16 * MIB,
    })
  end)

  -- Each poll(2) looks at all of them, so with that backend it is a tenth.
  it("15,000 idle connections", function()
    local count = os.getenv("EVIO_BACKEND") == "poll" and 1500 or 15000
    attacks.run(count .. " idle connections", attacks.example("echo.lua"), {
      attack = many(count, ""), honest = attacks.ECHO, most = 24 * MIB,
    })
  end)

  it("bombs of deflate, 10 at a time", function()
    -- 64 MiB of zeros in 64 KiB, again and again.
    local server = attacks.serve([[
      function events.data(_, input) return input:sub(1, 4) == "ping" and "ping" or nil end
      function events.opened(conn) conn:timeout({ idle = false }) end
      local plain = events
      events = evio.translate(events, function(conn) return conn.index == 2 end, evio.deflate())]],
      { addresses = { "tcp://127.0.0.1:0", "tcp://127.0.0.1:0" } })
    local honest, attacked = server:address(1), server:address(2)
    attacks.run("deflate bombs, 10 at a time", server, {
      address = attacked, honest_address = honest, honest = attacks.ECHO, most = 48 * MIB,
      attack = [[
        local bomb
        local source = evio.translate({ opened = function(conn) conn:write(("\0"):rep(2^24)) conn:finish() end,
          closed = function() end, failed = function() end }, nil, evio.deflate({ level = 9 }))
        local parts, again = {}, nil
        local sink = evio.listen({
          data = function(_, input) parts[#parts + 1] = input end,
          eof = function()
            bomb = table.concat(parts)
            for _ = 1, 10 do again() end
            ready()
          end,
        }, "tcp://127.0.0.1:0")
        function again()
          local events = { options = options, data = function() end }
          function events.opened(conn) conn:write(bomb) end
          function events.closed() evio.after(0.01, again) end
          events.failed = events.closed
          evio.dial(events, address)
        end
        evio.dial(source, sink.addresses[1])]],
    })
  end)

  it("deep pipelining of who does not read", function()
    attacks.run("pipelined requests unread, 10 connections", http(), {
      attack = many(10, [[
        conn:pause()
        local requests = ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" .. ("x"):rep(1000)):rep(50)
        evio.every(0.01, function() if conn:pending() < 1000000 then conn:write(requests) end end)]]),
      honest = attacks.HELLO, most = 64 * MIB,
    })
  end)

  it("peers that read a byte a second", function()
    local server = attacks.serve([[
      events.options = { queue = 4 * 2^20 }
      local big = ("x"):rep(3 * 2^20)
      function events.data(_, input) return input == "ping" and input or big end]])
    attacks.run("readers of a byte a second, 50 connections", server, {
      attack = attacks.SOCKETS .. [[
        local sockets, byte = {}, ffi.new("char[1]")
        for i = 1, 50 do
          sockets[i] = ffi.C.socket(2, 1, 0)
          ffi.C.setsockopt(sockets[i], 1, 8, ffi.new("int[1]", 4096), 4) -- SO_RCVBUF
          assert(ffi.C.connect(sockets[i], to, 16) == 0)
          ffi.C.send(sockets[i], "big", 3, 0)
        end
        evio.every(1, function()
          for _, fd in ipairs(sockets) do assert(ffi.C.recv(fd, byte, 1, 0) == 1) end
        end)
        evio.after(0.2, ready)]],
      honest = attacks.ECHO, most = 50 * 3 * MIB,
    })
  end)

  it("wrong UTF-8 in WebSockets", function()
    attacks.run("wrong UTF-8, 50 WebSockets at a time", attacks.example("websocket.lua"), {
      attack = [[
        local url = address:gsub("tcp", "ws")
        local function again()
          evio.websocket.dial(url, {
            opened = function(ws) ws.conn:write("\129\132\0\0\0\0\195\40\195\40") end,
            message = function() end,
            closed = function(_, code) assert(code == 1007, code) again() end,
          })
        end
        for _ = 1, 50 do again() end
        evio.after(0.2, ready)]],
      honest = attacks.SOCKET, most = 16 * MIB,
    })
  end)

  it("messages of ten thousand fragments", function()
    attacks.run("ten thousand fragments a message, 4 WebSockets", attacks.example("websocket.lua"), {
      attack = [[
        local url = address:gsub("tcp", "ws")
        local frames = "\1\129\0\0\0\0a" .. ("\0\129\0\0\0\0a"):rep(9998) .. "\128\129\0\0\0\0a"
        for _ = 1, 4 do
          evio.websocket.dial(url, {
            opened = function(ws) ws.conn:write(frames) end,
            message = function(ws, data)
              assert(#data == 10000, #data)
              ws.conn:write(frames)
            end,
          })
        end
        evio.after(0.2, ready)]],
      honest = attacks.SOCKET, most = 16 * MIB,
    })
  end)

  -- Strings of one length with equal first, middle and last bytes, which is all that LuaJIT's quick hash looks at.
  it("keys that a hash may take for the same", function()
    attacks.run("colliding keys of RESP", attacks.example("redis.lua"), {
      attack = [[
        local client = evio.resp.client(address)
        local n = 0
        local function more()
          for i = 1, 200 do
            n = n + 1
            client:send({ "SET", ("A"):rep(9) .. ("%08d"):format(n % 200000) .. ("A"):rep(47), "x" },
              i == 200 and more or function() end)
          end
          if n == 2000 then ready() end
        end
        more()]],
      honest = attacks.PING, most = 128 * MIB,
    })
  end)

  it("names of fields that a hash may take for the same", function()
    local server = attacks.serve([[
      local kept = {}
      events = evio.http.server(function(request)
        for name, value in pairs(request.headers) do kept[name] = value end -- the worst that a handler can do
        if request.query.drop then kept = {} end
        return { body = "hello" }
      end)]])
    attacks.run("colliding names of fields", server, {
      attack = [[
        local n = 0
        evio.dial({ options = options,
          opened = function(conn) conn:wake() ready() end,
          data = function(conn)
            local fields = {}
            for i = 1, 98 do
              n = n + 1
              fields[i] = ("a"):rep(9) .. ("%08d"):format(n) .. ("a"):rep(47) .. ": x\r\n"
            end
            return "GET /" .. (n % 9800 == 0 and "?drop=1" or "") .. " HTTP/1.1\r\nHost: x\r\n"
              .. table.concat(fields) .. "\r\n"
          end,
        }, address)]],
      honest = attacks.HELLO, most = 64 * MIB,
    })
  end)

  it("datagrams of 70,000 forged peers", function()
    local server = attacks.serve("function events.data(_, input) return input end",
      { addresses = { "tcp://127.0.0.1:0", "udp://127.0.0.1:0" } })
    local honest, attacked = server:address(1), server:address(2)
    attacks.run("datagrams of 70,000 peers", server, {
      address = attacked, honest_address = honest, honest = attacks.ECHO, most = 96 * MIB,
      attack = attacks.SOCKETS .. [[
        local n = 0
        evio.every(0, function()
          for _ = 1, 200 do
            n = n + 1
            local fd = ffi.C.socket(2, 2, 0)
            local k = n % 70000
            ffi.C.bind(fd, sockaddr(127, 1 + math.floor(k / 65536), math.floor(k / 256) % 256, k % 256, 0), 16)
            ffi.C.sendto(fd, "x", 1, 0, to, 16)
            ffi.C.close(fd)
          end
          if n == 2000 then ready() end
        end)]],
    })
  end)
end)

-- Honest clients of the long run: they check every byte, and end with status 1 where one is wrong.
--   evio-lua scripts/soak/honest.lua SECONDS SEED NAME=ADDRESS...
local evio = require("evio")

local seconds, seed = tonumber(arg[1]), tonumber(arg[2])
math.randomseed(seed)
local addresses = {}
for i = 3, #arg do
  local name, address = arg[i]:match("^(%w+)=(.*)$")
  addresses[name] = address
end

local deadline = evio.now() + seconds
local done = 0

local function check(condition, format, ...)
  if not condition then
    io.stderr:write("honest client: ", format:format(...), "\n")
    os.exit(1)
  end
end

local function bytes(n)
  local parts = {}
  for i = 1, math.ceil(n / 16) do
    parts[i] = ("%08x%08x"):format(math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
  end
  return table.concat(parts):sub(1, n)
end

local function over()
  return evio.now() >= deadline
end

-- Runs fn again and again, in as many coroutines, with a pause between connections.
local function always(count, fn)
  for _ = 1, count do
    local function again()
      if over() then
        return
      end
      fn(function()
        done = done + 1
        evio.after(math.random() * 0.05, again)
      end)
    end
    again()
  end
end

-- A session on an address: its connection is closed when it returns.
local function session(address, events, fn, finished)
  local happened
  local own = evio.session(function(conn)
    fn(conn)
    happened = true
  end)
  own.closed = function(_, err)
    check(not err and happened, "%s: closed: %s", address, tostring(err))
    finished()
  end
  own.failed = function(_, err) check(false, "%s: %s", address, err) end
  evio.dial(events and events(own) or own, address)
end

local function echo(address, events)
  return function(finished)
    session(address, events, function(conn)
      for _ = 1, math.random(1, 20) do
        local text = bytes(math.random(1, 4) == 1 and math.random(1, 200000) or math.random(1, 2000))
        conn:write(text)
        local answer, err = conn:read(#text)
        check(answer == text, "%s: an echo of %d bytes differs: %s", address, #text, tostring(err))
      end
    end, finished)
  end
end

-- Sends all, finishes, and has all of it back before the end.
local function half_close(address)
  return function(finished)
    session(address, nil, function(conn)
      local text = bytes(math.random(1, 100000))
      conn:write(text)
      conn:finish()
      local parts = {}
      for part in function() return conn:read() end do
        parts[#parts + 1] = part
      end
      check(table.concat(parts) == text, "%s: a half-closed echo differs", address)
    end, finished)
  end
end

-- Takes its time over what it asked for.
local function slow(address)
  return function(finished)
    session(address, nil, function(conn)
      conn:write("big\n")
      local got = 0
      while got < 262144 do
        evio.sleep(0.05)
        local part, err = conn:read(math.min(16384, 262144 - got))
        check(part, "%s: a slow reader lost its bytes: %s", address, tostring(err))
        got = got + #part
      end
    end, finished)
  end
end

local function lines(address)
  return function(finished)
    session(address, nil, function(conn)
      for _ = 1, 10 do
        local text = bytes(math.random(1, 100))
        conn:write(text .. "\n")
        check(conn:readline() == text:reverse(), "%s: a line differs", address)
      end
      conn:write("job\n")
      check(conn:readline() == "50005000", "%s: a job's result differs", address)
    end, finished)
  end
end

local function resp(address)
  return function(finished)
    local client, left = evio.resp.client(address), 60
    local function reply(expected)
      return function(value, err)
        check(value == expected, "%s: a reply differs: %s", address, tostring(err or value))
        left = left - 1
        if left == 0 then
          client:close()
          finished()
        end
      end
    end
    for _ = 1, 30 do
      local key, value = "key" .. seed .. math.random(1, 10000), bytes(math.random(1, 200))
      client:send({ "SET", key, value }, reply("OK"))
      client:send({ "GET", key }, reply(value))
    end
  end
end

local function http(address)
  local url = address:gsub("tcp", "http")
  return function(finished)
    local client, left = evio.http.client(url, { connections = 2 }), 12
    for i = 1, 12 do
      local body = i % 3 == 0 and bytes(math.random(1, 50000)) or ""
      local path = i % 4 == 1 and "/later" or i % 4 == 2 and "/big" or "/"
      local expected = path == "/later" and 6 or path == "/big" and 262144 or body == "" and 6 or #body
      client:request({ method = body == "" and "GET" or "POST", path = path, body = body ~= "" and body or nil },
        function(response, err)
          check(response and response.status == 200 and #response.body == expected, "%s%s: %s", url, path,
            tostring(err or (response and response.status)))
          left = left - 1
          if left == 0 then
            client:close()
            finished()
          end
        end)
    end
  end
end

local function websocket(address)
  local url = address:gsub("tcp", "ws") .. "/socket"
  return function(finished)
    local left, sent = 10, nil
    local function say(ws)
      sent = bytes(math.random(1, 3) == 1 and math.random(1, 100000) or math.random(1, 200))
      ws:send(sent, left % 2 == 0 and "text" or "binary")
    end
    evio.websocket.dial(url, {
      opened = say,
      message = function(ws, data)
        check(data == sent, "%s: a message differs", url)
        left = left - 1
        if left == 0 then
          ws:close(1000)
        else
          say(ws)
        end
      end,
      closed = function(_, code)
        check(code == 1000 and left == 0, "%s: closed with %d", url, code)
        finished()
      end,
      failed = function(_, err) check(false, "%s: %s", url, err) end,
    }, { deflate = true })
  end
end

local function udp(address)
  return function(finished)
    local text, conn, over_time = bytes(math.random(1, 1000)), nil, nil
    local function finish()
      over_time:cancel()
      conn:close()
      finished()
    end
    conn = evio.dial({
      opened = function() return text end,
      data = function(_, input)
        check(input == text, "%s: a datagram differs", address)
        finish()
      end,
    }, address)
    over_time = evio.after(1, finish) -- datagrams may be lost
  end
end

local insecure = evio.tls({ verify = false })

always(6, echo(addresses.echo))
always(3, half_close(addresses.echo))
always(3, slow(addresses.lines))
always(3, lines(addresses.lines))
always(3, resp(addresses.resp))
always(3, http(addresses.http))
always(3, websocket(addresses.http))
always(4, echo(addresses.tls, function(events) return evio.translate(events, nil, insecure) end))
always(2, echo(addresses.deflate, function(events) return evio.translate(events, nil, evio.deflate()) end))
always(2, udp(addresses.udp))
evio.run()
print("done", done)

-- A real redis-server beside the server under test: both are fed the same bytes, and what they say is
-- compared.
local assert = require("luassert")
local support = require("spec.support")

local M = {}

local PING, PONG = "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"
local TURNS = 3 -- of a loop, after which a small request was answered

-- What CLIENT LIST tells of one process and one moment.
local OWN = { "id", "addr", "laddr", "fd", "age", "idle", "qbuf", "qbuf-free", "argv-mem",
  "rbs", "rbp", "obl", "tot-mem" }

-- A request of words.
function M.request(words)
  local parts = { ("*%d\r\n"):format(#words) }
  for i, word in ipairs(words) do
    parts[i + 1] = ("$%d\r\n%s\r\n"):format(#word, word)
  end
  return table.concat(parts)
end

-- The words of a line of text, which <> stands for where they are empty.
function M.words(line)
  local words = {}
  for word in line:gmatch("%S+") do
    words[#words + 1] = word == "<>" and "" or word
  end
  return words
end

-- redis-server, which keeps nothing and listens on a socket in a directory of its own: the process and its
-- address.
function M.start_real()
  local directory = support.tmpdir()
  local path = directory .. "/redis.sock"
  local process = support.spawn({ "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir",
    directory, "--daemonize", "no" }, { command = { "redis-server" } })
  process:expect("ready to accept connections")
  return process, "unix://" .. path
end

-- examples/redis.lua, the same.
function M.start_ours(...)
  local process = support.spawn({ "examples/redis.lua", "--port", "0", ... })
  local port = process:expect("^redis server started on tcp://.-:(%d+)")
  return process, "tcp://127.0.0.1:" .. port
end

-- A connection that is watched: what it got, and whether it ended, after so many turns of the server's loop.
local Watched = {}
Watched.__index = Watched

function M.watch(address, probe)
  return setmetatable({ client = support.connect(address), probe = probe, got = "" }, Watched)
end

-- Turns the server's loop: whoever asks it something now is answered after what was here before.
function Watched:turn(times)
  for _ = 1, times or TURNS do
    assert(self.probe:send(PING))
    assert.equal(PONG, (self.probe:receive(#PONG)))
  end
  while not self.ended do
    local bytes, code = self.client:try_receive()
    if bytes and bytes ~= "" then
      self.got = self.got .. bytes
    elseif code == "EAGAIN" then
      break
    else
      self.ended = true -- real Redis may reset where it did not read all
    end
  end
end

-- What is not the same in two runs of the same server.
function M.comparable(bytes)
  bytes = bytes:gsub("(%$2\r\nid\r\n:)%d+", "%1?"):gsub("[$=]%d+\r\n([txt:]*id=)", "%1")
  for _, name in ipairs(OWN) do
    bytes = bytes:gsub("(%f[%a-]" .. name:gsub("%-", "%%-") .. "=)[^ \r\n]*", "%1?")
  end
  return (bytes:gsub("(flags=)[UN]", "%1"))
end

-- The lines of a reply, sorted: for what redis-server says in an order that is another one in each process.
function M.sorted_lines(bytes)
  local lines = {}
  for line in bytes:gmatch("[^\r\n]+") do
    lines[#lines + 1] = line
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

local function told(watched)
  return ("%q%s"):format(M.comparable(watched.got):sub(1, 300), watched.ended and ", closed" or ", open")
end

-- Feeds bytes, or pieces of them, to new connections to both: nil, or what differs. What is the same at once
-- costs no waiting.
function M.difference(real, ours, bytes, pieces)
  local one, other = M.watch(real.address, real.probe), M.watch(ours.address, ours.probe)
  for _, watched in ipairs({ one, other }) do
    for _, piece in ipairs(pieces or { bytes }) do
      watched.client:send(piece)
      watched:turn(pieces and 1)
    end
  end
  local deadline, same = support.clock() + support.DEADLINE
  repeat
    one:turn()
    other:turn()
    same = told(one) == told(other)
  until same or support.clock() > deadline
  one.client:close()
  other.client:close()
  return not same and ("%q\n  redis %s\n  ours  %s"):format(bytes:sub(1, 120), told(one), told(other)) or nil
end

-- The replies to each of a list of requests, which go out together, each with an echo behind it.
function M.replies(address, requests, first)
  local client, parts = support.connect(address), { first or "" }
  local mark = "*2\r\n$4\r\nECHO\r\n$6\r\n\1mark\2\r\n"
  for i, request in ipairs(requests) do
    parts[i + 1] = mark .. request
  end
  client:send(table.concat(parts) .. mark .. M.request({ "QUIT" }))
  local bytes, code = client:receive_all()
  assert.is_nil(code)
  local list = {}
  for reply in (bytes .. "$6\r\n\1mark\2\r\n"):gmatch("(.-)$6\r\n\1mark\2\r\n") do
    list[#list + 1] = M.comparable(reply)
  end
  return list
end

return M

-- The test of Score, version 1: evio-lua examples/score/test.lua
local evio = require("evio")
local protocol = require("protocol")

-- The protocol by itself: each message at every split point, and what is wrong.

local function expect(line, expected)
  local request, message = protocol.parse(line)
  local got = request and ("%s %s"):format(request.verb, request.name or request.count or "-") or message
  assert(got == expected, ("%q is %s, expected %s"):format(line, got, expected))
end

expect("ADD ann 5", "ADD ann")
expect("TOP 3", "TOP 3")
expect("BYE", "BYE -")
expect("ADD ann", "expected points from -1000000 to 1000000")
expect("ADD ann 1e3", "expected points from -1000000 to 1000000")
expect("ADD ann 5 5", "expected points from -1000000 to 1000000")
expect("ADD a-b 5", "expected a name of 1 to 20 letters and digits")
expect("TOP 101", "expected a number from 1 to 100")
expect("", "expected ADD, TOP or BYE")

for _, bytes in ipairs({ "ADD ann 5\n", "TOP 3\r\n" }) do
  for cut = 0, #bytes - 1 do
    assert(protocol.lines:decode(bytes:sub(1, cut)) == nil)
  end
  local line, used = protocol.lines:decode(bytes .. "BYE\n")
  assert(line == bytes:match("[^\r\n]+") and used == #bytes)
end

-- The server, with a client in the same process.

arg[1] = "tcp://127.0.0.1:0" -- the system picks a port
local server = require("server")

local function talk(conn, pieces, expected)
  for _, piece in ipairs(pieces) do
    conn:write(piece)
    evio.sleep(0.001) -- a read of its own, most likely
  end
  for _, line in ipairs(expected) do
    local got, message = conn:readline()
    assert(got == line, ("got %s, expected %s"):format(got or message or "the end", line))
  end
end

local client = evio.session(function(conn)
  talk(conn, { "ADD ann 5\nADD bob 7\n" }, { "OK 5", "OK 7" })
  talk(conn, { "A", "DD ann", " 5", "\r", "\nT", "OP 3\n" }, { "OK 10", "LIST 2", "ann 10", "bob 7" })
  talk(conn, { "what?\nBYE\n" }, { "ERR expected ADD, TOP or BYE", "OK" })
  assert(conn:readline() == nil, "the server closes behind BYE")

  local other = assert(evio.connect(server.addresses[1]))
  other:write(("x"):rep(201) .. "\n")
  assert(other:readline() == nil, "the server closes behind a line that is too long")
end)

function client.closed(_, err) -- err is what an assertion said; it was printed
  if err then
    os.exit(1)
  end
  print("all passed")
  evio.shutdown()
end

evio.dial(client, server.addresses[1])

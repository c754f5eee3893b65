-- Bytes come through whole, whatever a call of the system does that every program has to expect.

local certificates = require("spec.support.certificates")
local datagrams = require("spec.support.datagrams")
local faults = require("spec.support.faults")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local SIZE = 500000

-- Translators of both ends, as source.
local WRAPS = {
  ["plain"] = { "events", "events" },
  ["TLS"] = {
    ("evio.translate(events, nil, evio.tls({ %s }))"):format(certificates.fields("server")),
    ("evio.translate(events, nil, evio.tls({ ca = %q, name = 'localhost' }))"):format(certificates.path("ca.pem")),
  },
  ["Lua"] = { "evio.translate(events, nil, make)", "evio.translate(events, nil, make)" },
  ["deflate"] = { "evio.translate(events, nil, evio.deflate())", "evio.translate(events, nil, evio.deflate())" },
}

-- A translator that puts a length in front of what is sent at once, and hands up what is complete.
local MAKE = [[
local function make()
  local held = ""
  return {
    receive = function(_, wire)
      held = held .. (wire or "")
      local whole = {}
      while #held >= 8 and #held >= 8 + tonumber(held:sub(1, 8)) do
        local n = tonumber(held:sub(1, 8))
        whole[#whole + 1] = held:sub(9, 8 + n)
        held = held:sub(9 + n)
      end
      return table.concat(whole)
    end,
    send = function(_, plain) return ("%08d"):format(#plain) .. plain end,
  }
end
]]

local ECHO = [[
function events.serving(server) print(server.addresses[1]) end
function events.data(_, input) return input end
events = WRAP]]

-- Hands on to what it dials, and back.
local RELAY = [[
local target = table.remove(arg)
local front = {}
function front.serving(server) print(server.addresses[1]) end
function front.opened(conn)
  local events = {}
  function events.data(_, input) conn:write(input) end
  function events.closed(_, err) print(err) end
  conn.other = evio.dial(WRAP, target)
end
function front.data(conn, input) conn.other:write(input) end
function front.closed(conn) conn.other:close() end
events = front]]

local function start(source, wrap, opts)
  return scripts.serve(MAKE .. source:gsub("WRAP", function()
    return wrap
  end), opts)
end

for name, wraps in pairs(WRAPS) do
  describe("an echo through " .. name, function()
    it("is what was sent, for any seed", function()
      for seed = 1, 4 do
        local report = support.tmpdir() .. "/report"
        local env = { EVIO_FAULTS = ("seed=%d,short=40%%,eintr=10%%,eagain=20%%,report=%s"):format(seed, report) }
        local server = start(ECHO, wraps[1], { env = env })
        local relay = start(RELAY, wraps[2], { env = env, addresses = { "tcp://127.0.0.1:0", server:address() } })
        local bytes = support.random_bytes(SIZE, seed)
        local client = support.connect(relay:address())
        support.same_bytes(bytes, (support.exchange(client, bytes)))
        client:close()
        assert.equal("nil", relay:line())
        for _, call in ipairs({ "recv", "send" }) do
          local count = faults.counts(report)[call]
          assert.is_true(count.faulty * 10 > count.made, ("seed %d: %d of %d"):format(seed, count.faulty, count.made))
        end
      end
    end)
  end)
end

describe("an echo of datagrams", function()
  it("keeps their boundaries", function()
    local server = scripts.serve("function events.data(_, input) return input end", {
      addresses = { "udp://127.0.0.1:0" }, env = { EVIO_FAULTS = "seed=1,short=50%,eintr=20%,eagain=20%" },
    })
    local messages = {}
    for i = 1, 30 do
      messages[i] = ("%d "):format(i) .. ("x"):rep(i * 50)
    end
    local peer = datagrams.ask(messages, server:address())
    for i = 1, 30 do
      assert.equal(#messages[i] .. "\t" .. messages[i]:sub(1, 20), peer:line())
    end
  end)
end)

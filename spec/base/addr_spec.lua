-- Malformed addresses: each is refused with a message that quotes it and says what is wrong or what
-- was expected.
local scripts = require("spec.support.scripts")

local PORT = "expected a number from 0 to 65535"
local HOST_PORT = "the port is missing, expected host:port"
local SCHEMES = "expected tcp, tls or udp, with 4 or 6 behind it, unix or systemd"
local BRACKETS = "an IPv6 address stands in brackets, as in tcp://[::1]:5000"
local CHARACTER = "the host name has a character that cannot be in one"
local PATH = "the path is missing, expected unix://path or unix://@name"
local NAME_VALUE = "has no value, expected name=value"
local OPTIONS = "expected reuseport or backlog"
local BACKLOG = "expected a number from 1 to 65535"
local NUL = "a NUL byte is in it"

local MALFORMED = {
  [""] = HOST_PORT,
  [" "] = HOST_PORT,
  ["localhost"] = HOST_PORT,
  ["5000"] = HOST_PORT,
  ["tcp://"] = HOST_PORT,
  ["tcp://localhost"] = HOST_PORT,
  ["tcp://[::1]"] = HOST_PORT,
  ["tcp://[::1]5000"] = HOST_PORT,
  ["tcp://[::1]]:5000"] = HOST_PORT,
  [":"] = 'the port is "", ' .. PORT,
  ["tcp://localhost:"] = 'the port is "", ' .. PORT,
  ["tcp://[::1]:"] = 'the port is "", ' .. PORT,
  ["tcp://localhost:http"] = 'the port is "http", ' .. PORT,
  ["tcp://localhost:-1"] = 'the port is "-1", ' .. PORT,
  ["tcp://localhost:+1"] = 'the port is "+1", ' .. PORT,
  ["tcp://localhost:65536"] = 'the port is "65536", ' .. PORT,
  ["tcp://localhost:4294967376"] = 'the port is "4294967376", ' .. PORT,
  ["tcp://localhost:18446744073709551696"] = 'the port is "18446744073709551696", ' .. PORT,
  ["tcp://localhost:5e3"] = 'the port is "5e3", ' .. PORT,
  ["tcp://localhost:0x50"] = 'the port is "0x50", ' .. PORT,
  ["tcp://localhost: 80"] = 'the port is " 80", ' .. PORT,
  ["tcp://localhost:80 "] = 'the port is "80 ", ' .. PORT,
  ["tcp://localhost:80/"] = 'the port is "80/", ' .. PORT,
  ["tcp://localhost:80#x"] = 'the port is "80#x", ' .. PORT,
  ["http://localhost:80"] = 'unknown scheme "http", ' .. SCHEMES,
  ["TCP://localhost:80"] = 'unknown scheme "TCP", ' .. SCHEMES,
  ["tcp5://localhost:80"] = 'unknown scheme "tcp5", ' .. SCHEMES,
  ["://localhost:80"] = 'unknown scheme "", ' .. SCHEMES,
  [" tcp://localhost:80"] = 'unknown scheme " tcp", ' .. SCHEMES,
  ["tcp://tcp://localhost:80"] = [["://" stands in it twice]],
  ["tcp://localhost:80://"] = [["://" stands in it twice]],
  ["tcp://::1:80"] = BRACKETS,
  ["::1:80"] = BRACKETS,
  ["tcp://[::1:80"] = [["[" without "]"]],
  ["tcp://[]:80"] = [["" is not an IPv6 address]],
  ["tcp://[localhost]:80"] = [["localhost" is not an IPv6 address]],
  ["tcp://[127.0.0.1]:80"] = [["127.0.0.1" is not an IPv6 address]],
  ["tcp://local host:80"] = CHARACTER,
  ["tcp://local\thost:80"] = CHARACTER,
  ["tcp://\127:80"] = CHARACTER,
  ["tcp//localhost:80"] = CHARACTER,
  ["unix://"] = PATH,
  ["unix://@"] = PATH,
  ["unix://?backlog=5"] = PATH,
  ["unix:///tmp/x?reuseport=true"] = "reuseport does not apply to unix sockets",
  ["tcp://:0?"] = 'option "" ' .. NAME_VALUE,
  ["tcp://:0?reuseport"] = 'option "reuseport" ' .. NAME_VALUE,
  ["tcp://:0?backlog=1&"] = 'option "" ' .. NAME_VALUE,
  ["tcp://:0?=1"] = 'unknown option "", ' .. OPTIONS,
  ["tcp://:0?backlog=1&bakclog=2"] = 'unknown option "bakclog", ' .. OPTIONS,
  ["tcp://:0?reuseport="] = 'reuseport is "", expected true or false',
  ["tcp://:0?reuseport=yes"] = 'reuseport is "yes", expected true or false',
  ["tcp://:0?backlog=0"] = 'backlog is "0", ' .. BACKLOG,
  ["tcp://:0?backlog=-1"] = 'backlog is "-1", ' .. BACKLOG,
  ["tcp://:0?backlog=65536"] = 'backlog is "65536", ' .. BACKLOG,
  ["tcp://:0?backlog=many"] = 'backlog is "many", ' .. BACKLOG,
  ["tcp://:0?backlog=1?reuseport=1"] = 'backlog is "1?reuseport=1", ' .. BACKLOG,
}

-- What evio.listen raises for each of the addresses, all asked in one process; nil where it did
-- not raise.
local function messages(addresses)
  local source = { "local function try(address) local ok, message = pcall(evio.listen, events, ",
    "address); print(('%q %s'):format(address, ok and 'listens' or message)) end " }
  for _, address in ipairs(addresses) do
    source[#source + 1] = ("try(%q) "):format(address)
  end
  local _, _, stdout = scripts.run(table.concat(source) .. "evio.shutdown()")
  local found = {}
  for _, address in ipairs(addresses) do
    local quoted = ("%q "):format(address)
    local first, last = stdout:find("\n" .. quoted, 1, true)
    if not first and stdout:sub(1, #quoted) == quoted then
      last = #quoted
    end
    found[address] = last and stdout:match("[^\n]*", last + 1)
  end
  return found
end

describe("a malformed address", function()
  local found

  setup(function()
    local addresses = {}
    for address in pairs(MALFORMED) do
      addresses[#addresses + 1] = address
    end
    found = messages(addresses)
  end)

  for address, words in pairs(MALFORMED) do
    it(("is refused: %q"):format(address), function()
      assert.equal(('bad address "%s": %s'):format(address, words), found[address])
    end)
  end
end)

describe("an address", function()
  it("with a NUL byte is refused", function()
    for _, address in ipairs({ "tcp://:0\\0", "tcp://\\0:0", "unix://a\\0b", "\\0" }) do
      local message = scripts.fail(("evio.listen(events, '%s')"):format(address))
      assert.matches("^evio%-lua: server%.lua:1: bad address \"", message)
      assert.matches(NUL, message, 1, true)
    end
  end)

  it("that is too long is refused, and quoted only in part", function()
    local message = scripts.fail("evio.listen(events, ('x'):rep(100000))")
    assert.matches("it is longer than 1023 bytes", message, 1, true)
    assert.matches('bad address "xxx', message, 1, true)
    assert.is_true(#message < 500)
  end)

  it("with a host name that is too long is refused", function()
    local message = scripts.fail("evio.listen(events, 'tcp://' .. ('x'):rep(256) .. ':0')")
    assert.matches("the host name is longer than 255 bytes", message, 1, true)
  end)

  it("with a path that is too long for a socket is refused", function()
    local message = scripts.fail("evio.listen(events, 'unix:///' .. ('x'):rep(103))")
    assert.matches("the path has 104 bytes, at most 103 fit", message, 1, true)
  end)

  it("that is refused is told with the place in the script", function()
    local message = scripts.fail("\n\nevio.serve(events, 'tcp://:0', 'tcp://tcp://:0')")
    assert.matches("server.lua:3: bad address \"tcp://tcp://:0\"", message, 1, true)
  end)

  it("is needed, and must be a string", function()
    for arguments, words in pairs({
      ["events"] = "an address is missing, expected one such as \"tcp://localhost:5000\"",
      ["events, nil"] = "address 1 is a nil, expected a string such as \"tcp://localhost:5000\"",
      ["events, 5000"] = "address 1 is a number, expected a string",
      ["events, 'tcp://:0', {}"] = "address 2 is a table, expected a string",
      ["events, true"] = "address 1 is a boolean, expected a string",
    }) do
      for _, name in ipairs({ "listen", "serve" }) do
        local message = scripts.fail(("evio.%s(%s)"):format(name, arguments))
        assert.matches("server.lua:1: " .. words, message, 1, true)
      end
    end
  end)
end)

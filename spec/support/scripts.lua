-- Scripts as the specs of the API need them: a server of a few handlers, and a script that is meant
-- to fail. Both have `evio` and an empty table `events`; the source's first line is line 1.

local support = require("spec.support")
local translators = require("spec.support.translators")

local M = {}

local HEAD = 'local evio = require("evio"); local events = {}; '
local TAIL = [[

if not events.serving then
  function events.serving(server)
    print(table.concat(server.addresses, "\n"))
  end
end
evio.serve(events, unpack(arg))
]]

-- Starts a server with the handlers that source puts into `events`. It prints its addresses, unless
-- the source has a `serving` of its own. opts: addresses (a list; one TCP address where it is
-- missing), and those of support.start.
function M.serve(source, opts)
  opts = opts or {}
  opts.args = opts.addresses or { "tcp://127.0.0.1:0" }
  return support.start(HEAD .. source .. TAIL, opts)
end

-- The same, and a client of it.
function M.serve_one(source, opts)
  local server = M.serve(source, opts)
  return support.connect(server:address()), server
end

-- Starts a script whose source dials arg[1], which is the address, with the handlers that it puts into
-- `events`; failed and closed are printed unless it has its own. opts as above.
function M.dial(source, address, opts)
  opts = opts or {}
  opts.args = { address }
  return support.start([[
    local evio = require("evio")
    local events = {}
    function events.failed(_, err, code) print("failed", err, code) end
    function events.closed(_, err, code) print("closed", err, code) end
  ]] .. source, opts)
end

-- Dials a server 50 times at once through the translator that the source `make` makes; each
-- connection asks, and gets 100 KB (102,400 bytes) and a close. Returns how many got all of it, as the
-- script's line: "50" where nothing was lost (seed 22).
function M.whole_replies(make, address)
  local script = M.dial(translators .. ([[
    local whole, left = 0, 50
    function events.opened() return "ask" end
    function events.data(conn, input) conn.got = (conn.got or 0) + #input end
    function events.closed(conn, err)
      if conn.got == 102400 and not err then whole = whole + 1 end
      left = left - 1
      if left == 0 then print(whole) end
    end
    local wrapped = evio.translate(events, nil, %s)
    for _ = 1, 50 do evio.dial(wrapped, arg[1]) end]]):format(make), address)
  return script:line(20)
end

-- Runs source to its end: status, stderr (with "server.lua" as the script's path), stdout. opts.seconds is the
-- deadline.
function M.run(source, opts)
  local script = support.start(HEAD .. source, opts)
  local result = script:wait(opts and opts.seconds)
  local stdout, stderr = script:output()
  local path = script.script:gsub("%p", "%%%0")
  return result.status, (stderr:gsub(path, "server.lua")), stdout
end

-- Runs source, which must end with status 1: the first line on stderr, and all of it.
function M.fail(source, opts)
  local status, stderr = M.run(source, opts)
  if status ~= 1 then
    error(("the script was to fail, it ended with status %s\n%s"):format(status, stderr), 2)
  end
  return stderr:match("^[^\n]*"), stderr
end

return M

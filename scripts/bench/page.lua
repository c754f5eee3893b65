-- Writes docs/performance.md and its charts, of judged results; see report.lua.
local process = require("process")

local M = {}

local PAGE, CHARTS = "docs/performance.md", "docs/charts/"

local INTRO = [[
# Performance

Made by `make bench`, which needs two idle cores: the server has one of them, the load the other. Each figure
is the server's CPU time per request (user and system, from /proc), the median of all rounds with the least and
the most in brackets; servers are measured in turn, and the ratio is the median of the ratios that each round
gave. Rows with a tight bar have three times the rounds. `luajit scripts/bench/run.lua --only resp-get --rounds 5`
measures one row; `--help` names them.
]]

-- Rows side by side: a chart has those whose names begin so, and a title.
local charts = {
  { file = "resp", rows = { "resp-inline", "resp-ping", "resp-set", "resp-get", "resp-keys-set", "resp-keys-get" },
    labels = { "PING inline", "PING", "SET", "GET", "SET, 1M keys", "GET, 1M keys" },
    title = "RESP, 32 pipelined: server CPU per request, µs" },
  { file = "http", rows = { "http", "http-pipelined" }, labels = { "one at a time", "16 pipelined" },
    title = "HTTP hello: server CPU per request, µs" },
  { file = "websocket", rows = { "websocket", "websocket-pipelined" }, labels = { "one at a time", "16 pipelined" },
    title = "WebSocket echo, 32 bytes: server CPU per message, µs" },
  { file = "https", rows = { "https", "handshakes", "resumed", "https-mib" },
    labels = { "HTTPS hello", "full handshake", "resumed handshake", "1 MiB" },
    title = "HTTPS: server CPU per request against nginx", relative = true },
  { file = "echo", rows = { "echo" }, labels = { "" }, title = "Echo, one at a time: server CPU per request, µs" },
}

local function find(results, name)
  for _, result in ipairs(results) do
    if result.name == name then
      return result
    end
  end
end

-- Goes with the bars in rows.lua.
local MISSED = [=[
## What is missed, and why

WebSocket, one at a time: at most 0.45 of ws was wanted. Of evio-lua's 5.9 to 6.6 µs a message the kernel has 5.1 to
5.6 (one recv, one send, a share of one epoll_wait) and the program 0.6 to 0.8; the C loop that answers without
looking (`floor`) costs as much as that kernel's share. So a server that did nothing at all would stand at 0.45 to
0.50 of ws, which costs 10.3 to 12.7 µs here: in its versions 8.13, 8.15 and 8.23, and on node 16, 18 and 20.
Edge-triggered polling did not make the floor cheaper. A load that is paced below what the servers can do makes both
dearer, as each message then has a wake-up of its own, and the ratio is 0.66 to 0.75 from 20,000 to 60,000 messages a
second. (These are figures of a quiet hour; in a restless one the kernel's share grows, and with it the ratio.)

Memory of an idle TLS connection: most of it is OpenSSL's own, and nginx's is as large.

A bar that is missed by a row whose ratios in brackets lie far apart was missed by the machine, which had something
else to do; the row alone, with more rounds, tells.
]=]

-- The lines of a chart's data: a label, and a figure for each server.
local function collect(chart, results)
  local servers, lines = {}, {}
  for i, name in ipairs(chart.rows) do
    local result = find(results, name)
    local figures = {}
    for k, entry in ipairs(result and result.entries or {}) do
      local base = chart.relative and result.entries[#result.entries].median or 1
      figures[k] = entry.median and ("%.4f"):format(entry.median / base) or "NaN"
      servers[k] = servers[k] or entry.label
    end
    lines[#lines + 1] = figures[1] and ('"%s" %s'):format(chart.labels[i], table.concat(figures, " ")) or nil
  end
  return servers, lines
end

local function draw(chart, results)
  local servers, lines = collect(chart, results)
  if #lines < #chart.rows then
    return false -- the run was of some rows only
  end
  local plots = {}
  for k, server in ipairs(servers) do
    plots[k] = ("$data using %d:xtic(1) title '%s'"):format(k + 1, server)
  end
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(("$data << END\n%s\nEND\n"):format(table.concat(lines, "\n")), [[
set terminal svg size 760,340 font "sans-serif,13" background "white"
set style data histogram
set style histogram cluster gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set yrange [0:*]
set grid ytics linecolor "#dddddd"
set border 3
set tics nomirror
set key above
set linetype 1 linecolor "#1f6feb"
set linetype 2 linecolor "#c9c9c9"
set linetype 3 linecolor "#e0a33e"
]], ("set output '%s%s.svg'\nset title '%s'\nplot %s\n"):format(CHARTS, chart.file, chart.title,
    table.concat(plots, ", ")))
  file:close()
  process.run({ "gnuplot", script }, nil, 30)
  os.remove(script)
  return true
end

-- `table_text` is what report.lua makes of the results, `about` a line.
function M.write(results, about, table_text)
  os.execute("mkdir -p " .. CHARTS)
  local parts = { INTRO, about .. "\n" }
  for _, chart in ipairs(charts) do
    if draw(chart, results) then
      parts[#parts + 1] = ("![%s](charts/%s.svg)\n"):format(chart.title, chart.file)
    end
  end
  parts[#parts + 1] = table_text
  parts[#parts + 1] = MISSED
  local file = assert(io.open(PAGE, "w"))
  file:write(table.concat(parts, "\n"))
  file:close()
end

return M

-- A DNS server for specs: answers questions for A and AAAA from a table, as late as it says.
local support = require("spec.support")

local M = {}

local SOURCE = [[
local evio = require("evio")
local events = {}
local records = RECORDS

function events.serving(server) print(server.addresses[1]) end

local function u16(n) return string.char(math.floor(n / 256) % 256, n % 256) end

local function name_of(message)
  local labels, at = {}, 13
  while message:byte(at) ~= 0 do
    labels[#labels + 1] = message:sub(at + 1, at + message:byte(at))
    at = at + 1 + message:byte(at)
  end
  return table.concat(labels, "."):lower(), at + 4
end

function events.data(conn, message)
  local name, last = name_of(message)
  local kind = message:byte(last - 2) == 28 and "aaaa" or "a"
  local record = records[name]
  print("asked", name, kind)
  local answers = {}
  for i, bytes in ipairs(record and record[kind] or {}) do
    answers[i] = u16(0xc00c) .. u16(kind == "a" and 1 or 28) .. u16(1) .. u16(0) .. u16(60)
      .. u16(#bytes) .. bytes
  end
  local reply = message:sub(1, 2) .. u16(0x8580 + (record and 0 or 3)) .. u16(1) .. u16(#answers)
    .. u16(0) .. u16(0) .. message:sub(13, last) .. table.concat(answers)
  if record and record.silent then
    return
  end
  evio.after(record and record[kind .. "_delay"] or 0, function() conn:write(reply) end)
end

evio.serve(events, "udp://127.0.0.1:0")
]]

local function octets(address)
  return (address:gsub("(%d+)%.?", function(number)
    return string.char(tonumber(number))
  end))
end

local LOOPBACK6 = ("\0"):rep(15) .. "\1"

local function literal(value)
  if type(value) == "string" then
    return ("%q"):format(value):gsub("\n", "n"):gsub("%z", "\\000")
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = ("[%s] = %s"):format(literal(key), literal(item))
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- Starts one. records: name -> { a = { "127.0.0.1", ... }, aaaa = { "::1" }, a_delay = seconds,
-- aaaa_delay = seconds, silent = true }. Returns the process, which prints "asked NAME a" for each
-- question, and its address for evio.nameservers.
function M.start(records)
  local prepared = {}
  for name, record in pairs(records) do
    local copy = {}
    for key, value in pairs(record) do
      copy[key] = value
    end
    copy.a, copy.aaaa = {}, {}
    for i, address in ipairs(record.a or {}) do
      copy.a[i] = octets(address)
    end
    for i, address in ipairs(record.aaaa or {}) do
      assert(address == "::1")
      copy.aaaa[i] = LOOPBACK6
    end
    prepared[name] = copy
  end
  local source = SOURCE:gsub("RECORDS", function()
    return literal(prepared)
  end)
  local server = support.start(source)
  return server, (server:address():gsub("^udp://", ""))
end

return M

-- examples/redis.lua beside a real redis-server: the same bytes to both.
local admin = require("spec.support.redis_admin_cases")
local cases = require("spec.support.redis_cases")
local odd = require("spec.support.redis_odd")
local redis = require("spec.support.redis")
local support = require("spec.support")

local HELLO_3 = redis.request({ "HELLO", "3" })

local function start_both()
  local _, real = redis.start_real()
  local _, ours = redis.start_ours()
  return { address = real, probe = support.connect(real) }, { address = ours, probe = support.connect(ours) }
end

local function assert_none(differences, count)
  if differences[1] then
    error(("%d of %d cases differ:\n%s"):format(#differences, count, table.concat(differences, "\n", 1,
      math.min(#differences, 12))), 2)
  end
end

local function requests_of(group)
  local requests = { redis.request({ "SELECT", "0" }), redis.request({ "FLUSHDB" }) }
  for i = 2, #group do
    for _, case in ipairs(group[i]) do
      requests[#requests + 1] = redis.request(type(case) == "string" and redis.words(case) or case)
    end
  end
  return requests
end

local function compare_group(real, ours, group, first)
  local requests, differences = requests_of(group), {}
  local expected = redis.replies(real.address, requests, first)
  local got = redis.replies(ours.address, requests, first)
  local same = group.unordered and redis.sorted_lines or function(reply) return reply end
  for i, reply in ipairs(expected) do
    if same(reply) ~= same(got[i] or "") then
      differences[#differences + 1] = ("%s: %q\n  redis %q\n  ours  %q"):format(group[1],
        requests[i - 1] or "", reply, got[i] or "nothing")
    end
  end
  return differences, #expected
end

local function compare_groups(groups, least, first)
  local real, ours = start_both()
  local differences, count = {}, 0
  for _, group in ipairs(groups) do
    local found, size
    for _ = 1, 5 do -- again, as a TTL is another one where a second ends between the two
      found, size = compare_group(real, ours, group, first)
      if not found[1] then
        break
      end
    end
    for _, difference in ipairs(found) do
      differences[#differences + 1] = difference
    end
    count = count + size
  end
  assert.is_true(count > least, count .. " cases")
  assert_none(differences, count)
end

describe("examples/redis.lua answers as redis-server", function()
  it("to commands, in RESP2", function()
    compare_groups(cases.groups, 1000)
  end)

  it("to commands, in RESP3", function()
    compare_groups(cases.groups, 1000, HELLO_3)
  end)

  it("to commands about itself, in RESP2", function()
    compare_groups(admin.groups, 300)
  end)

  it("to commands about itself, in RESP3", function()
    compare_groups(admin.groups, 300, HELLO_3)
  end)

  it("to odd bytes", function()
    local real, ours = start_both()
    local differences = {}
    for _, bytes in ipairs(odd) do
      differences[#differences + 1] = redis.difference(real, ours, bytes)
    end
    assert_none(differences, #odd)
  end)

  it("to bytes that have no replies", function()
    local real, ours = start_both()
    local differences = {}
    for _, bytes in ipairs(admin.silent) do
      local pieces = {}
      for byte in bytes:gmatch(".") do
        pieces[#pieces + 1] = byte
      end
      differences[#differences + 1] = redis.difference(real, ours, bytes)
      differences[#differences + 1] = #bytes < 150 and redis.difference(real, ours, bytes, pieces) or nil
    end
    assert_none(differences, #admin.silent * 2)
  end)

  it("to odd bytes that come one by one", function()
    local real, ours = start_both()
    local differences, count = {}, 0
    for _, bytes in ipairs(odd) do
      if #bytes <= 60 then
        local pieces = {}
        for byte in bytes:gmatch(".") do
          pieces[#pieces + 1] = byte
        end
        count = count + 1
        differences[#differences + 1] = redis.difference(real, ours, bytes, pieces)
      end
    end
    assert_none(differences, count)
  end)
end)

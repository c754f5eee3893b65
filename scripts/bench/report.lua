-- Medians, ratios and bars of what measure.lua found; as a Markdown table and as JSON.
local M = {}

local function median(list)
  local sorted = { unpack(list) }
  table.sort(sorted)
  local middle = #sorted / 2
  if #sorted % 2 == 1 then
    return sorted[middle + 0.5], sorted[1], sorted[#sorted]
  end
  return (sorted[middle] + sorted[middle + 1]) / 2, sorted[1], sorted[#sorted]
end

local function ratios(samples, others)
  local list = {}
  for round, sample in ipairs(samples) do
    list[round] = sample / others[round]
  end
  return list
end

local function judge(bar, figure)
  if not bar then
    return nil
  end
  if not figure then
    return "not measured"
  end
  local ok = bar.most and figure <= bar.most or bar.below and figure < bar.below
  return ok and "ok" or "MISSED"
end

-- Adds to every entry its median, its ratio (the first entry to it), its bar and its verdict.
local function judge_result(result)
  local first = result.entries[1]
  for i, entry in ipairs(result.entries) do
    if not entry.error then
      entry.median, entry.least, entry.most = median(entry.samples)
    end
    if i == 1 then
      entry.bar = result.bar
      entry.verdict = judge(entry.bar, entry.median)
    else
      entry.bar = result.against[entry.label]
      if not entry.error and not first.error then
        local list = ratios(first.samples, entry.samples)
        entry.ratio, entry.ratio_least, entry.ratio_most = median(list)
      end
      entry.verdict = judge(entry.bar, entry.ratio)
    end
    if entry.error then
      entry.verdict = "not measured"
    end
  end
end

-- Judges all results in place. Returns the exit status: 0, 1 for a missed bar, else 2 for something
-- that could not be measured.
function M.judge(results)
  local status = 0
  for _, result in ipairs(results) do
    judge_result(result)
    for _, entry in ipairs(result.entries) do
      if entry.verdict == "MISSED" then
        status = 1
      elseif entry.verdict == "not measured" and status == 0 then
        status = 2
      end
    end
  end
  return status
end

local function number(value)
  if not value then
    return ""
  end
  return string.format(value < 100 and "%.2f" or "%.0f", value)
end

local function spread(middle, least, most)
  if not middle then
    return ""
  end
  return string.format("%s (%s-%s)", number(middle), number(least), number(most))
end

local function describe_bar(bar)
  if not bar then
    return ""
  end
  return bar.most and "at most " .. number(bar.most) or "below " .. number(bar.below)
end

local function make_row(...)
  return "| " .. table.concat({ ... }, " | ") .. " |\n"
end

local function make_entry(title, unit, entry)
  local rate, p50, p99 = entry.rate or {}, entry.p50 or {}, entry.p99 or {}
  return make_row(
    title,
    entry.label,
    entry.median and spread(entry.median, entry.least, entry.most) .. " " .. unit or "",
    rate[1] and string.format("%.0f", (median(rate))) or "",
    p50[1] and string.format("%.0f / %.0f", median(p50), (median(p99))) or "",
    spread(entry.ratio, entry.ratio_least, entry.ratio_most),
    describe_bar(entry.bar),
    entry.verdict or ""
  )
end

-- Medians, with the least and the most in brackets.
function M.make_table(results)
  local rows = {
    make_row("work", "server", "median", "requests/s", "p50 / p99 µs", "first against it", "bar", ""),
    make_row("---", "---", "--:", "--:", "--:", "--:", "---", "---"),
  }
  for _, result in ipairs(results) do
    for i, entry in ipairs(result.entries) do
      rows[#rows + 1] = make_entry(i == 1 and result.title or "", result.unit, entry)
    end
  end
  return table.concat(rows)
end

-- JSON --------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }

local encode

local function encode_table(value)
  local parts = {}
  if #value > 0 or next(value) == nil then
    for i, item in ipairs(value) do
      parts[i] = encode(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do
    parts[#parts + 1] = encode(key) .. ":" .. encode(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if type(value) == "table" then
    return encode_table(value)
  elseif type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(char)
      return ESCAPES[char] or string.format("\\u%04x", char:byte())
    end) .. '"'
  elseif type(value) == "number" then
    return string.format("%.10g", value)
  end
  return tostring(value)
end

-- Writes everything, with each single sample: { about = {...}, results = [...] }.
function M.write_json(path, about, results)
  local file = assert(io.open(path, "w"))
  file:write(encode({ about = about, results = results }), "\n")
  file:close()
end

return M

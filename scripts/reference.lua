-- Makes docs/reference.md of the types in lua/evio/_meta/.
-- usage: luajit scripts/reference.lua [--check]   (--check: fail when the page is out of date)

local PAGE = "docs/reference.md"
local DIRECTORY = "lua/evio/_meta/"
local SOURCES = { "evio.lua", "events.lua", "conn.lua", "stream.lua", "framing.lua", "resp.lua", "http.lua",
  "http_client.lua", "websocket.lua", "session.lua", "objects.lua", "jobs.lua" }
-- How calls are written whose owner is a module; other owners are classes.
local MODULES = { evio = "evio", framing = "evio.framing", resp = "evio.resp", http = "evio.http",
  websocket = "evio.websocket" }

-- Blocks of `---` lines with the code line that follows them.
local function read_blocks(file)
  local blocks, block = {}, nil
  for line in io.lines(file) do
    local doc = line:match("^%-%-%-(.*)")
    if doc then
      block = block or { text = {}, tags = {} }
      local tag, rest = doc:match("^@(%w+)%s*(.*)")
      if tag then
        block.tags[#block.tags + 1] = { name = tag, rest = rest }
      else
        block.text[#block.text + 1] = doc
      end
    elseif block then
      block.code = line
      blocks[#blocks + 1] = block
      block = nil
    end
  end
  return blocks
end

local function tags(block, name)
  local found = {}
  for _, tag in ipairs(block.tags) do
    if tag.name == name then
      found[#found + 1] = tag.rest
    end
  end
  return found
end

-- Splits "name type words" where the type may have spaces inside of brackets or after a colon.
local function split_type(text)
  local depth, i = 0, 1
  while i <= #text do
    local c = text:sub(i, i)
    if c:find("[%(%[{<]") then
      depth = depth + 1
    elseif c:find("[%)%]}>]") then
      depth = depth - 1
    elseif c == " " and depth == 0 and not text:sub(1, i - 1):find("[:,|]$") then
      break
    end
    i = i + 1
  end
  return text:sub(1, i - 1), text:sub(i + 1)
end

local function cell(text)
  return (text:gsub("|", "\\|"))
end

local function write_fields(out, block)
  local fields = tags(block, "field")
  if #fields == 0 then
    return
  end
  out[#out + 1] = "| field | type | |\n| --- | --- | --- |"
  for _, field in ipairs(fields) do
    local name, rest = field:match("^(%[.-%]%??)%s+(.*)")
    if not name then
      name, rest = field:match("^(%S+)%s+(.*)")
    end
    local kind, words = split_type(rest)
    out[#out + 1] = ("| `%s` | `%s` | %s |"):format(name, cell(kind), cell(words))
  end
  out[#out + 1] = ""
end

local function write_function(out, block)
  local owner, separator, name, params = block.code:match("^function (%w+)([.:])([%w_]+)%((.-)%)")
  local receiver = MODULES[owner] or owner:lower()
  out[#out + 1] = ("### %s%s%s(%s)\n"):format(receiver, separator, name, params)
  out[#out + 1] = table.concat(block.text, "\n") .. "\n"
  for _, param in ipairs(tags(block, "param")) do
    local which, rest = param:match("^(%S+)%s+(.*)")
    local kind, words = split_type(rest)
    out[#out + 1] = ("- `%s`: `%s`%s"):format(which, kind, words ~= "" and ", " .. words or "")
  end
  for _, result in ipairs(tags(block, "return")) do
    local kind, words = split_type(result)
    out[#out + 1] = ("- returns `%s`%s"):format(kind, words ~= "" and " " .. words or "")
  end
  out[#out + 1] = ""
end

local function write_block(out, block)
  local class = tags(block, "class")[1]
  local alias = tags(block, "alias")[1]
  if class then
    out[#out + 1] = ("## %s\n\n%s\n"):format(class, table.concat(block.text, "\n"))
    write_fields(out, block)
  elseif alias then
    local name, kind = alias:match("^(%S+)%s+(.*)")
    out[#out + 1] = ("### %s\n\n`%s`. %s\n"):format(name, kind, table.concat(block.text, "\n"))
  elseif block.code and block.code:find("^function") then
    write_function(out, block)
  end
end

local out = {
  "# API reference\n",
  "Made by `scripts/reference.lua` of the types in `lua/evio/_meta/`; do not edit.\n",
}
for _, file in ipairs(SOURCES) do
  for _, block in ipairs(read_blocks(DIRECTORY .. file)) do
    write_block(out, block)
  end
end
local page = table.concat(out, "\n"):gsub("\n\n\n+", "\n\n")

if arg[1] == "--check" then
  local file = io.open(PAGE)
  if not file or file:read("*a") ~= page then
    io.stderr:write(PAGE, " is out of date: run make docs\n")
    os.exit(1)
  end
else
  local file = assert(io.open(PAGE, "w"))
  assert(file:write(page))
  assert(file:close())
end

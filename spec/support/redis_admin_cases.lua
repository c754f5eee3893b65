-- What redis-server and examples/redis.lua are both asked about themselves: groups as those of redis_cases.lua.
-- In an `unordered` group the lines of each reply are compared sorted.
local M = {}

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n;]+") do
    list[#list + 1] = line:match("^%s*(.-)%s*$")
  end
  return list
end

-- The lines of a text for each of some words.
local function each(words, text)
  local list = {}
  for _, word in ipairs(words) do
    list[#list + 1] = text:gsub("%$", word)
  end
  return lines(table.concat(list, "\n"))
end

M.groups = {
  { "COMMAND", lines([[
    COMMAND foo; COMMAND <>; COMMAND COUNT x; COMMAND HELP; command help; COMMAND HELP x; COMMAND LIST x
    COMMAND LIST FILTERBY; COMMAND LIST FILTERBY MODULE; COMMAND LIST FILTERBY MODULE x; COMMAND LIST FILTERBY x y
    COMMAND LIST FILTERBY PATTERN x y; COMMAND LIST x PATTERN y; COMMAND LIST FILTERBY ACLCAT x
    COMMAND LIST FILTERBY ACLCAT @read; COMMAND LIST FILTERBY ACLCAT <>; COMMAND LIST FILTERBY PATTERN <>
    COMMAND LIST filterby pattern INCR; COMMAND LIST filterby Pattern GE[T]; COMMAND LIST FILTERBY PATTERN client|id
    COMMAND LIST FILTERBY PATTERN e?ho; COMMAND INFO PING; COMMAND INFO ping ECHO nothing GET set DEL
    COMMAND INFO FLUSHDB QUIT SHUTDOWN INCR MGET MSET EXISTS EXPIRE TTL KEYS DBSIZE SELECT HELLO INFO
    COMMAND INFO get|x; COMMAND INFO client|nothing client| |id client|id|x nothing|id | || get|; COMMAND DOCS nothing
    COMMAND INFO client|id client|getname client|setname
    COMMAND INFO config|get; COMMAND INFO command|count command|docs command|getkeys command|getkeysandflags
    COMMAND INFO command|help command|info command|list]], { { "COMMAND", "LIST", "FILTERBY", "MODULE\0x", "a" },
      { "COMMAND", "INFO", "get\0", "client|id\0" }, { "COMMAND", "f\0oo" }, { "COMMAND", ("x"):rep(200) } }) },
  { "COMMAND GETKEYS", lines([[
    COMMAND GETKEYS; COMMAND GETKEYS GET; COMMAND GETKEYS GET a; COMMAND getkeys get a b; COMMAND GETKEYS PING x
    COMMAND GETKEYS nothing x; COMMAND GETKEYS client id x; COMMAND GETKEYS client nothing x; COMMAND GETKEYS get|a b
    COMMAND GETKEYS client|id a b; COMMAND GETKEYS CONFIG GET; COMMAND GETKEYS SET a; COMMAND GETKEYS SET a b
    COMMAND GETKEYS SET a b GET; COMMAND GETKEYS MSET a 1; COMMAND GETKEYS MSET a 1 b; COMMAND GETKEYS MSET a 1 b 2
    COMMAND GETKEYS DEL a b a; COMMAND GETKEYS MGET a b c d; COMMAND GETKEYS EXISTS a; COMMAND GETKEYS EXPIRE a 10 NX
    COMMAND GETKEYS TTL a; COMMAND GETKEYS INCR a; COMMAND GETKEYS KEYS a; COMMAND GETKEYS <> a
    COMMAND GETKEYS COMMAND COUNT; COMMAND GETKEYS COMMAND GETKEYS x
    COMMAND GETKEYSANDFLAGS; COMMAND GETKEYSANDFLAGS GET; COMMAND GETKEYSANDFLAGS GET a; COMMAND GETKEYSANDFLAGS GET a b
    COMMAND GETKEYSANDFLAGS SET a b; COMMAND GETKEYSANDFLAGS SET a b get; COMMAND GETKEYSANDFLAGS SET a b EX 10 GeT NX
    COMMAND GETKEYSANDFLAGS SET GET get; COMMAND GETKEYSANDFLAGS MSET a 1 b 2; COMMAND GETKEYSANDFLAGS DEL a b
    COMMAND GETKEYSANDFLAGS EXISTS a b; COMMAND GETKEYSANDFLAGS INCR a; COMMAND GETKEYSANDFLAGS EXPIRE a 1
    COMMAND GETKEYSANDFLAGS PING a; COMMAND GETKEYSANDFLAGS foo a]],
    { { "COMMAND", "GETKEYSANDFLAGS", "SET", "a", "b", "GET\0" }, { "COMMAND", "GETKEYS", "GET\0", "a" } }) },
  { "CONFIG SET", lines([[
    CONFIG SET; CONFIG SET timeout; CONFIG SET timeout 1 maxmemory; CONFIG SET x y; config set X y; CONFIG SET <> <>
    CONFIG SET timeout 10 x y; CONFIG GET timeout; CONFIG SET x y databases 3; CONFIG SET databases 3 x y
    CONFIG SET DataBases 16; CONFIG SET unixsocket x; CONFIG SET timeout 1 timeout 2; CONFIG SET timeout 1 TimeOut 2
    CONFIG SET timeout 20 maxmemory-policy allkeys-lru
    CONFIG GET timeout; CONFIG GET maxmemory-policy; CONFIG SET timeout 30 maxmemory-policy x; CONFIG GET timeout
    CONFIG SET TIMEOUT x; CONFIG SET timeout -1
    CONFIG SET timeout 2147483647; CONFIG SET timeout 2147483648; CONFIG SET timeout 010; CONFIG SET timeout <>
    CONFIG SET timeout 99999999999999999999; CONFIG SET timeout 9007199254740993; CONFIG SET timeout 0
    CONFIG SET maxmemory-policy NOEviction; CONFIG GET maxmemory-policy; CONFIG SET maxmemory-policy <>
    CONFIG SET port x; CONFIG SET port -1; CONFIG SET port 65536; CONFIG SET port 0; CONFIG SET appendonly x
    CONFIG SET appendonly NO; CONFIG GET appendonly; CONFIG SET appendonly <>; CONFIG SET save x; CONFIG SET save 1
    CONFIG SET save <>; CONFIG GET save; CONFIG SET databases; CONFIG GET; CONFIG REWRITE; CONFIG REWRITE x
    CONFIG RESETSTAT; CONFIG RESETSTAT x; config help; CONFIG HELP x; CONFIG foo; CONFIG SET proto-max-bulk-len 1
    CONFIG SET proto-max-bulk-len 1mb; CONFIG GET proto-max-bulk-len; CONFIG SET proto-max-bulk-len 536870912]],
    { { "CONFIG", "SET", "save", "900 1 300 10" }, "CONFIG GET save", { "CONFIG", "SET", "save", "900 1 300" },
      { "CONFIG", "SET", "save", "0 1" }, { "CONFIG", "SET", "save", "1 -1" }, { "CONFIG", "SET", "save", "1  2" },
      { "CONFIG", "SET", "save", "010 +1" }, "CONFIG GET save", { "CONFIG", "SET", "save", "7 " }, "CONFIG GET save",
      { "CONFIG", "SET", "save", " " }, { "CONFIG", "SET", "save", "1 2x" }, { "CONFIG", "SET", "save", "" },
      "CONFIG GET save", { "CONFIG", "SET", "timeout\0", "1" }, { "CONFIG", "SET", "timeout", "1\0x" },
      { "CONFIG", "SET", "x\0y", "1" }, { "CONFIG", "SET", "timeout", "a b" } }) },
  { "CONFIG SET of bytes", each({ "0", "1", "b", "<>", "k", "1b", "2k", "2KB", "3m", "3Mb", "4g", "4gB", "4t", "-1",
    "1.5", "1 k", "x", "18446744073709551615", "18446744073709551616", "99999999999999999999999",
    "18446744073709551615k",
    "0x10", "007", ("1"):rep(127), ("1"):rep(128) }, "CONFIG SET maxmemory $; CONFIG GET maxmemory"),
    lines("CONFIG SET maxmemory 0") },
  { "CONFIG GET, in no order", lines([[
    CONFIG GET save timeout; CONFIG GET timeout SAVE save nothing; CONFIG GET [st][ai][vm]e*t timeout SAVE
    CONFIG GET save*
    CONFIG GET maxmemory maxmemory-policy MAXMEMORY]]), unordered = true },
  { "COMMAND, in no order", lines([[
    COMMAND INFO COMMAND
    COMMAND LIST FILTERBY PATTERN command*
    COMMAND LIST FILTERBY PATTERN {PING}]]), unordered = true },
}

return M

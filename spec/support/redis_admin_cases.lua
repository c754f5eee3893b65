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
    COMMAND DOCS nothing PING ECHO GET SET DEL FLUSHDB QUIT SHUTDOWN INCR MGET MSET EXISTS EXPIRE TTL KEYS DBSIZE SELECT
    COMMAND DOCS HELLO INFO; COMMAND DOCS config|get config|set config|help config|resetstat config|rewrite
    COMMAND DOCS client|caching client|getname client|getredir client|help client|id client|info client|kill client|list
    COMMAND DOCS client|no-evict client|pause client|reply client|setname client|tracking client|trackinginfo
    COMMAND DOCS client|unblock client|unpause command|count command|docs command|getkeys command|getkeysandflags
    COMMAND DOCS command|help command|info command|list client|nothing |
    COMMAND INFO client|id client|getname client|setname
    COMMAND INFO config|get; COMMAND INFO command|count command|docs command|getkeys command|getkeysandflags
    COMMAND INFO command|help command|info command|list]], { { "COMMAND", "LIST", "FILTERBY", "MODULE\0x", "a" },
      { "COMMAND", "f\0oo" }, { "COMMAND", ("x"):rep(200) } }) },
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
    { { "COMMAND", "GETKEYSANDFLAGS", "SET", "a", "b", "GET\0" } }) },
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
      "CONFIG GET save", { "CONFIG", "SET", "timeout", "1\0x" },
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
  { "CLIENT", lines([[
    CLIENT HELP; client help; CLIENT HELP x; CLIENT NO-EVICT; CLIENT NO-EVICT ON; CLIENT NO-EVICT off; CLIENT NO-EVICT x
    CLIENT NO-EVICT ON OFF; CLIENT REPLY; CLIENT REPLY x; CLIENT REPLY ON; CLIENT REPLY on x; CLIENT GETREDIR
    CLIENT GETREDIR x; CLIENT UNPAUSE; CLIENT UNPAUSE x; CLIENT PAUSE; CLIENT PAUSE 0; CLIENT PAUSE x; CLIENT PAUSE -1
    CLIENT PAUSE 0 x; CLIENT PAUSE x WRITE; CLIENT PAUSE 0 write; CLIENT PAUSE 0 ALL; CLIENT PAUSE 0 ALL x
    CLIENT PAUSE x y z; client pause x y z; client unBlock 1 ERROR z
    CLIENT PAUSE 9223372036854775808; CLIENT PAUSE 1.5; CLIENT PAUSE 20; PING
    CLIENT UNBLOCK; CLIENT UNBLOCK 99999; CLIENT UNBLOCK 99999 TIMEOUT; CLIENT UNBLOCK 9999 error; CLIENT UNBLOCK x
    CLIENT UNBLOCK x y; CLIENT UNBLOCK 1 x; CLIENT UNBLOCK 1 ERROR x; CLIENT UNBLOCK 9223372036854775808
    CLIENT GETNAME x; CLIENT SETNAME me; CLIENT INFO; CLIENT INFO x; CLIENT NO-EVICT on; CLIENT INFO; CLIENT LIST
    CLIENT NO-EVICT OFF; CLIENT SETNAME <>; CLIENT LIST; SELECT 3; CLIENT INFO; SELECT 0; CLIENT LIST x
    CLIENT LIST TYPE; CLIENT LIST TYPE normal; CLIENT LIST type PUBSUB; CLIENT LIST TYPE master; CLIENT LIST TYPE slave
    CLIENT LIST TYPE replica; CLIENT LIST TYPE x; CLIENT LIST TYPE normal x; CLIENT LIST TYPE <>; CLIENT LIST <> a
    CLIENT LIST ID; CLIENT LIST ID x; CLIENT LIST ID 99999; CLIENT LIST ID 99999 x; CLIENT LIST ID 0 -1
    CLIENT LIST foo a; CLIENT LIST ID 1.5; CLIENT LIST ID <>; CLIENT foo; CLIENT ID x; CLIENT SETNAME; CLIENT GETNAME]],
    { { "CLIENT", "REPLY", "ON\0x" }, { "CLIENT", "LIST", "TYPE\0", "normal\0x" }, { "CLIENT", "NO-EVICT", "off\0" },
      { "CLIENT", "PAUSE", "0\0" }, { "CLIENT", "LIST", "TYPE", "x\0y" } }) },
  { "CLIENT KILL", lines([[
    CLIENT KILL; CLIENT KILL x; CLIENT KILL 1.2.3.4:5; CLIENT KILL <>; CLIENT KILL ID; CLIENT KILL ID x
    CLIENT KILL ID 0; CLIENT KILL ID -1; CLIENT KILL ID 99999; CLIENT KILL id 99999 ID; CLIENT KILL ID 99999 x y
    CLIENT KILL ID 9223372036854775807; CLIENT KILL ID 9223372036854775808; CLIENT KILL TYPE x; CLIENT KILL TYPE slave
    CLIENT KILL TYPE pubsub; CLIENT KILL TYPE master SKIPME no; CLIENT KILL TYPE replica SKIPME yes; CLIENT KILL USER x
    CLIENT KILL USER default ID 99999; CLIENT KILL USER DEFAULT; CLIENT KILL USER <>; CLIENT KILL SKIPME x
    CLIENT KILL SKIPME no ADDR 1.2.3.4:5; CLIENT KILL ADDR 1.2.3.4:5; CLIENT KILL LADDR 1.2.3.4:5
    CLIENT KILL addr x laddr y type NORMAL user default skipme YES; CLIENT KILL x y; CLIENT KILL ADDR; CLIENT KILL x y z
    CLIENT KILL ID 99999 ID 99998; CLIENT KILL MAXAGE 1]], { { "CLIENT", "KILL", "USER", "default\0" },
      { "CLIENT", "KILL", "TYPE", "x\0y" }, { "CLIENT", "KILL", "ID\0", "99999" } }) },
  { "CLIENT TRACKING", lines([[
    CLIENT TRACKINGINFO; CLIENT TRACKINGINFO x; CLIENT TRACKING; CLIENT TRACKING x; CLIENT TRACKING off
    CLIENT TRACKING OFF OPTIN; CLIENT TRACKING off x; CLIENT TRACKING ON x; CLIENT TRACKING x x; CLIENT TRACKING x OPTIN
    CLIENT TRACKING ON PREFIX; CLIENT TRACKING ON PREFIX a; CLIENT TRACKING ON BCAST OPTIN
    CLIENT TRACKING ON bcast optout; CLIENT TRACKING ON OPTIN OPTOUT; CLIENT TRACKING ON REDIRECT
    CLIENT TRACKING ON REDIRECT x
    CLIENT TRACKING ON REDIRECT 99999; CLIENT TRACKING ON REDIRECT 0; CLIENT TRACKING off REDIRECT 99999
    CLIENT TRACKING ON BCAST PREFIX a PREFIX ab; CLIENT TRACKING ON BCAST PREFIX ab PREFIX c PREFIX a
    CLIENT TRACKING ON BCAST PREFIX a PREFIX <>; CLIENT TRACKING ON PREFIX a PREFIX a; CLIENT TRACKING off NOLOOP x
    CLIENT TRACKING off BCAST OPTIN OPTOUT PREFIX a; CLIENT CACHING; CLIENT CACHING yes; CLIENT CACHING no
    CLIENT CACHING x; CLIENT CACHING yes no; CLIENT GETREDIR; CLIENT TRACKINGINFO]]) },
  { "COMMAND, in no order", lines([[
    COMMAND INFO COMMAND CLIENT CONFIG
    COMMAND LIST FILTERBY PATTERN client*
    COMMAND LIST FILTERBY PATTERN CLIENT|*t
    COMMAND LIST FILTERBY PATTERN command*
    COMMAND LIST FILTERBY PATTERN {PING}
    COMMAND DOCS client; COMMAND DOCS config; COMMAND DOCS command]]), unordered = true },
}

-- Bytes, each for a connection of its own, as those of redis_odd.lua: replies that are not sent. (Where QUIT has none,
-- redis-server does not close the connection: the examples' does.)
M.silent = {}
for _, text in ipairs({
  "CLIENT REPLY OFF;PING", "CLIENT REPLY OFF;PING;CLIENT REPLY ON;PING", "CLIENT REPLY SKIP;PING;PING",
  "PING;CLIENT REPLY OFF;PING;foo;GET;CLIENT;CLIENT REPLY x;CLIENT REPLY SKIP;PING;CLIENT REPLY ON;ECHO a;ECHO b",
  "CLIENT REPLY SKIP;CLIENT REPLY SKIP;PING;ECHO a", "CLIENT REPLY SKIP;CLIENT REPLY ON;PING",
  "CLIENT REPLY SKIP;CLIENT REPLY OFF;PING;CLIENT REPLY ON;PING", "CLIENT REPLY SKIP;foo;PING",
  "CLIENT REPLY SKIP;CLIENT REPLY x;PING", "CLIENT REPLY SKIP;;ECHO a;ECHO b", "CLIENT REPLY SKIP;*0;ECHO a;ECHO b",
  "CLIENT REPLY SKIP;ECHO \"a b\";ECHO c;ECHO d", "CLIENT REPLY OFF;ECHO \"a b\";CLIENT REPLY \"ON\";ECHO d",
  "CLIENT REPLY OFF;HELLO 3;CLIENT REPLY ON;GET nothing", "CLIENT REPLY OFF;SET k v;CLIENT REPLY ON;GET k;DEL k",
  "CLIENT REPLY SKIP;ECHO " .. ("x"):rep(20000) .. ";PING", "CLIENT REPLY OFF;ECHO " .. ("x"):rep(20000) .. ";PING",
  "CLIENT REPLY SKIP;EXISTS " .. ("x "):rep(200) .. ";PING", "CLIENT REPLY SKIP;POST x;PING", "CLIENT REPLY SKIP",
}) do
  M.silent[#M.silent + 1] = text:gsub(";", "\r\n") .. "\r\n"
end

return M

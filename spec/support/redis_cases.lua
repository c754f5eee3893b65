-- What redis-server and examples/redis.lua are both asked. `groups`: lists of commands on one connection, a
-- string of words or a list of them. `odd`: bytes, each on a connection of its own.
local M = {}

-- The lines of texts, which a semicolon ends, too, and of lists.
local function lines(...)
  local list = {}
  for _, item in ipairs({ ... }) do
    if type(item) == "table" then
      for _, line in ipairs(item) do
        list[#list + 1] = line
      end
    else
      for line in item:gmatch("[^\n;]+") do
        list[#list + 1] = line:match("^%s*(.-)%s*$")
      end
    end
  end
  return list
end

-- The lines of a text for each of some words.
local function each(words, text)
  local list = {}
  for _, word in ipairs(words) do
    list[#list + 1] = text:gsub("%$", (word:gsub("%%", "%%%%")))
  end
  return lines(table.concat(list, "\n"))
end

local SET_OPTIONS = lines([[
  EX; PX; NX; XX; GET; KEEPTTL; EXAT; PXAT; FOO; EX 10; EX 0; EX -1; EX x; EX 9223372036854775807;
  EX 9223372036854775; EX 9223372036854776; EX 9223372036854775808; PX 9223372036854775807; PX 9007199254000;
  PX 100000; PX 0; PX -5; NX XX; XX NX; NX GET; XX GET; GET NX; EX 10 PX 10; EX 10 EX 10; EX 10 KEEPTTL;
  KEEPTTL EX 10; KEEPTTL KEEPTTL; PXAT 1; EXAT 1; EXAT 0; EXAT -1; EXAT 99999999999; PXAT 99999999999999;
  EX 10 NX; GET GET; NX NX; XX XX; ex 10 nx get; Ex 10 gEt; EX 1.5; EX <>; EX 010; EX +5; EX 10 FOO; FOO EX 10;
  EX NX; NX EX; PERSIST; GETX; <>
]])
local INTEGERS = lines([[
  1; -1; 0; -9007199254740991; -9007199254740992; -9007199254740993; 9007199254740990; 9007199254740991;
  9007199254740992; 9007199254740993; 9223372036854775806; 9223372036854775807; 9223372036854775808;
  -9223372036854775808; -9223372036854775809; 18446744073709551615; 99999999999999999999; abc; 1.5; 1e3; 01;
  +1; -0; 00; -; --1; 0x10; inf
]])
local EXPIRE_OPTIONS = lines([[
  NX; XX; GT; LT; nx; NX XX; NX GT; NX LT; XX GT; XX LT; GT LT; GT GT; FOO; foo NX; NX foo; <>
]])
EXPIRE_OPTIONS[#EXPIRE_OPTIONS + 1] = ""
local GLOBS = lines([=[
  h*llo; h[ae]llo; h[^e]llo; h[^ae]llo; h[a-b]llo; h[b-a]llo; h[e-a]llo; h[a-]llo; h[-a]llo; h[a-ce-g]llo;
  h\?llo; h?llo; h[; h[e; h[a; h[^; h[^e; h[]llo; h[^]llo; h[]]llo; h[\]]llo; h[\]-a]llo; h[a-\]]llo;
  h[\a-b]llo; h[a\-z]llo; h[^\]]llo; h[]-a]llo; h[?]llo; h[?-^]llo;
  h[^?-^]llo; h[!-~]llo; h[\-~]llo; h[%-z]llo; h[+--]llo; h[--/]llo; h[[-^]llo; h[^-a]llo;
  h[*]llo; *; **; ***; ?; ?????; ??????; *?????; *l*;
  *lo; *l; h\; h\\llo; [; ]; \*; \h*; \; h%a*; h.llo; h*\o; *\; *[; *[o; *[o]; [h-h][a-z][l][l][o]; [^a]ello;
  <>; h]llo; ^hello$; hell-o; hello*; hello?; (hello); he+llo; HELLO;
  *h*l*o; h*l*l*l*o; *l*l*; *?l*o?*
]=])
local KEYS = lines([[
  hello; hallo; hbllo; h?llo; h]llo; h[llo; h^llo; h-llo; h\llo; h; <>
]])

M.groups = {
  { "PING and ECHO", lines([[
    PING
    ping x
    PING a b
    PiNg <>
    ECHO
    ECHO hi
    echo <>
    ECHO a b
    QUITS]]) },
  { "GET and SET", lines([[
    SET a 1
    GET a
    get nothing
    GET
    GET a b
    SET
    SET a
    SET <> x
    GET <>
    SET <> <>
    GET <>]], { { "SET", "\0k\r\n\255", "\0v\r\n\255" }, { "GET", "\0k\r\n\255" }, { "GET", "\0k\r\n" },
      { "EXISTS", "\0k\r\n\255" }, { "KEYS", "\0*" }, { "KEYS", "?k\r\n?" }, { "DEL", "\0k\r\n\255" } }) },
  { "SET's options", each(SET_OPTIONS, [[
    DEL k
    SET k v $
    GET k
    TTL k
    SET k w $
    GET k
    TTL k
    SET k z EX 100
    SET k y $
    GET k
    TTL k]]) },
  { "options that are no C strings", lines({ { "SET", "k", "v", "NX\0" }, { "SET", "k", "w", "get\0x", "EX\0", "10" },
    { "SET", "k", "v", "\0NX" }, { "EXPIRE", "k", "100", "XX\0x" }, { "EXPIRE", "k", "100", "F\0x" },
    { "EXPIRE", "k", "100", "\r\nF\r\nx\n\r" }, { "EXPIRE", "k", "100", "\n" }, { "FLUSHDB", "sync\0x" },
    { "SHUTDOWN", "x\0" } }) },
  { "DEL and EXISTS", lines([[
    DEL
    DEL a a b
    SET x 1
    SET y 2
    SET z 3
    DEL x x y nothing
    EXISTS x
    EXISTS z
    DEL z
    DEL z z
    EXISTS
    SET x 1
    EXISTS x x nothing x
    SET y 1 PXAT 1
    EXISTS y
    DEL y]]) },
  { "INCR", each(INTEGERS, [[
    SET n $
    INCR n
    GET n
    INCR n
    GET n]]) },
  { "INCR of other values", lines({ { "SET", "n", " 1" }, "INCR n", { "SET", "n", "1 " }, "INCR n",
    { "SET", "n", "1\n" }, "INCR n", { "SET", "n", "1\0" }, "INCR n" }, [[
    SET n <>
    INCR n
    DEL n
    INCR n
    INCR n
    INCR
    INCR a b
    SET n 1 EX 100
    INCR n
    TTL n]]) },
  { "MGET and MSET", lines([[
    MSET a 1 b 2
    MGET a b nothing
    MGET nothing
    MGET a a
    MSET a
    MSET a 1 b
    MSET a 1 a 2 a 3
    MGET a
    MGET
    MSET
    SET a 1 EX 100
    MSET a 2
    TTL a]]) },
  { "EXPIRE's options", each(EXPIRE_OPTIONS, [[
    SET e 1
    EXPIRE e 50 $
    TTL e
    EXPIRE e 100 $
    TTL e
    EXPIRE e 70 $
    TTL e
    EXPIRE e -1 $
    EXISTS e
    EXPIRE nothing 100 $
    EXPIRE nothing x $]]) },
  { "EXPIRE's numbers", each(INTEGERS, [[
    SET e 1
    EXPIRE e $
    EXISTS e
    EXPIRE e $ NX
    EXPIRE nothing $]]) },
  { "EXPIRE and TTL", each({ "9223372036854775", "9223372036854776", "-9223372036854775", "-9223372036854776", "<>" },
    "SET e 1\nEXPIRE e $\nEXISTS e\nEXPIRE e $ foo"), lines([[
    EXPIRE a
    EXPIRE
    TTL
    TTL nothing
    TTL a b
    SET a 1
    TTL a
    EXPIRE a 9007199254
    TTL a
    EXPIRE a 9223370000000000
    EXISTS a
    EXPIRE a 0
    DBSIZE
    SET a 1 EX 100; EXPIRE a -1 GT; DBSIZE; EXPIRE a -1 LT; DBSIZE; SET a 1; TTL a
    EXISTS a]]) },
  { "FLUSHDB and DBSIZE", lines([[
    FLUSHDB
    DBSIZE
    SET a 1
    SET a 2
    DBSIZE
    SET b 2
    DBSIZE
    DEL a
    DBSIZE
    FLUSHDB ASYNC
    DBSIZE
    FLUSHDB sync
    FLUSHDB x
    FLUSHDB SYNC ASYNC
    FLUSHDB <>
    DBSIZE x]]) },
  { "SELECT", each({ "0", "1", "15", "16", "-1", "x", "99999999999", "2147483647", "2147483648", "-2147483648",
    "-2147483649", "9223372036854775807", "9223372036854775808", "01", "1.0", "<>" },
    "SELECT $\nDBSIZE\nSET here $\nGET here"), lines("SELECT\nSELECT 1 2\nSELECT 3\nGET here\nSELECT 0\nGET here") },
  { "HELLO", lines([[
    HELLO
    HELLO 4
    HELLO 1
    HELLO x
    HELLO <>
    HELLO 3 FOO
    HELLO 2 SETNAME
    HELLO 3
    GET nothing
    HELLO
    HELLO 2
    GET nothing
    HELLO 03
    HELLO 99999999999
    HELLO 2 foo bar
    HELLO 2 AUTH default x SETNAME me; CLIENT GETNAME
    HELLO 3 setname you Auth other x; CLIENT GETNAME; GET nothing
    HELLO 3 AUTH DEFAULT x; HELLO 3 AUTH default; HELLO 3 SETNAME a SETNAME <>; CLIENT GETNAME
    HELLO 2 SETNAME b FOO; CLIENT GETNAME; GET nothing; HELLO 4 SETNAME c
    CLIENT GETNAME]], { { "HELLO", "2", "SETNAME", "a b" }, { "HELLO", "2", "SETNAME\0x", "d" },
      { "HELLO", "2", ("x"):rep(300) }, "CLIENT GETNAME" }) },
  { "CLIENT", lines([[
    CLIENT
    CLIENT GETNAME
    CLIENT SETNAME foo
    CLIENT GETNAME
    CLIENT SETNAME
    CLIENT SETNAME a b
    CLIENT foo
    client foo bar
    CLIENT <>
    client getname x
    CLIENT SETNAME <>
    CLIENT GETNAME
    CLIENT ID x]], { { "CLIENT", "SETNAME", "a b" }, { "CLIENT", "SETNAME", "a\nb" }, { "CLIENT", "f\r\no\0o" } }) },
  { "CONFIG GET", lines([[
    CONFIG
    CONFIG GET
    CONFIG GET save
    CONFIG GET appendonly
    CONFIG GET maxmemory-policy
    CONFIG GET timeout
    CONFIG GET proto-max-bulk-len
    CONFIG GET SAVE
    config get AppendOnly
    CONFIG GET nothing*
    CONFIG GET save save
    CONFIG GET save*
    CONFIG GET sav[e] SAVE
    CONFIG GET SAVE sav[e]
    CONFIG GET save SAVE
    CONFIG GET databases
    CONFIG GET maxmemory
    CONFIG GET <>
    CONFIG foo
    CONFIG GET sav\e
    CONFIG GET sav\e save*
    CONFIG get]], { { "CONFIG", "GET", "sav[e]\0x" },
      { "CONFIG", "GET", ("*a"):rep(300) } }) },
  { "unknown commands", lines([[
    foo
    foo a b
    FOO <>
    <>
    <> a
    PIN
    PINGG
    SE k v
    foo a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z]],
    { { "fo\r\no", "a\r\nb" }, { ("x"):rep(200), ("y"):rep(200) }, { "foo", ("a"):rep(100), ("b"):rep(100), "c" },
      { "foo", ("a"):rep(120), "b", "c", "d" }, { "foo", ("a"):rep(128), "b" }, { "foo", ("a"):rep(127), "b" },
      { "\0\1", "a\0b" }, { "foo\0bar", "a" }, { ("x"):rep(128) }, { ("x"):rep(129) },
      { "a\tb", "\127\200" }, { "'", '"' } }) },
  { "SHUTDOWN and QUIT, misspelt", lines("SHUTDOWN x\nSHUTDOWN NOSAVE foo\nQUITT",
    "SHUTDOWN ABORT\nSHUTDOWN abort ABORT\nSHUTDOWN ABORT NOW\nSHUTDOWN SAVE NOSAVE\nSHUTDOWN NOSAVE NOW SAVE") },
}

-- KEYS, of one key at a time.
for _, key in ipairs(KEYS) do
  local list = lines("FLUSHDB", "SET " .. key .. " 1")
  for _, glob in ipairs(GLOBS) do
    list[#list + 1] = "KEYS " .. glob
  end
  M.groups[#M.groups + 1] = { "KEYS where there is " .. key, list }
end
M.groups[#M.groups + 1] = { "KEYS", lines("KEYS\nKEYS a b\nFLUSHDB\nKEYS *", { { "SET", "a\200", "1" } },
  each({ "[a-\255]", "[\255-a]", "[\127-\128]", "[\255-\128]", "[^\255-a]" }, "KEYS a$\nKEYS $\200"),
  { { "SET", ("a"):rep(60), "1" }, { "KEYS", ("*a"):rep(30) }, { "KEYS", ("a*"):rep(30) .. "b" },
    { "KEYS", ("*?"):rep(300) }, { "KEYS", ("*"):rep(300) .. "a" } }) }

return M

-- Bytes that are no usual requests, each for a connection of its own.
local LONG = 70000

return {
  -- Inline requests.
  "\r\n", "\n", "  \r\n", "PING\r\n", "PING\n", " PING \r\n", "ping hello\r\n", "PING\r\n\r\n\nPING\r\n",
  'PING "a b"\r\n', "PING 'a b'\r\n", 'PING "a\\x41\\n\\"z"\r\n', "PING 'a\\'b'\r\n", 'PING "a\r\n', "PING 'a\r\n",
  'PING "a"b\r\n', 'PING a"b"\r\n', 'PING a"b"c\r\n', "PING ''\r\n", 'PING ""\r\n', '""\r\n', "''\r\nPING\r\n",
  'SET k "v w"\r\nGET k\r\n', "PING\0\r\n", "PING\0x\r\nPING\r\n", "\0\r\n", "PING\r\r\n", "PING \r \r\n",
  "P\tING\r\n", "PING\ta\r\n", "PING\va\r\n", "PING a\vb\r\n", "\vPING\r\n", "\fPING \f\r\n", "PING\f\r\n",
  'PING "\\x4"\r\n', 'PING "\\xzz"\r\n', 'PING "\\q"\r\n', 'PING "abc\\"\r\n', "PING 'a\\nb'\r\n", 'PING "\\a\\b\\t\\r"\r\n',
  "PING 'a' \"b\"\r\n", "PING 'a'\t\"b\"\r\n", "PING \"a\"\v\"b\"\r\n", "\"PING\"\r\n", "'PI'NG\r\n", "PI'NG'\r\n", "\"PI\\x4eG\"\r\n",
  'PING "a\0b"\r\n', "PING \"\200\255\"\r\n", "PING \200\255\r\n", "+PING\r\n", "$4\r\nPING\r\n", "-ERR\r\n", ":1\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "post\r\n", "Host: x\r\n", "HOST: \r\n",
  "PING\r\nPOST /\r\nPING\r\n", "P", "PING", "PING\r", '"', "'\n", ("A"):rep(LONG), ("A"):rep(LONG) .. "\r\n", ("\n"):rep(1000),
  ("PING\n"):rep(1000), "PING " .. ("x"):rep(60000) .. "\r\n", ("x "):rep(3000) .. "\r\n",
  -- Counts.
  "*0\r\nPING\r\n", "*-1\r\nPING\r\n", "*-0\r\nPING\r\n", "*-100\r\nPING\r\n", "*-9223372036854775808\r\nPING\r\n",
  "*-9223372036854775809\r\nPING\r\n", "*-01\r\n", "*--1\r\n", "*\r\nPING\r\n", "*x\r\nPING\r\n", "*1x\r\n", "*1.0\r\n",
  "*01\r\n$4\r\nPING\r\n", "*00\r\n", "*+1\r\n", "* 1\r\n", "*1 \r\n", "*1\n$4\nPING\n", "*1\n\r\n$4\r\nPING\r\n",
  "*2147483647\r\n", "*2147483648\r\n", "*4294967297\r\n$4\r\nPING\r\n", "*9223372036854775807\r\n", "*9223372036854775808\r\n",
  "*99999999999999999999999\r\n", "*1048577\r\n$4\r\nPING\r\n", "*\0\r\n", "*1\0\r\n", "*1\0\r\n$4\r\nPING\r\n", "*1\r\0$4\r\0PING\r\0",
  "*1\rx$4\rxPINGxx", "*1\r\r$4\r\rPING\r\r", "*", "*1", "*1\r", "**1\r\n", "*$1\r\n", "*" .. ("1"):rep(LONG), "*" .. ("1"):rep(30),
  "*" .. ("1"):rep(LONG) .. "\r\n", "*-" .. ("1"):rep(30) .. "\r\n", "*3\r\n",
  -- Lengths.
  "*1\r\n$04\r\nPING\r\n", "*1\r\n$-1\r\n", "*1\r\n$-0\r\n", "*1\r\n$-5\r\n", "*1\r\n$x\r\n", "*1\r\n$\r\n", "*1\r\n$4x\r\nPING\r\n",
  "*1\r\n$+4\r\nPING\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$536870912\r\n", "*1\r\n$536870912\r\nabc", "*1\r\n$536870913\r\n",
  "*2\r\n$4\r\nECHO\r\n$536870912\r\n", "*2\r\n$4\r\nECHO\r\n$536870913\r\n",
  "*1\r\n$4294967300\r\nPING\r\n", "*1\r\n$9223372036854775807\r\n", "*1\r\n$9223372036854775808\r\n",
  "*1\r\n$-9223372036854775808\r\n", "*1\r\n$99999999999999999999\r\n", "*1\r\n$4\0\r\nPING\r\n", "*1\r\n$" .. ("1"):rep(LONG),
  "*1\r\n$3\r\nPING\r\n", "*1\r\n$5\r\nPING\r\nPING\r\n", "*1\r\n$4\r\nPINGxx", "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
  "*1\r\n$4\r\nPING", "*1\r\n$4\r\nPING\r", "*1\r\n$4\r", "*1\r\n$4", "*1\r\n$", "*1\r\n$1000\r\nabc", "*1\r\n$0\r\n\r\n", "*1\r\n$0\r\n",
  "*2\r\n$0\r\n\r\n$1\r\na\r\n", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
  -- What is no bulk string.
  "*1\r\nPING\r\n", "*1\r\n:4\r\nPING\r\n", "*1\r\n+PING\r\n", "*1\r\n\r\nPING\r\n", "*1\r\n\nPING\r\n", "*1\r\n\0\r\n", "*1\r\n\0",
  "*1\r\nx", "*1\r\nx\r", "*1\r\n\2554\r\nPING\r\n", "*1\r\n*1\r\n$4\r\nPING\r\n", "*1\r\n*", "*2\r\n$4\r\nECHO\r\n*1\r\n$1\r\na\r\n",
  "*1\r\n" .. ("x"):rep(LONG), "*1\r\n_\r\n", "*1\r\n%1\r\n", "*2\r\n$4\r\nPING\r\nPING\r\n", ("*1\r\n"):rep(100),
  -- Requests behind each other.
  "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na\0b\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n$4\r\nECHO\r\n$6\r\na\r\nb\r\n\r\n",
  "*3\r\n$3\r\nSET\r\n$3\r\n\0\r\n\r\n$2\r\n\0\255\r\n*2\r\n$3\r\nGET\r\n$3\r\n\0\r\n\r\n",
  ("*1\r\n$4\r\nPING\r\n"):rep(3) .. "garbage", ("*1\r\n$4\r\nPING\r\n"):rep(3) .. "garbage\r\nPING\r\n",
  "*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nPING\r\n", "PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n*1\r\n$4\r\nPING\r\n", "*0\r\n*0\r\n*-1\r\n\r\nPING\r\n",
  "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n", "*2\r\n$4\r\nQUIT\r\n$1\r\nx\r\n", "quit\r\nPING\r\n", "*1\r\n$4\r\nPING\r\nQUIT\r\n",
  "*300\r\n$4\r\nMGET\r\n" .. ("$1\r\nk\r\n"):rep(299), "*65\r\n$3\r\nfoo\r\n" .. ("$1\r\nk\r\n"):rep(64),
  "*64\r\n$6\r\nEXISTS\r\n" .. ("$1\r\nk\r\n"):rep(63), "*20000\r\n$6\r\nEXISTS\r\n" .. ("$1\r\nk\r\n"):rep(19999),
}

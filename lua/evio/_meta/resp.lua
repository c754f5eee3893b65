---@meta _

-- RESP, the protocol of Redis.

---`evio.resp`: RESP2 and RESP3. Requests, inline ones too, are taken and refused as redis-server 7.0 does,
---in its words. `encode`, `decode` and their kin do no I/O.
---@class evio.resp
---@field null evio.RespNull Null inside of a list, where nil is no value; what `decode` gives for it.
---@field none evio.RespNone What a command returns that has no reply, or sends it itself, now or later.
local resp = {}

---@class evio.RespNull

---@class evio.RespNone

---A status or an error, of `resp.status` and `resp.error`.
---@class evio.RespLine
---@field text string
---@field is_error? boolean

---A value that `decode` gives or a command returns: a string is a bulk string; a whole number up to 2^53 and an
---`int64_t` are integers; other numbers are doubles, in RESP2 as text; a boolean is 1 or 0 in RESP2; a list of
---values, of `n` or `#` of them, is an array; nil and `resp.null` are null.
---@alias evio.RespValue nil|string|number|integer|boolean|evio.RespLine|evio.RespNull|table

---A command of `resp.server`: its arity and its function. The arity is Redis's: how many parts a request
---has, the name among them (and the container's, for one below it); with a minus, how many at least.
---@class evio.RespCommand
---@field [1] number the arity
---@field [2] fun(conn: evio.Conn, ...): reply: evio.RespValue|evio.RespNone, action: evio.Action gets the parts that must be there as strings, and behind them, where the arity is negative, a list of the others, nil for none
---@field views? boolean The parts that must be there are views: no strings are made of them.

---Makes a `data` handler for a table of commands: name = { arity, function }, or name = a table of commands
---below it, as for CONFIG GET. Names are of any case, 1 to 29 bytes. What the function returns is the reply,
---and an action as `data` has it. Requests in one read are handled in order; replies leave together, in that
---order, with what a command wrote itself. A peer that breaks the protocol gets an error and is closed.
---Behind `conn:finish()` replies are dropped. `options.input` has to be as large as the largest request.
---@param commands table<string, evio.RespCommand|table<string, evio.RespCommand>> read once, here
---@return evio.StreamHandler
function resp.server(commands) end

---The command HELLO: `HELLO = resp.hello("redis", "7.0.15")`. The version that a peer chose is `conn.resp`, nil
---or 2, or 3; replies are written in it. SETNAME sets `conn.name`; AUTH takes the user "default" with whatever
---password, as Redis without users does.
---@param name string of the server
---@param version string of the server
---@return evio.RespCommand
function resp.hello(name, version) end

---The command CLIENT, with what is below it in redis-server 7.0: `CLIENT = resp.client_commands()`. LIST, KILL and
---PAUSE are about the connections of the same server. `tell` gives what else the server knows of a connection, by the
---names of CLIENT LIST's fields, as `{ db = 3 }`. The name is `conn.name`. What is not as in Redis: LIST knows the
---last command of the connection that asks only; TRACKING ON is refused, because nobody would invalidate; a
---connection that opens in a pause is not held back, and a pause for WRITE holds back those that read, too; REPLY
---OFF and SKIP are about what commands return, not about `conn:write`.
---@param tell? fun(conn: evio.Conn): table<string, string|number>
---@return table<string, evio.RespCommand>
function resp.client_commands(tell) end

---The function of CLIENT SETNAME: `SETNAME = { 3, resp.set_name }`. The name is `conn.name`, nil for none.
---@param conn evio.Conn
---@param name string
---@return evio.RespLine
function resp.set_name(conn, name) end

---A connection to a server that speaks RESP.
---@class evio.RespClient
---@field conn evio.Conn for its addresses, time-outs and the like
local client = {}

---Sends a request, at once: many may wait for their replies, which come in order. `fn` gets the reply; null is
---nil, an error nil, its text and its first word (`"ERR"`, `"WRONGTYPE"`). Where the connection ends in front of
---the reply, `fn` gets nil, a message and a code such as `"ECONNRESET"`. Without `fn` nobody hears of it.
---SUBSCRIBE and its kin have no reply: what comes of them are push messages.
---@param request (string|number)[] the command's name and its arguments
---@param fn? fun(value: evio.RespValue, message: string?, code: string?)
---@return number|false pending bytes that wait to be sent, as from `conn:write`; false where the connection is closing or gone, and then `fn` is not called
function client:send(request, fn) end

---In sessions: sends a request and waits for its reply. Several sessions may use one client.
---@param ... string|number the command's name and its arguments
---@return evio.RespValue value nil for null, and with an error
---@return string? message
---@return string? code
function client:call(...) end

---How many requests wait for their replies.
---@return number
function client:waiting() end

---Closes the connection once what was sent has left. Requests that wait get an error.
---@return boolean
function client:close() end

---Dials a server that speaks RESP, such as Redis: `resp.client("tcp://localhost:6379")`, or with `tls://`. What
---is sent before it is connected waits. `events` are those of `evio.dial` without `data`; its `push(client,
---message)` gets what no request asked for, such as the messages of channels, as lists: with RESP3, after a
---request `HELLO 3`, at any time; with RESP2 when nothing else is asked for meanwhile. Strings of up to 512 MiB are
---taken, and lists of up to 2^30 values, within `options.input` (1 GiB).
---@param address string
---@param events? evio.Events
---@return evio.RespClient? client
---@return string? message
---@return string? code
function resp.client(address, events) end

---The command COMMAND with all that is below it, for the table that it stands in:
---`commands.COMMAND = resp.command(commands)`. Commands that are told of with Redis's flags, keys, categories and
---documents are those of examples/redis.lua, where their arities are Redis's; of others it tells names and arities.
---@param commands table<string, evio.RespCommand|table<string, evio.RespCommand>>
---@return evio.RespCommand
function resp.command(commands) end

---The command INFO: `sections()` gives a list of sections, each a list of its title and of names and values in
---turn, as `{ { "Server", "redis_version", "7.0.15", "tcp_port", 6379 } }`.
---@param sections fun(): table
---@return evio.RespCommand
function resp.info(sections) end

---Text that is to be shown as it is: a verbatim string, in RESP2 a bulk string.
---@param text string
---@return table
function resp.verbatim(text) end

---A status, such as `resp.status("OK")`. Made once, it can be sent often. A line's end in it becomes a space.
---@param text string
---@return evio.RespLine
function resp.status(text) end

---An error; its text begins with a code, as in `resp.error("ERR no such key")`.
---@param text string
---@return evio.RespLine
function resp.error(text) end

---The error for a wrong number of arguments.
---@param name string the command's, in lower case
---@return evio.RespLine
function resp.wrong_count(name) end

---@param value any
---@return boolean
function resp.is_error(value) end

---Marks a list of names and values in turn as a map; in RESP2 it is an array.
---@param list table
---@return table list the same
function resp.map(list) end

---Marks a list as a set; in RESP2 it is an array.
---@param list table
---@return table list the same
function resp.set(list) end

---Marks a list as a push message; in RESP2 it is an array.
---@param list table
---@return table list the same
function resp.push(list) end

---The bytes of a value. Raises for what is none.
---@param value evio.RespValue
---@param version? 2|3 2 unless given
---@return string
function resp.encode(value, version) end

---Decodes the value that begins at a position, 1 unless given. Lines are strings, or errors; big numbers are
---text; attributes are skipped.
---@param bytes string
---@param at? number
---@return evio.RespValue value nil when more bytes are needed, or with an error
---@return number|string|nil used how many bytes it takes from `at` on; with nil an error in words
function resp.decode(bytes, at) end

---The bytes of a request: an array of bulk strings.
---@param list (string|number)[]
---@return string
function resp.encode_request(list) end

---Decodes the request that begins at a position, 1 unless given: its parts, none for an empty line.
---@param bytes string
---@param at? number
---@return string[]? parts nil when more bytes are needed, or with an error
---@return number|string|nil used how many bytes it takes from `at` on; with nil an error in Redis's words
function resp.decode_request(bytes, at) end

---The integer of 64 bits that a text is: a number below 2^53, else an `int64_t`; nil for zeros in front, a
---plus, spaces, or more.
---@param text string
---@return number|integer|nil
function resp.to_integer(text) end

---The options among a command's optional parts, in any case: `{ NX = true, EX = "10" }` for
---`{ NX = true, EX = "value" }` as those that are known. An option that came twice counts once, with the last
---value.
---@param words? string[]
---@param known table<string, true|"value"> names in upper case
---@return table<string, true|string>? options
---@return string? bad the word that is no option, or has no value behind it
function resp.options(words, known) end

---A function that says whether a key matches a glob of Redis (`* ? [a-z] [^a] \x`).
---@param glob string
---@return fun(key: string): boolean
function resp.matcher(glob) end

---The command CONFIG with GET, SET, RESETSTAT, REWRITE and HELP: `CONFIG = resp.config(settings)`. SET changes the
---table. For Redis's names of settings, such as maxmemory and save, it takes the values that redis-server 7.0 takes, and
---keeps them as that writes them; for other names any text. What a setting does is up to the server, which finds it in
---the table; there is no file that REWRITE could write, and nothing that RESETSTAT resets.
---@param settings table<string, string> by names in lower case
---@param refuses? fun(name: string, value: string): message: string? asked before a setting changes; what it returns is why not
---@return table<string, evio.RespCommand>
function resp.config(settings, refuses) end

---The fields whose names, in lower case, match one of the globs, as CONFIG GET answers: a map, each field once.
---@param fields table<string, string>
---@param first string
---@param rest? string[]
---@return table
function resp.find_fields(fields, first, rest) end

---Bytes where they lie, valid until a command's function returns; `tostring` makes a string of them, `#` tells how
---many there are.
---@class evio.View
---@operator len: integer

---Strings by key, some of which expire: `evio.keyspace()`. They lie outside of Lua's heap. Keys and values may be
---views.
---@class evio.Keyspace
---@field count number how many keys there are, with those that expired and were not looked for yet
local keyspace = {}

---@param key string|evio.View
---@return string|evio.View|nil value nil where there is none, or it expired; a view for a view, valid until any keyspace is used again
function keyspace:get(key) end

---@param key string|evio.View
---@param value string|evio.View
---@param deadline? number in seconds since 1970, as `evio.time()` counts; without one the key stays
function keyspace:set(key, value, deadline) end

---@param key string|evio.View
---@return boolean removed false where it was not there
function keyspace:remove(key) end

---When a key expires.
---@param key string|evio.View
---@return number? deadline nil where it does not
function keyspace:deadline(key) end

---Gives a key that is there a deadline, or takes it away.
---@param key string|evio.View
---@param deadline? number in seconds since 1970, nil for none
---@return boolean there
function keyspace:expire(key, deadline) end

---The keys that match a pattern of Lua, or that a function says true to, in no order.
---@param pattern string|fun(key: string): boolean
---@return string[]
function keyspace:find(pattern) end

---Removes all keys.
---@return evio.Keyspace keyspace the same
function keyspace:clear() end

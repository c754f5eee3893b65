---@meta _

-- Codecs for messages.

---`evio.framing`: codecs for the usual ways to tell where a message ends. Each refuses a message of
---more than `max` bytes, as early as it can be known.
---@class evio.framing
local framing = {}

---Lines that end with LF or CRLF, which is no part of them. A longer one is refused when `max` bytes and
---one that does not end it are here.
---@param settings? {max?: number, ending?: "\r\n"|"\n"} `max` is 65536 unless set; `ending` is what `encode` adds, CRLF unless set
---@return evio.Codec
function framing.lines(settings) end

---Messages with a delimiter behind each, which is no part of them.
---@param settings {delimiter: string, max?: number} `max` is 65536 unless set
---@return evio.Codec
function framing.delimiter(settings) end

---Messages with their length in front of each, in `size` bytes, 4 unless set, 1 to 8; the order is
---big-endian unless set. `adjust` is how much the number there is larger than the message's length: 4
---where four bytes count themselves, -1 where 0 stands for one byte. A message of more than `max` bytes,
---16 MiB unless set, is refused when its prefix is here, and so is a length of 2^53 or more.
---@param settings? {size?: number, order?: "big"|"little", adjust?: number, max?: number}
---@return evio.Codec
function framing.prefix(settings) end

---Messages of `size` bytes each.
---@param settings {size: number}
---@return evio.Codec
function framing.fixed(settings) end

---A codec keeps no state: one serves all connections. By itself it does no I/O, and
---`require("evio.framing")` works in a background job, too.
---@class evio.Codec
local Codec = {}

---Decodes the message that begins at a position, 1 unless given.
---@param bytes string
---@param at? number
---@return string? message nil when more bytes are needed, or with an error
---@return number|string|nil used how many bytes it takes from `at` on; with nil an error in words: the bytes are malformed, or more than the maximum
function Codec:decode(bytes, at) end

---The bytes of a message. Raises for what cannot be framed: a line with LF in it, more than `max` bytes.
---@param message string
---@return string bytes
function Codec:encode(message) end

---Takes the next message of a stream, in a handler of `evio.stream`. Malformed bytes end the connection
---like `conn:fail`: `closed` gets the codec's words and `"EPROTO"`, after the pending output; what is left
---of the input is dropped. `options.input` has to be as large as the largest message with its frame.
---@param stream evio.Stream
---@return string? message nil is a short read, as with every read of a stream
function Codec:take(stream) end

---Makes a `data` handler that is called with each message, and with nothing else. Malformed bytes end
---the connection as in `take`. Where `options.input` is not set, it is at least what the largest message
---takes.
---@param fn fun(conn: evio.Conn, message: string): out: evio.Out, action: evio.Action
---@return evio.StreamHandler
function Codec:handler(fn) end

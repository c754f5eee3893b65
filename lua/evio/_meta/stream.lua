---@meta _

-- What a stream handler reads.

---The unread bytes of a connection, kept between events. `#stream` is their number. Every read
---returns nil when too few bytes are there. A stream is valid in its event only; beyond it every
---method raises.
---@class evio.Stream
local Stream = {}

---Takes n bytes, or all there are.
---@param n? number
---@return string?
function Stream:take(n) end

---Looks at the next n bytes without taking them.
---@param n number
---@return string?
function Stream:peek(n) end

---Takes n bytes without making a string.
---@param n number
---@return true?
function Stream:skip(n) end

---Takes a line, without its LF or CRLF. Remembers how far it searched.
---@return string?
function Stream:line() end

---How many bytes stand in front of the needle. Takes nothing; remembers how far it searched.
---@param needle string at least one byte
---@return number?
function Stream:find(needle) end

---The next n bytes, or all there are, where they lie, without a copy. Takes nothing.
---@param n? number
---@return ffi.cdata*? pointer a `const uint8_t *`, valid until the handler returns
---@return number? length
function Stream:view(n) end

---Keeps what was taken so far, even when a later read of this call falls short.
function Stream:commit() end

---Takes an unsigned byte.
---@return number?
function Stream:u8() end

---Takes a signed byte (two's complement, like all signed ones here).
---@return number?
function Stream:i8() end

---Takes 2 bytes, big-endian, unsigned.
---@return number?
function Stream:u16() end

---Takes 2 bytes, little-endian, unsigned.
---@return number?
function Stream:u16le() end

---Takes 2 bytes, big-endian, signed.
---@return number?
function Stream:i16() end

---Takes 2 bytes, little-endian, signed.
---@return number?
function Stream:i16le() end

---Takes 4 bytes, big-endian, unsigned.
---@return number?
function Stream:u32() end

---Takes 4 bytes, little-endian, unsigned.
---@return number?
function Stream:u32le() end

---Takes 4 bytes, big-endian, signed.
---@return number?
function Stream:i32() end

---Takes 4 bytes, little-endian, signed.
---@return number?
function Stream:i32le() end

---Takes 8 bytes, big-endian, unsigned. Raises above 2^53, which a number does not hold.
---@return number?
function Stream:u64() end

---Takes 8 bytes, little-endian, unsigned. Raises above 2^53.
---@return number?
function Stream:u64le() end

---Takes 8 bytes, big-endian, signed. Raises beyond 2^53 either way.
---@return number?
function Stream:i64() end

---Takes 8 bytes, little-endian, signed. Raises beyond 2^53 either way.
---@return number?
function Stream:i64le() end

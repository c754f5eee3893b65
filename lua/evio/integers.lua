-- Integers of streams.
local M = {}

local TOO_LARGE = 2 ^ 21 -- the upper half of 2^53, beyond which numbers are not exact

-- Integers: u for unsigned, i for two's complement; big-endian, or little-endian with "le".
local function make_integer(fall_short, size, signed, little)
  local range = 2 ^ (size * 8)
  local first, last, step = 0, size - 1, 1
  if little then
    first, last, step = last, first, -1
  end
  return function(self)
    local pos = self.pos
    if size > self.stop - pos then
      return fall_short(self)
    end
    local data, value = self.data, 0
    for i = first, last, step do
      value = value * 256 + data[pos + i]
    end
    self.pos = pos + size
    if signed and value >= range / 2 then
      value = value - range
    end
    return value
  end
end

-- Eight bytes may be more than a number holds.
local function make_integer64(fall_short, signed, little)
  local upper = make_integer(fall_short, 4, signed, little)
  local lower = make_integer(fall_short, 4, false, little)
  return function(self)
    if 8 > self.stop - self.pos then
      return fall_short(self)
    end
    local high, low
    if little then
      low = lower(self)
      high = upper(self)
    else
      high = upper(self)
      low = lower(self)
    end
    if high >= TOO_LARGE and not (high == TOO_LARGE and low == 0) or high < -TOO_LARGE then
      self.pos = self.pos - 8
      error("the integer is beyond 2^53, which a number does not hold; peek(8) has its bytes", 2)
    end
    return high * 2 ^ 32 + low
  end
end

-- Adds the methods of streams; fall_short is what they return where there are too few bytes.
function M.add(methods, fall_short)
  for _, order in ipairs({ "", "le" }) do
    local little = order == "le"
    methods["u16" .. order] = make_integer(fall_short, 2, false, little)
    methods["i16" .. order] = make_integer(fall_short, 2, true, little)
    methods["u32" .. order] = make_integer(fall_short, 4, false, little)
    methods["i32" .. order] = make_integer(fall_short, 4, true, little)
    methods["u64" .. order] = make_integer64(fall_short, false, little)
    methods["i64" .. order] = make_integer64(fall_short, true, little)
  end
  methods.u8 = make_integer(fall_short, 1, false, false)
  methods.i8 = make_integer(fall_short, 1, true, false)
end

return M

-- Dates of HTTP (RFC 9110, 5.6.7), as seconds since 1970.
local M = {}

local floor = math.floor

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

function M.format(seconds)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds)
end

-- Days since 1970 of a day of the Gregorian calendar; its years are counted from March on.
local function days(year, month, day)
  local y = month > 2 and year or year - 1
  local of_year = floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400) + of_year - 719468
end

-- Two digits of a year are not more than 50 years ahead.
local function whole_year(digits)
  local year = tonumber(digits)
  if #digits > 2 then
    return year
  end
  local now = tonumber(os.date("!%Y"))
  year = year + now - now % 100
  return year > now + 50 and year - 100 or year
end

-- The seconds of a date in one of its three forms; nil for what is none.
function M.parse(text)
  local day, month, year, hour, minute, second =
    text:match("^%a+, (%d%d)[ -](%a%a%a)[ -](%d+) (%d%d):(%d%d):(%d%d) GMT$")
  if not day then
    month, day, hour, minute, second, year = text:match("^%a+ (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$")
  end
  if not day or not months[month] or #year > 4 or tonumber(day) > 31 or tonumber(hour) > 23
    or tonumber(minute) > 59 then
    return nil
  end
  return ((days(whole_year(year), months[month], tonumber(day)) * 24 + hour) * 60 + minute) * 60 + second
end

return M

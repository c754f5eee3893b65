-- Translators in Lua for specs, as source to be put in front of a script:
--   frame(tag)   each byte string is "<length>:bytes" on the wire, so that its length changes; at
--                the start "TAG" is exchanged, at the end ";" is sent
--   rot()        turns letters, and nothing else
return [[
local function frame(tag)
  return function(conn)
    local self = { name = "frame " .. tag, opening = true, rest = "" }
    function self:start() return tag end
    function self:receive(wire)
      if not wire then
        if not self.ended then return nil, nil, "cut" end
        return nil
      end
      self.rest = self.rest .. wire
      if self.opening then
        if #self.rest < #tag then return nil end
        if self.rest:sub(1, #tag) ~= tag then return nil, nil, "not " .. tag end
        self.rest, self.opening = self.rest:sub(#tag + 1), false
      end
      local plain = {}
      while true do
        local length, from = self.rest:match("^(%d+):()")
        if length and #self.rest >= from + length - 1 then
          plain[#plain + 1] = self.rest:sub(from, from + length - 1)
          self.rest = self.rest:sub(from + length)
        elseif self.rest:sub(1, 1) == ";" then
          self.ended = true
          break
        else
          break
        end
      end
      return table.concat(plain)
    end
    function self:send(plain) return #plain .. ":" .. plain end
    function self:finish() return ";" end
    return self
  end
end

local function rot()
  local turned = {}
  for i = 0, 25 do
    turned[string.char(65 + i)] = string.char(65 + (i + 13) % 26)
    turned[string.char(97 + i)] = string.char(97 + (i + 13) % 26)
  end
  return function()
    return {
      name = "rot",
      receive = function(_, wire) return wire and (wire:gsub("%a", turned)) end,
      send = function(_, plain) return (plain:gsub("%a", turned)) end,
    }
  end
end
]]

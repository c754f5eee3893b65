-- `pairs` and `next` without a bug of LuaJIT 2.1.0-beta3 as of March 2022, which Debian 12 has. It compiles loops over
-- them in a way of their own; when its compiler gives such a loop up while it runs, the loop ends early, or never
-- (issue 827 of LuaJIT). Such loops are known by the function `next` itself, so another one that does the same makes
-- them loops as any other: compiled, too, but some nanoseconds slower for each key.
local next, pairs = next, pairs

if not jit.version:find("beta3", 1, true) then
  return nil
end

local function step(t, key)
  return next(t, key)
end

-- What has no loop of that kind gets the original, whose errors name the caller, who is not this function: a tail call.
local function pairs_of(t)
  if type(t) ~= "table" then
    return pairs(t)
  end
  return step, t, nil
end

_G.next, _G.pairs = step, pairs_of -- luacheck: ignore 122

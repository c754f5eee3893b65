-- What the compiler and the linker were told to guard, seen in the binaries.
local support = require("spec.support")

local BINARIES = { (os.getenv("EVIO_LUA") or "./evio-lua"):match("%S+$"), nil }
BINARIES[2] = BINARIES[1]:gsub("evio%-lua$", "evio.so")

local function read(options, file)
  local text = support.shell("readelf -W " .. options .. " " .. file)
  assert.is_nil(text:match("readelf: Error[^\n]*"))
  return text
end

describe("the binaries", function()
  for _, file in ipairs(BINARIES) do
    local name = file:match("[^/]+$")

    it("are loaded at an address that nobody can foretell: " .. name, function()
      assert.matches("Type:%s+DYN", read("-h", file))
    end)

    it("have no memory that is both written and run: " .. name, function()
      local segments = read("-l", file)
      assert.matches("GNU_STACK[^\n]*RW ", segments)
      for line in segments:gmatch("[^\n]+") do
        assert.is_nil(line:match("RWE"), line)
      end
    end)

    it("have their tables of addresses read-only once they are loaded: " .. name, function()
      assert.matches("GNU_RELRO", read("-l", file))
      assert.matches("BIND_NOW", read("-d", file))
    end)

    if not support.sanitized then
      it("look whether a function wrote beyond its variables: " .. name, function()
        local symbols = read("--dyn-syms", file)
        assert.matches("__stack_chk_fail", symbols)
        assert.matches("__%w+_chk@", symbols) -- of _FORTIFY_SOURCE, as __snprintf_chk
      end)
    end
  end
end)

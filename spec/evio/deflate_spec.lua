-- evio.deflate: what its settings may be.
local scripts = require("spec.support.scripts")

describe("evio.deflate", function()
  for arguments, message in pairs({
    ["5"] = "the settings are a number, expected a table",
    ["{ levle = 3 }"] = 'unknown setting "levle", expected format, level, memory, ratio or window',
    ["{ level = 0 }"] = "level is 0, expected a whole number from 1 to 9",
    ["{ level = 1.5 }"] = "level is 1.5, expected a whole number from 1 to 9",
    ["{ format = 'zip' }"] = 'format is "zip", expected "raw", "zlib" or "gzip"',
    ["{ format = 5 }"] = 'format is a number, expected "raw", "zlib" or "gzip"',
    ["{ ratio = 0 }"] = "ratio is 0, expected a whole number from 1 on, or false",
    ["{ window = 8 }"] = "window is 8, expected a whole number from 9 to 15",
    ["{ memory = '9' }"] = "memory is a string, expected a whole number from 1 to 9",
    ["{ 5 }"] = "unknown setting [1], expected format, level",
    ["{ ratio = true }"] = "ratio is a boolean, expected a whole number from 1 on, or false",
    ["{ ratio = '5' }"] = "ratio is a string, expected a whole number from 1 on, or false",
  }) do
    it("refuses " .. arguments, function()
      assert.matches("server.lua:1: evio.deflate: " .. message,
        scripts.fail(("evio.deflate(%s)"):format(arguments)), 1, true)
    end)
  end
end)

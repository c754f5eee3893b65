-- evio.resp.server: tables of commands that are none.
local scripts = require("spec.support.scripts")

local CASES = {
  { "nil", "the commands are a nil, expected a table" },
  { "'x'", "the commands are a string, expected a table" },
  { "{ function() end }", "commands[1] is no name of 1 to 29 bytes" },
  { "{ [''] = { 1, print } }", "commands[] is no name of 1 to 29 bytes" },
  { "{ ABCDEFGHIJKLMNOPQRSTUVWXYZ0123 = { 1, print } }",
    "commands[ABCDEFGHIJKLMNOPQRSTUVWXYZ0123] is no name of 1 to 29 bytes" },
  { "{ GET = print }", "GET is a function, expected { arity, function }" },
  { "{ GET = {} }",
    "the arity of GET is nil, expected 1 to 100, the number of parts of a request, or minus the least number" },
  { "{ GET = { 0, print } }", "the arity of GET is 0, expected 1 to 100," },
  { "{ GET = { 1.5, print } }", "the arity of GET is 1.5, expected 1 to 100," },
  { "{ GET = { '2', print } }", "the arity of GET is 2, expected" },
  { "{ GET = { -101, print } }", "the arity of GET is -101, expected 1 to 100," },
  { "{ GET = { print, 2 } }", "the arity of GET is function" },
  { "{ GET = { 2 } }", "GET has a nil, expected a function(conn, ...)" },
  { "{ GET = { 2, print }, get = { 2, print } }", "GET and get are the same name" },
  { "{ BOX = { In = { 2, print }, IN = { 2, print } } }", "IN and In are the same name" },
  { "{ BOX = { GET = print } }", "BOX GET is a function, expected { arity, function }" },
  { "{ BOX = { GET = { 1, print } } }", "the arity of BOX GET is 1, expected 2 to 100," },
  { "{ BOX = { GET = { -1, print } } }", "the arity of BOX GET is -1, expected 2 to 100," },
  { "{ BOX = { IN = { GET = { 3, print } } } }", "the arity of BOX IN is nil, expected 2 to 100," },
  { "{ BOX = { [7] = { 2, print } } }", "BOX[7] is no name of 1 to 29 bytes" },
}

describe("evio.resp.server", function()
  it("names what is wrong with its commands, and where", function()
    local source = { "local resp = require('evio').resp" }
    for _, case in ipairs(CASES) do
      source[#source + 1] = ("print(select(2, pcall(function() resp.server(%s) end)))"):format(case[1])
    end
    local server = scripts.serve(table.concat(source, "\n"))
    for i, case in ipairs(CASES) do
      local line = server:line()
      assert.matches(("server.lua:%d: evio.resp.server: %s"):format(i + 1, case[2]), line, 1, true)
    end
  end)

  it("takes names of 29 bytes, and no commands at all", function()
    local server = scripts.serve([[
      local resp = evio.resp
      resp.server({})
      events.data = resp.server({ ABCDEFGHIJKLMNOPQRSTUVWXYZ012 = { 1, function() return 1 end } })]])
    local client = require("spec.support").connect(server:address())
    client:send("abcdefghijklmnopqrstuvwxyz012\r\nabcdefghijklmnopqrstuvwxyz013\r\n")
    assert.equal(":1", client:receive_line())
    assert.matches("^%-ERR unknown command", client:receive_line())
  end)
end)

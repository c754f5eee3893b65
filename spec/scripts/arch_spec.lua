local support = require("spec.support")

local CLEAN = {
  ["src/base/buf.h"] = "#pragma once\nint buf_length(void);\n",
  ["src/base/buf.c"] = '#include "base/buf.h"\n\nint buf_length(void)\n{\n    return 0;\n}\n',
  ["src/os/sock.h"] = '#include "base/buf.h"\n',
  ["src/os/sock.c"] = '#include "sock.h"\n#ifdef __linux__\n#include <sys/epoll.h>\n#endif\n',
  ["src/codec/scan.c"] = '#include "base/buf.h"\n',
  ["src/tls/tls.h"] = '#include "base/buf.h"\n',
  ["src/net/conn.h"] = '#include "os/sock.h"\n#include "base/buf.h"\n',
  ["src/net/conn.c"] = '#include "net/conn.h"\n#include "os/sock.h"\n',
  ["src/bind/state.c"] = '#include "net/conn.h"\n#include "tls/tls.h"\n#include <lua.h>\n'
    .. '#include "modules.h"\n',
  ["src/main.c"] = '#include "os/sock.h"\n#include "net/conn.h"\n// #include <lua.h>\n',
  ["lua/evio/init.lua"] = 'local lines = require("evio.lines")\nreturn lines\n',
  ["lua/evio/lines.lua"] = "return {}\n",
  ["examples/echo.lua"] = 'local evio = require("evio")\n',
}

-- The output and the status of the check on CLEAN with some files changed or added.
local function arch(changes)
  local root = support.tmpdir()
  local files = {}
  for path, text in pairs(CLEAN) do
    files[path] = text
  end
  for path, text in pairs(changes or {}) do
    files[path] = text
  end
  for path, text in pairs(files) do
    os.execute(("mkdir -p '%s/%s'"):format(root, path:match("^(.*)/")))
    support.write_file(root .. "/" .. path, text)
  end
  local result = support.run({ "scripts/arch.lua", root }, { command = { "luajit" } })
  assert.equal("", result.stderr)
  return result.stdout, result.status
end

-- One violation and no other, at that place, in those words.
local function assert_violation(changes, place, words, allowed)
  local stdout, status = arch(changes)
  assert.equal(1, status)
  local at, what, rule = stdout:match("^(%S+:%d+): ([^\n]*); ([^\n;]*)\n$")
  assert(at, "not one line: " .. stdout)
  assert.equal(place, at)
  assert.matches(words, what, 1, true)
  assert.matches(allowed, rule, 1, true)
end

local function assert_clean(changes)
  local stdout, status = arch(changes)
  assert.equal("", stdout)
  assert.equal(0, status)
end

local function lines(count, line)
  return (line or "x = 1"):rep(count, "\n") .. "\n"
end

local function c_function(head, count)
  return head .. ("    x();\n"):rep(count - select(2, head:gsub("\n", "")) - 1) .. "}\n"
end

local function lua_function(count)
  return "local x\nlocal function f()\n" .. lines(count - 2) .. "end\nf()\nreturn x\n"
end

describe("scripts/arch.lua", function()
  it("passes a tree that keeps the rules", function()
    assert_clean()
  end)

  it("refuses an include from a layer above", function()
    assert_violation({ ["src/os/clock.c"] = '\n#include "net/conn.h"\n' }, "src/os/clock.c:2",
      'includes "net/conn.h"', "os may include: os base")
  end)

  it("refuses an include from a layer beside", function()
    assert_violation({ ["src/codec/scan.c"] = '#include "os/sock.h"\n' }, "src/codec/scan.c:1",
      'includes "os/sock.h"', "codec may include: codec base")
  end)

  it("refuses os in bind", function()
    assert_violation({ ["src/bind/ffi.c"] = '#include "os/sock.h"\n' }, "src/bind/ffi.c:1",
      'includes "os/sock.h"', "bind may include: bind net tls zip codec base")
  end)

  it("refuses a way around through the parent directory", function()
    assert_violation({ ["src/base/heap.c"] = '#include "../os/sock.h"\n' }, "src/base/heap.c:1",
      '"../os/sock.h" is not under src/', "")
  end)

  it("refuses a header that is nowhere, and a directory that is no layer", function()
    assert_violation({ ["src/net/loop.c"] = '#include "net/gone.h"\n' }, "src/net/loop.c:1",
      '"net/gone.h" is not under src/', "")
    assert_violation({ ["src/extra/x.c"] = "int x;\n" }, "src/extra/x.c:1",
      '"extra" is no layer', "")
  end)

  it("refuses Lua's headers outside src/bind", function()
    assert_violation({ ["src/main.c"] = "int x;\n#  include <luajit.h>\n" }, "src/main.c:2",
      'includes "luajit.h"', "only src/bind sees Lua")
    assert_violation({ ["src/net/loop.c"] = '#include "lua.h"\n' }, "src/net/loop.c:1",
      'includes "lua.h"', "only src/bind sees Lua")
  end)

  it("refuses questions about the platform outside src/os", function()
    assert_violation({ ["src/net/loop.c"] = "#if defined(__APPLE__) || X\n#endif\n" },
      "src/net/loop.c:1", "#if __APPLE__", "only src/os")
    assert_violation({ ["src/base/mem.c"] = "\n  #ifdef __linux__\n#endif\n" }, "src/base/mem.c:2",
      "#ifdef __linux__", "only src/os")
    assert_clean({ ["src/net/loop.c"] = "#ifndef NDEBUG\n#endif\n// #ifdef __linux__\n" })
  end)

  it("refuses a cycle of modules", function()
    assert_violation({
      ["src/net/a.h"] = "int a;\n",
      ["src/net/a.c"] = '#include "net/a.h"\n#include "net/b.h"\n',
      ["src/net/b.c"] = '/* one\n two */ int b;\n#include "net/c.h"\n',
      ["src/net/b.h"] = "int b;\n",
      ["src/net/c.h"] = '#include "a.h"\n',
    }, "src/net/c.h:1", "net/a -> net/b -> net/c -> net/a", "no cycles")
  end)

  it("refuses a cycle of requires", function()
    assert_violation({ ["lua/evio/lines.lua"] = 'local e = require "evio"\nreturn e\n' },
      "lua/evio/lines.lua:1", "evio -> evio.lines -> evio", "no cycles")
    assert_clean({ ["lua/evio/lines.lua"] = '-- require("evio")\nreturn {}\n' })
  end)

  it("refuses long files", function()
    assert_clean({ ["src/net/loop.c"] = lines(400, "int x;"), ["spec/x.lua"] = lines(300) })
    assert_violation({ ["src/net/loop.c"] = lines(401, "int x;") }, "src/net/loop.c:401",
      "the file has 401 lines", "400 at most")
    for _, directory in ipairs({ "lua/evio", "examples", "scripts", "spec/a" }) do
      local path = directory .. "/x.lua"
      assert_violation({ [path] = lines(301) }, path .. ":301", "the file has 301 lines",
        "300 at most")
    end
  end)

  it("refuses long functions in C", function()
    for _, head in ipairs({
      "static int f(void) {\n",
      "int f(void)\n{\n",
      "static const struct x *f(struct y *y,\n                          int z) {\n",
      "int f(int a,\n      int b)\n{\n",
    }) do
      assert_clean({ ["src/net/loop.c"] = c_function(head, 60) })
      assert_violation({ ["src/net/loop.c"] = "\nint x;\n" .. c_function(head, 61) },
        "src/net/loop.c:3", "f has 61 lines", "60 at most")
    end
    local tables = "static const struct x table[] = {\n" .. lines(80, '    {"{", f(1)},') .. "};\n"
    assert_clean({ ["src/net/loop.c"] = tables .. c_function("int f(void)\n{\n", 60) })
    local fields = lines(80, "    int (*f)(int);")
    assert_clean({ ["src/net/loop.h"] = "struct x {\n" .. fields .. "};\n" })
  end)

  it("refuses long functions in Lua", function()
    assert_clean({ ["lua/evio/x.lua"] = lua_function(60) })
    assert_violation({ ["lua/evio/x.lua"] = lua_function(61) }, "lua/evio/x.lua:2",
      "the function has 61 lines", "60 at most")
    assert_clean({ ["spec/x_spec.lua"] = lua_function(61) })
  end)

  it("refuses Lua that does not compile", function()
    local stdout, status = arch({ ["lua/evio/x.lua"] = "\nlocal = 1\n" })
    assert.equal(1, status)
    assert.matches("lua/evio/x.lua:2: does not compile", stdout, 1, true)
  end)
end)

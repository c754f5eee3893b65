-- evio.http.files: ranges, and conditions of requests (RFC 9110, 13 and 14).
local codecs = require("spec.support.codecs")
local http = require("spec.support.http")
local support = require("spec.support")

local dates = codecs.load("evio.http.dates")

local LAST = "Tue, 15 Nov 1994 12:45:26 GMT"

-- A client of a server with a file of the bytes 0 to 9, an empty one, and one of this moment.
local function serve()
  local root = support.tmpdir()
  http.inside(root, "printf 0123456789 >digits && touch -d '1994-11-15T12:45:26Z' digits && : >empty && echo >now")
  local server = http.serve("evio.http.files(root)", root)
  return support.connect(server:address()), server
end

local function range(client, text, more, path)
  local answer = http.fetch(client, "GET " .. (path or "/digits"), "Range: " .. text .. "\r\n" .. (more or ""))
  return { answer.status, answer.body, answer.fields["content-range"] }
end

local WHOLE = { 200, "0123456789" }

describe("a range of a file", function()
  it("is sent where it is one, and there", function()
    local client = serve()
    for text, expected in pairs({
      ["bytes=0-0"] = { 206, "0", "bytes 0-0/10" },
      ["bytes=2-5"] = { 206, "2345", "bytes 2-5/10" },
      ["Bytes=7-"] = { 206, "789", "bytes 7-9/10" },
      ["bytes=7-100"] = { 206, "789", "bytes 7-9/10" },
      ["bytes=7-99999999999999999999999999"] = { 206, "789", "bytes 7-9/10" },
      ["bytes=-3"] = { 206, "789", "bytes 7-9/10" },
      ["bytes=-100"] = { 206, "0123456789", "bytes 0-9/10" },
      ["bytes=0-"] = { 206, "0123456789", "bytes 0-9/10" },
    }) do
      assert.same(expected, range(client, text), text)
    end
  end)

  it("is answered 416 where there is nothing of it", function()
    local client = serve()
    for _, text in ipairs({ "bytes=10-", "bytes=10-20", "bytes=-0", "bytes=" .. ("9"):rep(400) .. "-" }) do
      assert.same({ 416, "Range Not Satisfiable\n", "bytes */10" }, range(client, text), text)
    end
    assert.same({ 416, "Range Not Satisfiable\n", "bytes */0" }, range(client, "bytes=0-", "", "/empty"))
    assert.same({ 200, "" }, range(client, "bytes=-5", "", "/empty"))
  end)

  it("is not heeded where it is wrong or several", function()
    local client = serve()
    for _, text in ipairs({ "bytes=5-2", "bytes=-", "bytes=", "bytes=a-b", "lines=0-1", "bytes=0-1,3-4", "bytes=0-1,",
      "bytes" .. ("=0-"):rep(10), "bytes=" .. ("0-,"):rep(2000), "bytes=0-" .. (" "):rep(7000) .. "x" }) do
      assert.same(WHOLE, range(client, text), text:sub(1, 50))
    end
    assert.equal(200, http.fetch(client, "HEAD /digits", "Range: bytes=0-1\r\n").status)
  end)

  it("depends on If-Range", function()
    local client = serve()
    local etag = http.fetch(client, "GET /digits").fields.etag
    local part = { 206, "01", "bytes 0-1/10" }
    assert.same(part, range(client, "bytes=0-1", "If-Range: " .. etag .. "\r\n"))
    assert.same(part, range(client, "bytes=0-1", "If-Range: " .. LAST .. "\r\n"))
    assert.same(WHOLE, range(client, "bytes=0-1", "If-Range: W/" .. etag .. "\r\n"))
    assert.same(WHOLE, range(client, "bytes=0-1", 'If-Range: "x"\r\n'))
    assert.same(WHOLE, range(client, "bytes=0-1", "If-Range: Tue, 15 Nov 1994 12:45:27 GMT\r\n"))
    assert.same(WHOLE, range(client, "bytes=50-", 'If-Range: "x"\r\n'))
  end)

  it("is what curl asks for", function()
    local _, server = serve()
    assert.equal("345", http.curl(server, "/digits", "-r 3-5"))
    assert.equal("89", http.curl(server, "/digits", "-r -2"))
    assert.equal("0123456789", http.curl(server, "/digits", "-r 0-1,4-5"))
    local part = support.write_file(support.tmpdir() .. "/part", "0123")
    assert.equal("", http.curl(server, "/digits", "-C - -o " .. part))
    assert.equal("0123456789", support.read_file(part))
  end)
end)

describe("a condition of a request", function()
  it("is judged in its order", function()
    local client = serve()
    local answer = http.fetch(client, "GET /digits")
    local etag = answer.fields.etag
    assert.equal(LAST, answer.fields["last-modified"])
    local before, after = "Tue, 15 Nov 1994 12:45:25 GMT", "Tue, 15 Nov 1994 12:45:27 GMT"
    for _, case in ipairs({
      { 200, { "If-Match", etag } }, { 200, { "If-Match", "*" } }, { 200, { "If-Match", '"x", ' .. etag } },
      { 412, { "If-Match", '"x"' } }, { 412, { "If-Match", "W/" .. etag } },
      { 412, { "If-Unmodified-Since", before } }, { 200, { "If-Unmodified-Since", LAST } },
      { 200, { "If-Unmodified-Since", "tomorrow" } },
      { 200, { "If-Match", etag }, { "If-Unmodified-Since", before } },
      { 304, { "If-None-Match", etag } }, { 304, { "If-None-Match", '"x", W/' .. etag } },
      { 304, { "If-None-Match", "*" } }, { 200, { "If-None-Match", '"x"' } },
      { 304, { "If-Modified-Since", LAST } }, { 304, { "If-Modified-Since", after } },
      { 200, { "If-Modified-Since", before } }, { 200, { "If-Modified-Since", "yesterday" } },
      { 200, { "If-None-Match", '"x"' }, { "If-Modified-Since", after } },
      { 412, { "If-Match", '"x"' }, { "If-None-Match", etag } },
      { 304, { "If-Match", etag }, { "If-None-Match", etag } },
      { 304, { "If-None-Match", etag }, { "Range", "bytes=0-1" } },
      { 304, { "If-Modified-Since", "Tuesday, 15-Nov-94 12:45:26 GMT" } },
      { 304, { "If-Modified-Since", "Tue Nov 15 12:45:26 1994" } },
      { 200, { "If-Modified-Since", "Sun Nov  6 08:49:37 1994" } },
    }) do
      local fields = ""
      for i = 2, #case do
        fields = fields .. case[i][1] .. ": " .. case[i][2] .. "\r\n"
      end
      for _, method in ipairs({ "GET", "HEAD" }) do
        answer = http.fetch(client, method .. " /digits", fields)
        assert.equal(case[1], answer.status, fields)
        if case[1] == 304 then
          assert.same({ etag, "", nil }, { answer.fields.etag, answer.body, answer.fields["content-length"] })
        end
      end
    end
  end)

  it("has tags that change with the file", function()
    local root = support.tmpdir()
    support.write_file(root .. "/x", "one")
    local client = support.connect(http.serve("evio.http.files(root)", root):address())
    local etag = http.fetch(client, "GET /x").fields.etag
    http.inside(root, "printf two >x")
    local answer = http.fetch(client, "GET /x", "If-None-Match: " .. etag .. "\r\n")
    assert.same({ 200, "two" }, { answer.status, answer.body })
    assert.not_equal(etag, answer.fields.etag)
    assert.matches('^"%x+%-%x+%-%x+"$', etag)
  end)

  it("is what curl asks with -z", function()
    local _, server = serve()
    local report = "-o /dev/null -w '%{http_code}' -z "
    assert.equal("304", http.curl(server, "/digits", report .. "'Tue, 15 Nov 1994 12:45:26 GMT'"))
    assert.equal("200", http.curl(server, "/digits", report .. "'Tue, 15 Nov 1994 12:45:25 GMT'"))
    assert.equal("200", http.curl(server, "/now", report .. "'Tue, 15 Nov 2022 12:45:26 GMT'"))
  end)
end)

describe("dates", function()
  it("are of Greenwich (seed 33), and are read in their three forms", function()
    for text, seconds in pairs({
      ["Sun, 06 Nov 1994 08:49:37 GMT"] = 784111777, ["Sunday, 06-Nov-94 08:49:37 GMT"] = 784111777,
      ["Sun Nov  6 08:49:37 1994"] = 784111777, ["Thu, 01 Jan 1970 00:00:00 GMT"] = 0,
      ["Tue, 29 Feb 2000 00:00:00 GMT"] = 951782400, ["Fri, 31 Dec 9999 23:59:59 GMT"] = 253402300799,
    }) do
      assert.equal(seconds, dates.parse(text), text)
    end
    for _, text in ipairs({ "", "0", "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 36 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19941 08:49:37 GMT" }) do
      assert.is_nil(dates.parse(text), text)
    end
    for seconds = 0, 4e9, 12345677 do
      assert.equal(seconds, dates.parse(dates.format(seconds)))
    end
  end)
end)

-- evio.http.files: what is served, what is not, and large files on slow and broken connections.
local certificates = require("spec.support.certificates")
local http = require("spec.support.http")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local MIB = 2 ^ 20

-- A root with a page, a directory, a large file and what must not be served, beside a secret.
local function make_root()
  local top = support.tmpdir()
  http.inside(top, "mkdir -p site/sub site/empty site/.git && echo secret >secret && cd site && echo home >index.html"
    .. " && echo inner >sub/index.html && echo hidden >.git/config && echo text >'a b.TXT' && echo x >none.xyz"
    .. " && ln -s ../secret out && ln -s .. up && ln -s sub/index.html inside && mkfifo fifo"
    .. " && truncate -s 100M big.bin && echo gone >locked && chmod 0 locked")
  return top .. "/site"
end

local function serve(settings, root)
  return http.serve(("evio.http.files(root, { %s })"):format(settings or ""), root or make_root())
end

describe("evio.http.files", function()
  it("serves files with their types, and index.html for directories, whatever the query (seed 29)", function()
    local client = support.connect(serve():address())
    for path, expected in pairs({
      ["/"] = { "home\n", "text/html; charset=utf-8" },
      ["/index.html?x=1"] = { "home\n", "text/html; charset=utf-8" },
      ["/sub/"] = { "inner\n", "text/html; charset=utf-8" },
      ["/a%20b.TXT"] = { "text\n", "text/plain; charset=utf-8" },
      ["/none.xyz"] = { "x\n", "application/octet-stream" },
      ["http://h/inside"] = { "inner\n", "application/octet-stream" },
    }) do
      local answer = http.fetch(client, "GET " .. path)
      assert.same({ 200, expected[1], expected[2] }, { answer.status, answer.body, answer.fields["content-type"] })
      assert.equal("bytes", answer.fields["accept-ranges"])
      local head = http.fetch(client, "HEAD " .. path)
      answer.body, answer.fields.date, head.fields.date = "", nil, nil
      assert.same(answer, head)
    end
  end)

  it("leads to a directory's name with a slash", function()
    local client = support.connect(serve():address())
    local answer = http.fetch(client, "GET /sub?a=b")
    assert.same({ 301, "/sub/?a=b" }, { answer.status, answer.fields.location })
    assert.equal(404, http.fetch(client, "GET /empty/").status)
    assert.equal("301", http.curl(serve(), "/sub", "-o /dev/null -w '%{http_code}'"))
  end)

  it("leads nowhere out of the root, and to nothing but files", function()
    local server = serve()
    local client = support.connect(server:address())
    for _, path in ipairs({
      "/../secret", "/..%2fsecret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/sub/../../secret", "/sub/..%5c..%5csecret",
      "/..\\secret", "/.%2e/secret", "//etc/passwd", "/%2fetc/passwd", "/sub%2findex.html", "/index.html%00.txt",
      "/out", "/up/secret", "/up/site/index.html", "/fifo", "/.git/config", "/./index.html", "/sub/.", "/sub/..",
      "//sub", "/sub//index.html", "/index.html/", "/" .. ("x"):rep(300), "/" .. ("x/"):rep(3000), "/none",
    }) do
      assert.equal(404, http.fetch(client, "GET " .. path).status, path)
    end
    assert.equal("404", http.curl(server, "/../secret", "-o /dev/null -w '%{http_code}'"))
    client = support.connect(serve("hidden = true"):address())
    assert.equal("hidden\n", http.fetch(client, "GET /.git/config").body)
    for _, path in ipairs({ "/./index.html", "/../secret", "/%2e%2e/secret", "/sub/..", "/.git/../index.html" }) do
      assert.equal(404, http.fetch(client, "GET " .. path).status, path)
    end
  end)

  it("answers other methods 405, and takes a prefix away", function()
    local server = serve("prefix = '/static/', cache = 'max-age=60', types = { xyz = 'x/y' }")
    local client = support.connect(server:address())
    local answer = http.fetch(client, "DELETE /static/none.xyz")
    assert.same({ 405, "GET, HEAD" }, { answer.status, answer.fields.allow })
    answer = http.fetch(client, "GET /static/none.xyz")
    assert.same({ "x\n", "x/y", "max-age=60" },
      { answer.body, answer.fields["content-type"], answer.fields["cache-control"] })
    assert.equal("home\n", http.fetch(client, "GET /static/").body)
    answer = http.fetch(client, "GET /static")
    assert.same({ 301, "/static/" }, { answer.status, answer.fields.location })
    assert.equal(404, http.fetch(client, "GET /none.xyz").status)
    assert.equal(404, http.fetch(client, "GET /staticnone.xyz").status)
  end)

  it("sends the compressed file beside one to those who accept it, unless it is older", function()
    local root = make_root()
    http.inside(root, "seq 1000 1999 >page.html && gzip -k page.html && seq 9 >old.html"
      .. " && gzip -k old.html && touch -d '2020-01-01' old.html.gz && touch -d '2021-01-01' old.html")
    local server = serve("gzip = true", root)
    local client = support.connect(server:address())
    local plain = http.fetch(client, "GET /page.html")
    local packed = http.fetch(client, "GET /page.html", "Accept-Encoding: gzip\r\n")
    assert.same({ 5000, nil, "Accept-Encoding" },
      { #plain.body, plain.fields["content-encoding"], plain.fields.vary })
    support.same_bytes(support.read_file(root .. "/page.html.gz"), packed.body)
    assert.same({ "gzip", "Accept-Encoding", "text/html; charset=utf-8" },
      { packed.fields["content-encoding"], packed.fields.vary, packed.fields["content-type"] })
    assert.not_equal(plain.fields.etag, packed.fields.etag)
    assert.is_nil(http.fetch(client, "GET /old.html", "Accept-Encoding: gzip\r\n").fields["content-encoding"])
    assert.is_nil(http.fetch(client, "GET /page.html", "Accept-Encoding: gzip;q=0\r\n").fields["content-encoding"])
    support.same_bytes(plain.body, http.curl(server, "/page.html", "--compressed"))
  end)

  it("says what is wrong with its settings", function()
    for source, message in pairs({
      ["evio.http.files(5)"] = "evio.http.files: the root is a number, expected a directory's name",
      ["evio.http.files('/no/such')"] = 'evio.http.files: the root "/no/such": no such file or directory',
      ["evio.http.files('/', { prefix = 'x' })"] = 'evio.http.files: prefix is "x", expected one that begins with a',
      ["evio.http.files('/', { hide = 1 })"] = 'evio.http.files: unknown setting "hide", expected cache, gzip, hidden,',
    }) do
      assert.matches("server.lua:1: " .. message, scripts.fail(source), 1, true)
    end
  end)

  it("answers requests in order, whatever is large", function()
    local root = make_root()
    support.write_file(root .. "/random", support.random_bytes(2 * MIB))
    local server = serve(nil, root)
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    for _ = 1, 20 do
      http.ask(client, "GET /random")
      http.ask(client, "GET /index.html")
      http.ask(client, "GET /none")
    end
    local expected = support.read_file(root .. "/random")
    for _ = 1, 20 do
      support.same_bytes(expected, http.receive(client).body)
      assert.equal("home\n", http.receive(client).body)
      assert.equal(404, http.receive(client).status)
    end
    local before = support.descriptors(server.pid)
    http.fetch(client, "HEAD /random")
    support.eventually(function() return support.descriptors(server.pid) == before end)
  end)
end)

describe("a large file", function()
  local function serve_telling(root, more)
    return http.serve("evio.http.files(root)", root,
      "function events.closed(_, err, code) print('closed', err, code) end\n" .. (more or ""))
  end

  it("takes no memory, with a slow reader", function()
    local server = serve()
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    http.fetch(client, "GET /")
    local before = support.peak_rss(server.pid)
    http.ask(client, "GET /big.bin")
    support.pass(0.1)
    assert.equal(100 * MIB, #http.receive(client).body)
    if not support.sanitized then
      assert.is_true(support.peak_rss(server.pid) - before < 8 * MIB)
    end
  end)

  it("takes none with TLS either", function()
    local server = scripts.serve(([[
      events = evio.http.server(evio.http.files(%q))
      events = evio.translate(events, nil, evio.tls({ %s }))
    ]]):format(make_root(), certificates.fields("server")))
    local curl = ("curl -sS --cacert %s https://localhost:%s/"):format(certificates.path("ca.pem"),
      server:address():match("%d+$"))
    assert.equal("home\n", support.shell(curl))
    local before = support.peak_rss(server.pid)
    assert.equal(100 * MIB, tonumber(support.shell(('sh -c "%sbig.bin --limit-rate 60M | wc -c"'):format(curl))))
    if not support.sanitized then
      assert.is_true(support.peak_rss(server.pid) - before < 8 * MIB)
    end
    local idle = support.descriptors(server.pid)
    support.shell(("timeout -s KILL 0.3 %sbig.bin --limit-rate 1M -o /dev/null"):format(curl))
    support.eventually(function() return support.descriptors(server.pid) <= idle end)
  end)

  it("is closed where the client goes, and before the last request is read only few are open", function()
    local server = serve_telling(make_root())
    local address, before = server:address(), support.descriptors(server.pid)
    local client = support.connect(address, { receive_buffer = 65536 })
    for _ = 1, 200 do
      http.ask(client, "GET /big.bin")
    end
    assert.matches("^HTTP/1.1 200", client:receive_line())
    assert.is_true(support.descriptors(server.pid) <= before + 2)
    client:reset()
    server:expect("^closed\t.*\tE") -- ECONNRESET or EPIPE
    support.eventually(function() return support.descriptors(server.pid) == before end)
  end)

  it("is whole at a close, and cut with a reset where it becomes shorter", function()
    local root = make_root()
    local server = serve_telling(root)
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    http.ask(client, "GET /big.bin", "Connection: close\r\n")
    assert.equal(100 * MIB, #http.receive(client).body)
    assert.equal("", client:receive_all())
    client = support.connect(server:address(), { receive_buffer = 65536 })
    http.ask(client, "GET /big.bin")
    assert.matches("^HTTP/1.1 200", client:receive_line())
    http.inside(root, "truncate -s 30M big.bin")
    local bytes, code = client:receive_all()
    assert.equal("ECONNRESET", code)
    assert.is_true(#bytes <= 31 * MIB)
    server:expect("^closed\ta file became shorter while it was sent\tEIO$")
    assert.equal(30 * MIB, #http.fetch(support.connect(server:address()), "GET /big.bin").body)
  end)

  it("is given up where the peer takes nothing of it", function()
    local server = serve_telling(make_root(), "events.options = { write = 0.3 }")
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    http.ask(client, "GET /big.bin")
    server:expect("^closed\twrite time%-out: the peer took nothing for 0.3 s\tETIMEDOUT$")
    local _, code = client:receive_all(30)
    assert.equal("ECONNRESET", code)
  end)

  it("is sent whole at a shutdown", function()
    local server = serve()
    local client = support.connect(server:address(), { receive_buffer = 65536 })
    http.ask(client, "GET /big.bin")
    assert.matches("^HTTP/1.1 200", client:receive_line())
    server:signal("TERM")
    assert.is_true(#client:receive_all(30) > 100 * MIB)
    assert.same({ status = 0 }, server:wait())
  end)

  it("may be the answer to a request that waited", function()
    local server = scripts.serve(([[
      local files = evio.http.files(%q)
      events = evio.http.server(function(request)
        evio.after(0.01, function() request:respond(files(request)) end)
      end)]]):format(make_root()))
    local client = support.connect(server:address())
    http.ask(client, "GET /big.bin")
    http.ask(client, "GET /index.html")
    assert.equal(100 * MIB, #http.receive(client).body)
    assert.equal("home\n", http.receive(client).body)
  end)
end)

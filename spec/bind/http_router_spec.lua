-- evio.http.router: which handler a request goes to.
local codecs = require("spec.support.codecs")
local http = require("spec.support.http")
local scripts = require("spec.support.scripts")
local support = require("spec.support")

local message = codecs.load("evio.http.message")
local router = codecs.load("evio.http.router")

local function request(method, target)
  return setmetatable({ method = method, target = target, path = message.path_of(target), head = "" },
    message.request_metatable)
end

-- What a router answers: text, or the status and Allow.
local function ask(route, line)
  local answer = route(request(line:match("^(%S+) (%S+)$")))
  return type(answer) == "table" and answer.status .. " " .. ((answer.headers or {}).Allow or "") or answer
end

-- A handler that says its name and the parameters.
local function told(name)
  return function(asked)
    local list = {}
    for key, value in pairs(asked.params or {}) do
      list[#list + 1] = key .. "=" .. value
    end
    table.sort(list)
    return name .. "(" .. table.concat(list, " ") .. ")"
  end
end

local function assert_answers(route, expected)
  for line, answer in pairs(expected) do
    assert.equal(answer, ask(route, line), line)
  end
end

describe("a router", function()
  it("finds fixed paths, parameters and rests, the more exact one first", function()
    local route = router.new()
    route:get("/", told("home")):get("/users", told("users")):get("/users/", told("slash"))
    route:get("/users/:id", told("user")):get("/users/me", told("me")):get("/users/:id/posts/:post", told("post"))
    route:get("/users/:name/photo", told("photo")):get("/users/me/:what", told("mine"))
    route:get("/files/*path", told("file")):get("/files/:one/info", told("info")):get("/:a/:b/:c/:d", told("four"))
    assert_answers(route, {
      ["GET /"] = "home()", ["GET /users"] = "users()", ["GET /users/"] = "slash()",
      ["GET /users?x=/users/1"] = "users()",
      ["GET /users/7"] = "user(id=7)", ["GET /users/me"] = "me()", ["GET /users/7/posts/8"] = "post(id=7 post=8)",
      ["GET /users/7/photo"] = "photo(name=7)", ["GET /users/me/photo"] = "mine(what=photo)",
      ["GET /users/me/posts/1"] = "post(id=me post=1)", ["GET /files/a/b/c"] = "file(path=a/b/c)",
      ["GET /files/"] = "file(path=)", ["GET /files/a/info"] = "info(one=a)", ["GET /files/a/b"] = "file(path=a/b)",
      ["GET /1/2/3/4"] = "four(a=1 b=2 c=3 d=4)", ["GET http://h/users/7?x"] = "user(id=7)",
      ["GET /files"] = "404 ", ["GET /users/7/posts"] = "404 ", ["GET /users//posts/8"] = "404 ",
      ["GET /nobody"] = "404 ", ["GET //"] = "404 ",
    })
  end)

  it("resolves escapes behind the split", function()
    local route = router.new():get("/caf\195\169/:name", told("cafe")):get("/admin", told("admin"))
    route:get("/a/b", told("ab"))
    assert_answers(route, {
      ["GET /caf%C3%A9/a%2Fb"] = "cafe(name=a/b)", ["GET /caf%c3%a9/%2525"] = "cafe(name=%25)",
      ["GET /%61dmin"] = "admin()", ["GET /a%2Fb"] = "404 ", ["GET /a/b"] = "ab()",
    })
  end)

  it("answers for methods that a path has not, HEAD by GET, and OPTIONS", function()
    local route = router.new():get("/a", told("get")):post("/a", told("post")):put("/:x/b", told("put"))
    route:delete("/:y/b", told("delete")):patch("/c", told("patch")):any("PROPFIND", "/c", told("find"))
    route:any("OPTIONS", "/o", told("options")):any("HEAD", "/o", told("head")):get("/o", told("get"))
    assert_answers(route, {
      ["HEAD /a"] = "get()", ["POST /a"] = "post()", ["PUT /1/b"] = "put(x=1)", ["DELETE /1/b"] = "delete(y=1)",
      ["PATCH /c"] = "patch()", ["PROPFIND /c"] = "find()", ["DELETE /a"] = "405 GET, HEAD, OPTIONS, POST",
      ["GET /1/b"] = "405 DELETE, OPTIONS, PUT", ["OPTIONS /a"] = "204 GET, HEAD, OPTIONS, POST",
      ["OPTIONS /o"] = "options()", ["HEAD /o"] = "head()", ["POST /o"] = "405 GET, HEAD, OPTIONS",
      ["OPTIONS *"] = "204 ", ["OPTIONS /none"] = "404 ", ["HEAD /c"] = "405 OPTIONS, PATCH, PROPFIND",
      ["get /a"] = "405 GET, HEAD, OPTIONS, POST", ["CONNECT h:1"] = "404 ",
    })
  end)

  it("gives what begins with a prefix to another handler, routes first and the longest prefix", function()
    local route = router.new():use("/", told("all")):use("/static", told("static")):get("/static/:page", told("page"))
    route:use("/static/images/", told("images"))
    route:use("/inner", router.new():get("/inner/:x", told("inner")))
    assert_answers(route, {
      ["GET /"] = "all()", ["POST /x/y"] = "all()", ["GET /static"] = "static()", ["GET /static/a/b"] = "static()",
      ["GET /static/a"] = "page(page=a)", ["GET /static/images"] = "page(page=images)",
      ["GET /static/images/x/y"] = "images()", ["GET /staticx"] = "all()", ["GET /inner/7"] = "inner(x=7)",
      ["GET /inner"] = "404 ", ["GET /static%2Fa/b"] = "all()",
    })
  end)

  it("says what is wrong with a definition, and where", function()
    for call, expected in pairs({
      ["get('x', f)"] = 'router:get: the path is "x", expected one that begins with a slash, without a query',
      ["get('/x?y', f)"] = 'router:get: the path is "/x?y", expected one',
      ["get(5, f)"] = 'router:get: the path is a number, expected text such as "/users/:id"',
      ["post('/x')"] = "router:post: the handler is a nil, expected a function(request)",
      ["put('/:/x', f)"] = 'router:put: ":" in "/:/x" is no parameter\'s name',
      ["put('/:a-b', f)"] = 'router:put: ":a-b" in "/:a-b" is no parameter\'s name',
      ["get('/:a/:a', f)"] = 'router:get: the parameter "a" is twice in "/:a/:a"',
      ["get('/*a/b', f)"] = 'router:get: "*a" in "/*a/b" is not at the end',
      ["get('/a', f):get('/a', f)"] = "router:get: GET /a is there already, as /a",
      ["get('/a/:b', f):any('GET', '/a/:c', f)"] = "router:any: GET /a/:c is there already, as /a/:b",
      ["any('A B', '/', f)"] = 'router:any: the method is "A B", expected one such as "GET"',
      ["any(nil, '/', f)"] = 'router:any: the method is a nil, expected one such as "GET"',
      ["use('static', f)"] = 'router:use: the path is "static", expected one that begins with a slash',
      ["use('/:x', f)"] = 'router:use: ":x" in "/:x": a prefix has no parameters',
      ["use('/x', f):use('/x/', f)"] = 'router:use: "/x/" is there already',
      ["use('/x', {})"] = "router:use: the handler is a table, expected a function(request)",
    }) do
      local line = scripts.fail(("local function f() end; evio.http.router():%s"):format(call))
      assert.matches("server.lua:1: " .. expected, line, 1, true)
    end
    assert.matches("server.lua:1: evio.http.server: the handler is a table, expected a function(request)",
      scripts.fail("evio.http.server({})"), 1, true)
  end)

  it("is a handler of a server, with answers now and later", function()
    local server = scripts.serve([[
      local route = evio.http.router()
      route:get("/now/:x", function(request) return request.params.x end)
      route:get("/later/:x", function(request)
        evio.after(0.01, function() request:respond(request.params.x) end)
      end)
      route:post("/error", function() error("on purpose") end)
      events = evio.http.server(route)]])
    local client = support.connect(server:address())
    http.ask(client, "GET /later/1")
    http.ask(client, "GET /now/2?x=3")
    http.ask(client, "HEAD /now/4")
    assert.equal("1", http.receive(client).body)
    assert.equal("2", http.receive(client).body)
    assert.equal("1", http.receive(client, true).fields["content-length"])
    assert.equal("GET, HEAD, OPTIONS", http.fetch(client, "OPTIONS /now/4").fields.allow)
    assert.equal("a b", http.curl(server, "/now/a%20b"))
    assert.equal(500, http.fetch(client, "POST /error", "Content-Length: 0\r\n").status)
    server:expect_error("on purpose\nstack traceback:")
  end)

  it("works as the guide has it", function()
    local directory = support.tmpdir()
    http.inside(directory, "mkdir public && seq 1000 >public/numbers.txt")
    local source = support.read_file("docs/guide.md"):match("### Routes and files\n.-```lua\n(.-)```")
    source = source:gsub("localhost:%d+", "127.0.0.1:0"):gsub("evio%.serve%((.-), \"", [[
      local events = %1
      function events.serving(server) print(server.addresses[1]) end
      evio.serve(events, "]])
    local server = support.start(source, { directory = directory })
    assert.equal("user 7", http.curl(server, "/users/7"))
    assert.equal("new", http.curl(server, "/users", "-d new"))
    support.same_bytes(support.read_file(directory .. "/public/numbers.txt"),
      http.curl(server, "/static/numbers.txt", "--compressed"))
    assert.equal("Method Not Allowed\n", http.curl(server, "/users"))
  end)
end)

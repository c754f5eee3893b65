-- A chat: a page and its WebSocket on one port. Open it in two windows, and talk.
--   evio-lua examples/chat.lua [--port 8080]
--   http://localhost:8080/
local evio = require("evio")

local flags = evio.flags({ port = "8080" })

local page = [[
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>chat</title>
<style>
  :root { color-scheme: light dark; --back: #eef1f6; --card: #fff; --text: #1c2330; --faint: #7d879a; --mine: #2f6df6 }
  @media (prefers-color-scheme: dark) { :root { --back: #10141c; --card: #1b212d; --text: #e4e8f0; --faint: #8791a5 } }
  * { box-sizing: border-box; font: inherit }
  body { margin: auto; padding: 0 1rem; max-width: 42rem; height: 100dvh; display: flex; flex-direction: column;
    background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif }
  header { display: flex; align-items: baseline; gap: .6rem; padding: 1rem 0 .8rem }
  h1 { font-size: 1.3rem; font-weight: 650; margin: 0 }
  #here { color: var(--faint); font-size: .85rem }
  #here::before { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%;
    margin-right: .4rem; background: #c33 }
  .on #here::before { background: #2eb872 }
  #log { flex: 1; overflow-y: auto; display: flex; flex-direction: column; gap: .45rem; padding: .2rem }
  #log p { margin: 0; padding: .5rem .8rem; border-radius: 1rem 1rem 1rem .3rem; background: var(--card);
    max-width: 80%; align-self: start; overflow-wrap: anywhere; box-shadow: 0 1px 2px #0002 }
  #log p.mine { align-self: end; background: var(--mine); color: #fff; border-radius: 1rem 1rem .3rem 1rem }
  #log p.note { align-self: center; background: none; box-shadow: none; color: var(--faint); font-size: .85rem;
    padding: 0 }
  #log b { display: block; font-size: .78rem; font-weight: 650 }
  form { display: flex; gap: .5rem; padding: .9rem 0 1.1rem }
  input { border: 1px solid #8883; border-radius: 1.2rem; padding: .6rem 1rem; background: var(--card); color: inherit;
    min-width: 0 }
  input:focus { outline: 2px solid var(--mine); outline-offset: -1px }
  #name { width: 7.5rem } #text { flex: 1 }
  button { border: 0; border-radius: 1.2rem; padding: .6rem 1.2rem; background: var(--mine); color: #fff }
</style>
<header><h1>chat</h1><span id="here">connecting</span></header>
<div id="log"></div>
<form><input id="name" maxlength="20" aria-label="your name"><input id="text" maxlength="1000" autocomplete="off"
  placeholder="say something" aria-label="message" autofocus><button>Send</button></form>
<script>
  const $ = (id) => document.getElementById(id);
  const names = ["Otter", "Heron", "Lynx", "Wren", "Marten", "Finch", "Badger", "Swift"];
  $("name").value = new URLSearchParams(location.search).get("name") || names[Math.random() * names.length | 0];
  let socket, me;

  function add(kind, text, name) {
    const line = document.createElement("p");
    line.className = kind;
    if (name) {
      const hue = [...name].reduce((sum, c) => sum * 31 + c.codePointAt(0), 7) % 360;
      const style = `color: hsl(${hue} 55% 48%)`;
      line.append(Object.assign(document.createElement("b"), { textContent: name, style }));
    }
    line.append(Object.assign(document.createElement("span"), { textContent: text }));
    $("log").append(line);
    line.scrollIntoView();
  }

  const events = {
    you(id) { me = id; $("log").replaceChildren() },
    here(count) { $("here").textContent = count == 1 ? "only you are here" : `${count} are here` },
    note(text) { add("note", text) },
    said(id, name, text) { id == me ? add("mine", text) : add("", text, name) },
  };

  function connect() {
    const scheme = location.protocol == "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/chat?name=${encodeURIComponent($("name").value)}`);
    socket.onopen = () => document.body.className = "on";
    socket.onmessage = ({ data }) => { const [kind, ...rest] = data.split("\t"); events[kind](...rest) };
    socket.onclose = () => {
      document.body.className = "";
      $("here").textContent = "connecting";
      setTimeout(connect, 1000);
    };
  }

  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    if ($("text").value && socket.readyState == 1) socket.send($("text").value);
    $("text").value = "";
  };
  $("name").onchange = () => socket.close();
  connect();
</script>
]]

local room, count, history = {}, 0, {}

-- Text in one line, as parts of our messages are.
local function plain(text, most)
  text = text:gsub("%c", " "):sub(1, most)
  return pcall(evio.websocket.encode, text) and text or text:gsub("[\128-\255]", "?") -- which was no UTF-8
end

local function tell(...)
  evio.websocket.broadcast(room, table.concat({ ... }, "\t"))
end

local handlers = {}

function handlers.opened(ws, request)
  local name = request.query.name
  ws.name = plain(type(name) == "string" and name:find("%S") and name or "somebody", 60)
  ws:send("you\t" .. ws.conn.id)
  for _, said in ipairs(history) do
    ws:send(said)
  end
  room[ws], count = true, count + 1
  tell("here", count)
  tell("note", ws.name .. " came")
end

function handlers.message(ws, data)
  local said = table.concat({ "said", ws.conn.id, ws.name, plain(data, 4000) }, "\t")
  history[#history + 1] = said
  if #history > 50 then
    table.remove(history, 1)
  end
  tell(said)
end

function handlers.closed(ws)
  if room[ws] then
    room[ws], count = nil, count - 1
    tell("here", count)
    tell("note", ws.name .. " left")
  end
end

local chat = evio.websocket.server(handlers, { message = 4096, ping = 30, deflate = true })

local events = evio.http.server(function(request)
  if request.path == "/chat" then
    return chat(request)
  elseif request.path == "/" then
    return { headers = { ["Content-Type"] = "text/html; charset=utf-8" }, body = page }
  end
  return { status = 404 }
end)

function events.serving(server)
  print("chat server started on " .. server.addresses[1])
  io.stdout:flush()
end

evio.serve(events, "tcp://:" .. flags.port)

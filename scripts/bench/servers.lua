-- What is measured: servers. Another one is a few lines here.
--
-- A server is { argv = command line }. It prints a line that ends with its port (or address) once
-- it listens. One that does not do so has PORT in its argv or in `config`: a free port is put there,
-- and the server is ready when it takes connections. `config` is the text of a file, whose path is
-- put in the place of CONFIG in argv.
return {
  ["evio-lua"] = { argv = { "./evio-lua", "examples/echo.lua", "--port", "0" } },
  floor = { argv = { "build/bench/floor", "0" } },
  ["100,000 timers"] = { argv = { "./evio-lua", "scripts/bench/echo.lua", "timers=100000" } },
  ["no timer"] = { argv = { "./evio-lua", "scripts/bench/echo.lua" } },
  ["idle time-outs"] = { argv = { "./evio-lua", "scripts/bench/echo.lua", "idle=60" } },
  ["no time-out"] = { argv = { "./evio-lua", "scripts/bench/echo.lua" } },
  ["evio-lua http"] = { argv = { "./evio-lua", "examples/http.lua", "--port", "0", "--tlscert", "none" } },
  ["nginx http"] = {
    argv = { "nginx", "-p", "build/bench", "-c", "CONFIG" },
    config = [[
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
  server {
    listen 127.0.0.1:PORT;
    location / { default_type "text/plain; charset=utf-8"; return 200 "Hello World!"; }
  }
}]],
  },
  ["evio-lua https"] = { argv = { "./evio-lua", "scripts/bench/https_server.lua", "build/bench/cert.pem" } },
  ["nginx https"] = {
    argv = { "nginx", "-p", "build/bench", "-c", "CONFIG" },
    config = [[
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
  server {
    listen 127.0.0.1:PORT ssl; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate cert.pem; ssl_certificate_key cert.pem;
    location / { return 200 "Hello World!\n"; }
    location /mib { root .; }
  }
}]],
  },
  ["evio-lua redis"] = { argv = { "./evio-lua", "examples/redis.lua", "--port", "0" } },
  ["redis-server"] = {
    argv = { "redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--save", "", "--appendonly", "no" },
  },
  ["evio-lua websocket"] = { argv = { "./evio-lua", "examples/websocket.lua", "--port", "0" } },
  ws = { argv = { "node", "scripts/bench/ws_echo.js" } },
  session = { argv = { "./evio-lua", "scripts/bench/lines.lua", "session" } },
  stream = { argv = { "./evio-lua", "scripts/bench/lines.lua", "stream" } },
  framing = { argv = { "./evio-lua", "scripts/bench/lines.lua", "framing" } },
  luv = { argv = { "luajit", "scripts/bench/luv_echo.lua", "0" } },
}

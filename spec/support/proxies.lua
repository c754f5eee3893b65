-- haproxy and nginx, in front of servers of ours.
local certificates = require("spec.support.certificates")
local socket = require("posix.sys.socket")
local support = require("spec.support")
local unistd = require("posix.unistd")

local M = {}

-- In front of those that the system gives to whoever asks for any, of which one might be gone before a proxy binds it.
local FIRST_PORT, PORTS = 10000, 20000

local function random_port()
  local file = assert(io.open("/dev/urandom", "rb"))
  local high, low = file:read(2):byte(1, 2)
  file:close()
  return FIRST_PORT + (high * 256 + low) % PORTS
end

-- Free ports of 127.0.0.1, as they cannot be asked which they took.
function M.free_ports(count)
  local fds, ports = {}, {}
  for i = 1, count do
    fds[i] = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    repeat
      ports[i] = random_port()
    until socket.bind(fds[i], { family = socket.AF_INET, addr = "127.0.0.1", port = ports[i] })
  end
  for _, fd in ipairs(fds) do
    unistd.close(fd)
  end
  return ports
end

local function start(command, directory, config)
  support.write_file(directory .. "/config", config)
  return support.spawn({ "-c", ("PATH=$PATH:/usr/sbin; exec " .. command):format(directory) }, { command = { "sh" } })
end

-- Starts haproxy; CERT in the configuration becomes the path of a certificate with its key.
function M.haproxy(config)
  local directory = support.tmpdir()
  support.write_file(directory .. "/cert.pem", support.read_file(certificates.path("server.pem"))
    .. support.read_file(certificates.path("server.key")))
  return start("haproxy -db -f %s/config", directory, (config:gsub("CERT", directory .. "/cert.pem")))
end

local NGINX = [[
daemon off;
master_process off;
error_log stderr;
pid DIRECTORY/pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path DIRECTORY/body;
  proxy_temp_path DIRECTORY/proxy;
  fastcgi_temp_path DIRECTORY/fastcgi;
  uwsgi_temp_path DIRECTORY/uwsgi;
  scgi_temp_path DIRECTORY/scgi;
  root DIRECTORY;
  %s
}
]]

-- Starts nginx with what is in its block `http`, and files in its root, by their names.
function M.nginx(config, files)
  local directory = support.tmpdir()
  for name, text in pairs(files or {}) do
    support.write_file(directory .. "/" .. name, text)
  end
  return start("nginx -e stderr -p %s -c config", directory, (NGINX:format((config:gsub("%%", "%%%%")))
    :gsub("DIRECTORY", directory)))
end

-- Waits until somebody listens on each of the ports.
function M.await(ports)
  for _, port in ipairs(ports) do
    support.eventually(function()
      local client, code = support.try_connect("tcp://127.0.0.1:" .. port)
      if client then
        client:close()
      end
      return client, code
    end)
  end
end

return M

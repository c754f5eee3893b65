-- Certificates for specs, made by openssl(1) once for all that run within some hours, below build/.
local unistd = require("posix.unistd")

local M = {}

-- Whoever is first makes them; who makes them at the same time throws its own away.
local SCRIPT = [[
set -e
target=build/test/certificates
[ -z "$(find $target -maxdepth 0 -mmin -600 2>/dev/null)" ] || exit 0
mkdir -p build/test
own=$(mktemp -d $target.XXXXXX)
trap 'rm -rf "$own"' EXIT
[ ! -e $target ] || mv -T $target "$own/old"
cd "$own"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }
key ca
openssl req -x509 -new -key ca.key -days 30 -subj "/CN=Spec CA" -out ca.pem \
  -addext "basicConstraints=critical,CA:TRUE" 2>/dev/null
# sign NAME SUBJECT-ALT-NAME DAYS
sign() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" \
    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
sign server "DNS:localhost,IP:127.0.0.1" 30
sign one "DNS:one.example" 30
sign wild "DNS:*.wild.example" 30
sign client "DNS:client.example" 30
sign expired "DNS:localhost,IP:127.0.0.1" 0
openssl ec -in server.key -aes256 -passout pass:secret -out locked.key 2>/dev/null
rm -rf old
cd - >/dev/null
mv -T "$own" $target 2>/dev/null || [ -e $target/locked.key ]
]]

local directory

-- The path of a file: "ca.pem"; "server", "one", "wild", "client", "expired" with ".pem" and ".key";
-- "locked.key", the server's key with the password "secret".
function M.path(name)
  if not directory then
    assert(os.execute(("sh -c '%s'"):format(SCRIPT:gsub("'", "'\\''"))) == 0, "openssl failed")
    directory = unistd.getcwd() .. "/build/test/certificates"
  end
  return directory .. "/" .. name
end

-- Source of the fields cert and key of evio.tls.
function M.fields(name)
  return ("cert = %q, key = %q"):format(M.path(name .. ".pem"), M.path(name .. ".key"))
end

return M

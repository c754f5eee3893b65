-- What permessage-deflate's sides agree on (RFC 7692, 7.1).
local scripts = require("spec.support.scripts")

local HEAD = [[
  local deflate = require("evio.websocket.deflate")
  local plain = { level = 6, window = 15, memory = 8, takeover = true, threshold = 1 }
  local small = { level = 6, window = 10, memory = 8, takeover = false, threshold = 1 }
  local function show(agreed)
    return agreed and ("%d%s/%s"):format(agreed.send.window, agreed.send.takeover and "+" or "-",
      agreed.receive.takeover and "+" or "-") or "none"
  end
  local function same(expected, got)
    if got ~= expected then
      error(("expected %s, got %s"):format(expected, tostring(got)), 3)
    end
  end
]]

local function run(source)
  local status, stderr = scripts.run(HEAD .. source .. " os.exit(0)")
  assert.equal("", stderr)
  assert.equal(0, status)
end

describe("permessage-deflate", function()
  it("is answered by a server as it was offered", function()
    run([[
      local function answers(field, settings, expected, agreed)
        local answer, what = deflate.accept(field, settings)
        same(expected, answer or "")
        same(agreed, show(what))
      end
      local P = "permessage-deflate"
      answers(P, plain, P, "15+/+")
      answers("x-webkit-deflate-frame, PerMessage-Deflate", plain, P, "15+/+")
      answers(P .. "; client_max_window_bits", plain, P, "15+/+")
      answers(P .. ";client_max_window_bits=8", plain, P, "15+/+")
      answers(P .. "; server_no_context_takeover", plain, P .. "; server_no_context_takeover", "15-/+")
      answers(P .. "; client_no_context_takeover", plain, P .. "; client_no_context_takeover", "15+/-")
      answers(P .. "; server_max_window_bits=10", plain, P .. "; server_max_window_bits=10", "10+/+")
      answers(P .. '; server_max_window_bits="12"', plain, P .. "; server_max_window_bits=12", "12+/+")
      local all = P .. "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits="
      answers(P, small, all .. "10", "10-/-")
      answers(P .. "; server_max_window_bits=9", small, all .. "9", "9-/-")
      answers(P .. "; server_max_window_bits=8, " .. P, plain, P, "15+/+") -- zlib makes no window of 8
    ]])
  end)

  it("is not agreed on where the offer is none", function()
    run([[
      for _, field in ipairs({ "", "x-other", "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=1x", "permessage-deflate; client_max_window_bits=0",
        "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover" }) do
        same("none", show(select(2, deflate.accept(field, plain))))
      end
      same("none", show(select(2, deflate.accept(nil, plain))))
    ]])
  end)

  it("is taken by a client as it was answered", function()
    run([[
      same("permessage-deflate; client_max_window_bits", deflate.offer(plain))
      same("permessage-deflate; client_max_window_bits; server_no_context_takeover; client_no_context_takeover; "
        .. "server_max_window_bits=10", deflate.offer(small))
      local P = "permessage-deflate"
      local function takes(field, settings, agreed)
        local what, why = deflate.check(field, settings)
        same("nil", tostring(why))
        same(agreed, show(what))
      end
      takes(nil, plain, "none")
      takes(P, plain, "15+/+")
      takes(P .. "; server_no_context_takeover; server_max_window_bits=8", plain, "15+/-")
      takes(P .. "; client_no_context_takeover; client_max_window_bits=9", plain, "9-/+")
      takes(P .. "; server_no_context_takeover; server_max_window_bits=10", small, "10-/-")
    ]])
  end)

  it("is refused by a client as it was not offered", function()
    run([[
      local P = "permessage-deflate"
      local function refuses(field, settings, why)
        local what, words = deflate.check(field, settings)
        same("none", show(what))
        same(why, (words or "nil"):sub(1, #why))
      end
      refuses(P, nil, 'the server chose the extensions "permessage-deflate", which were not offered')
      refuses("x-other", plain, 'the server chose the extensions "x-other"')
      refuses(P .. ", " .. P, plain, "the server chose the extensions")
      for _, field in ipairs({ "; unknown", "; server_max_window_bits", "; client_max_window_bits",
        "; server_max_window_bits=16", "; server_no_context_takeover=1" }) do
        refuses(P .. field, plain, "the server answered the offer of permessage-deflate with")
      end
      refuses(P, small, "the server answered the offer")
      refuses(P .. "; server_no_context_takeover; server_max_window_bits=11", small, "the server answered the offer")
      refuses(P .. "; client_max_window_bits=8", plain, "the server wants a window of 8 bits")
    ]])
  end)
end)

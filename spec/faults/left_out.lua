-- The specs, by name, that cannot pass where reads are short, EINTR ends a wait, or EAGAIN comes by itself, or in the
-- build that does that: a list of patterns for busted, see .busted.

local NAMES = {
  -- Their handlers, or the servers that they start, take what one read brings for a whole message.
  "evio.websocket.dial takes no protocol that it did not offer",
  "evio.deflate ends with ECUT when the peer cuts the stream",
  "evio.deflate drops what comes behind the end of zlib's, and reads gzip's members one after the other",
  "a compression bomb is not let through by taking the translator away",
  "gathered output is seen by prewrite and postwrite, whose own writes come behind it",
  "unread input up to options.input is waited for",

  -- How much of a line without an end is too much depends on where reads end, in redis-server, too.
  "examples/redis.lua answers as redis-server to odd bytes",

  -- A wait that EINTR ends is an iteration, too, and EAGAIN ends one's accepting: these count.
  "evio.every of 0 seconds comes in every iteration, once",
  "ticks of delay 0 come once an iteration, whatever other timers there are",
  "accepting takes many clients in one iteration (seed 19)",

  -- Where EAGAIN has its socket say twice that nothing came, the peer is a new one.
  "a peer that was quiet only because the loop was late is not forgotten",

  -- Small pieces fill the system's buffers of a unix socket sooner, and its client does not read before it sent all.
  "a close lets the reply in front of it arrive though input is unread, on unix (seed 7)",

  -- An error ends the connection at once, and takes along what EAGAIN has left in the queue.
  "examples/starttls.lua refuses plaintext that was slipped in behind STARTTLS",

  -- They look at what only the build for release has, and at a user who may not write to the counts.
  "the binaries look whether a function wrote beyond its variables",
  "--user fails for who may not",

  -- It fills a socket until it takes no more; here it does soon afterwards.
  "evio.deflate says so when a socket in a job cannot send its end, and takes nothing behind it",
}

local patterns = {}
for i, name in ipairs(NAMES) do
  patterns[i] = name:gsub("%p", "%%%0")
end
return patterns

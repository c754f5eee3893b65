-- The specs, by name, that cannot pass where reads are short, EINTR ends a wait, or EAGAIN comes by itself: a list of
-- patterns for busted, see .busted.

local NAMES = {
  -- Their handlers, or the servers that they start, take what one read brings for a whole message.
  "a TLS connection may begin in the middle of a conversation, and nothing slips in front of it",
  "a TLS handshake that stalls at any of its messages ends at the time-out, and no event sees it",
  "a close ends the events but prewrite, postwrite and one closed",
  "a close lets the reply in front of it arrive though input is unread, on unix (seed 7)",
  "a dialed connection finishes when it was told to before it was connected",
  "a dialed connection is one of thousands that all get their answer",
  "a paused connection gets nothing until it is resumed, then all of it",
  "a paused connection gets what was here before the peer's reset, then closed with ECONNRESET",
  "a program that was started without standard streams does not take a client for one of them",
  "a stream's integer of eight bytes with a sign, down to -2^53",
  "a stream's integer of eight bytes, up to 2^53",
  "a stream's integer of four bytes",
  "a stream's integer of two bytes",
  "conn:handler delivers a rest given before a dialed connection opened, and reads on",
  "conn:handler makes a stream forget how far it had searched in what others took",
  "evio.dial keeps the loop running until the connection ended",
  "evio.resp.client ends where what comes is no reply, or one too many",
  "evio.resp.client takes replies in any pieces",
  "evio.resp.client tells every request of the end, once",
  "evio.wake is false for ids that nobody has",
  "evio.websocket.dial takes no protocol that it did not offer",
  "examples/redis.lua answers as redis-server to odd bytes",
  "examples/starttls.lua refuses plaintext that was slipped in behind STARTTLS",
  "prewrite and postwrite fire once for all that one callback wrote",
  "prewrite and postwrite tell the bytes on the wire, after opened",
  "several servers are served by one loop; a shutdown action ends only its own",
  "wakes do not overwrite or reorder output that was not sent yet (seed 36)",
  "wakes reach a connection whose peer does not read, at once (seed 10)",

  -- A wait that EINTR ends is an iteration, too, and this one counts them.
  "evio.every of 0 seconds comes in every iteration, once",

  -- They fill a socket until it takes no more; here it does soon afterwards.
  "evio.deflate says so when a socket in a job cannot send its end, and takes nothing behind it",
}

local patterns = {}
for i, name in ipairs(NAMES) do
  patterns[i] = name:gsub("%p", "%%%0")
end
return patterns

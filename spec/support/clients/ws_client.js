// What ws gets from an echo server on a port here: node ws_client.js PORT plain|deflate
const assert = require("assert");
const { once } = require("events");
const WebSocket = require("ws");

const [port, mode] = process.argv.slice(2);

// Each message comes back as it was, in its kind.
async function echo(socket, data) {
  socket.send(data);
  const [got, isBinary] = await once(socket, "message");
  assert.strictEqual(isBinary, typeof data !== "string");
  assert.ok(Buffer.from(data).equals(got));
}

async function check(options) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
  await once(socket, "open");
  assert.strictEqual(socket.extensions, mode === "deflate" ? "permessage-deflate" : "");
  for (const data of ["", "hello", "h\u00e9llo \u{1f600}", "x".repeat(125), "x".repeat(126), "y".repeat(65536),
    "some text that comes back ".repeat(20000), Buffer.alloc(0), Buffer.from([0, 255, 128]),
    require("crypto").randomBytes(1024 * 1024)]) {
    await echo(socket, data);
  }
  for (const compress of [true, false]) { // in fragments
    const answers = Promise.all([once(socket, "pong"), once(socket, "message")]);
    socket.send("one, ", { fin: false, compress });
    socket.send("two, ", { fin: false, compress });
    socket.ping("between");
    socket.send("three", { fin: true, compress });
    const [[pong], [message]] = await answers;
    assert.strictEqual(pong.toString(), "between");
    assert.strictEqual(message.toString(), "one, two, three");
  }
  const count = 2000;
  const came = new Promise((resolve) => {
    let next = 0;
    socket.on("message", (data) => {
      assert.strictEqual(data.toString(), `message ${next}`);
      if (++next === count) resolve();
    });
  });
  for (let i = 0; i < count; i++) socket.send(`message ${i}`);
  await came;
  socket.close(4321, "done");
  const [code, reason] = await once(socket, "close");
  assert.strictEqual(code, 4321);
  assert.strictEqual(reason.toString(), "");
}

async function checkAll() {
  const deflate = { threshold: 0 };
  await check({ perMessageDeflate: mode === "deflate" && deflate });
  if (mode === "deflate") {
    for (const more of [{ serverNoContextTakeover: true }, { clientNoContextTakeover: true },
      { serverMaxWindowBits: 10, clientMaxWindowBits: 9 }]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: { ...deflate, ...more } });
      await once(socket, "open");
      for (let i = 0; i < 20; i++) await echo(socket, `text ${i} `.repeat(1000 + i));
      socket.close();
      assert.strictEqual((await once(socket, "close"))[0], 1005);
    }
  }
}

checkAll().then(
  () => console.log(`ws, ${mode}: all as expected`),
  (error) => {
    console.log(error);
    process.exit(1);
  });

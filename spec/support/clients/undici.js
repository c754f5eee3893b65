// What undici gets of examples/http.lua on a port here: node undici.js PORT
const assert = require("assert");
const { Client, Pool } = require("undici");
const { Readable, Writable } = require("stream");

const origin = `http://127.0.0.1:${process.argv[2]}`;

async function text({ statusCode, body }) {
  assert.strictEqual(statusCode, 200);
  return body.text();
}

// As many at once as `pipelining` says, each answered with what it asked, over the connections that are counted.
async function many(pipelining, count) {
  const client = new Client(origin, { pipelining });
  let connections = 0;
  client.on("connect", () => connections++);
  const answers = [];
  for (let i = 0; i < count; i++) {
    const body = i % 3 === 2 ? "x".repeat(i * 100) : `number ${i}`;
    answers.push(i % 3 === 0
      ? client.request({ path: "/", method: "GET" }).then(text).then((got) => assert.strictEqual(got, "Hello World!"))
      : client.request({ path: "/echo", method: "PUT", body, idempotent: true }).then(text)
        .then((got) => assert.strictEqual(got, body)));
  }
  await Promise.all(answers);
  assert.strictEqual(connections, 1);
  await client.close();
}

async function bodies(client) {
  const bytes = Buffer.from(Array.from({ length: 300000 }, (_, i) => (i * i) % 256));
  // Of a length.
  const answer = await client.request({ path: "/echo", method: "POST", body: bytes,
    headers: { "content-type": "application/octet-stream" } });
  assert.strictEqual(answer.headers["content-type"], "application/octet-stream");
  assert.strictEqual(answer.headers["content-length"], "300000");
  assert.deepStrictEqual(Buffer.from(await answer.body.arrayBuffer()), bytes);
  // In chunks, and read as it comes.
  const pieces = [];
  await client.stream({ path: "/echo", method: "POST", body: Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]) },
    () => new Writable({ write(piece, _, done) { pieces.push(piece); done(); } }));
  assert.deepStrictEqual(Buffer.concat(pieces), bytes);
  // None.
  const head = await client.request({ path: "/", method: "HEAD" });
  assert.strictEqual(head.headers["content-length"], "12");
  assert.strictEqual(await head.body.text(), "");
  assert.strictEqual(await client.request({ path: "/echo", method: "POST", body: "" }).then(text), "");
  // Too long.
  const long = await client.request({ path: "/echo", method: "POST", body: "x".repeat(2 ** 20 + 1) });
  assert.strictEqual(long.statusCode, 413);
  await long.body.dump();
  assert.strictEqual(await client.request({ path: "/", method: "GET" }).then(text), "Hello World!");
}

async function main() {
  await many(1, 200);
  await many(16, 500);
  const pool = new Pool(origin, { connections: 4 });
  await bodies(pool);
  await pool.close();
  console.log("undici: all as expected");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

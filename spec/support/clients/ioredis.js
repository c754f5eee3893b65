// What ioredis gets from a server for Redis's clients on a port here: node ioredis.js PORT
const assert = require("assert");
const Redis = require("ioredis");

async function check(redis) {
  assert.strictEqual(await redis.ping(), "PONG");
  assert.strictEqual(await redis.set("text", "h\u00e9llo"), "OK");
  assert.strictEqual(await redis.get("text"), "h\u00e9llo");
  assert.strictEqual(await redis.get("nothing"), null);
  const bytes = Buffer.from([0, 13, 10, 255, 36]);
  await redis.set("bytes", bytes);
  assert.deepStrictEqual(await redis.getBuffer("bytes"), bytes);
  const large = "x".repeat(3 * 1024 * 1024);
  await redis.set("large", large);
  assert.strictEqual(await redis.get("large"), large);
  assert.strictEqual(await redis.incr("count"), 1);
  assert.strictEqual(await redis.mset({ a: "1", b: "2" }), "OK");
  assert.deepStrictEqual(await redis.mget("a", "b", "nothing"), ["1", "2", null]);
  assert.strictEqual(await redis.exists("a", "a", "nothing"), 2);
  assert.strictEqual(await redis.expire("a", 100), 1);
  assert.strictEqual(await redis.ttl("a"), 100);
  assert.strictEqual(await redis.set("a", "3", "EX", 10, "NX"), null);
  assert.deepStrictEqual((await redis.keys("?")).sort(), ["a", "b"]);
  assert.strictEqual(await redis.del("a", "b"), 2);
  assert.deepStrictEqual(await redis.config("GET", "save"), ["save", ""]);
  await assert.rejects(redis.set("text", "x", "FOO"), /^ReplyError: ERR syntax error$/);
  await assert.rejects(redis.call("FOO", "x"), /ERR unknown command 'FOO', with args beginning with: 'x'/);

  const pipeline = redis.pipeline();
  for (let i = 0; i < 2000; i++) pipeline.set(`key:${i}`, i).get(`key:${i}`);
  const results = await pipeline.exec();
  results.forEach(([error, value], i) => {
    assert.strictEqual(error, null);
    assert.strictEqual(value, i % 2 ? String((i - 1) / 2) : "OK");
  });
  assert.strictEqual(await redis.select(1), "OK");
  assert.strictEqual(await redis.dbsize(), 0);
  await redis.select(0);
  assert.strictEqual(await redis.flushdb(), "OK");
  assert.strictEqual(await redis.quit(), "OK");
}

// As an application does it: the ready check reads INFO, the name is set with CLIENT.
const options = { host: "127.0.0.1", port: Number(process.argv[2]), connectionName: "spec", retryStrategy: null };
check(new Redis(options)).then(
  () => console.log("ioredis: all as expected"),
  (error) => {
    console.log(error);
    process.exit(1);
  });

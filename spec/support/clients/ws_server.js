// An echo server of ws for a client of ours: node ws_server.js plain|deflate. It prints its port, and what happens.
const { WebSocketServer } = require("ws");

const options = { plain: false, deflate: { threshold: 0 },
  small: { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 10, serverNoContextTakeover: true } };
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: options[process.argv[2]] });
server.on("listening", () => console.log(`listening on ${server.address().port}`));
server.on("connection", (socket) => {
  console.log(`extensions: ${socket.extensions}`);
  socket.on("message", (data, isBinary) => {
    if (data.toString() === "bye") {
      socket.close(4001, "bye");
    } else if (data.toString() === "parts") {
      socket.send("one, ", { fin: false });
      socket.ping("between");
      socket.send("two", { fin: true });
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
  socket.on("close", (code, reason) => console.log(`closed: ${code} ${reason}`));
  socket.on("error", (error) => console.log(`error: ${error.message}`));
});
process.on("SIGTERM", () => process.exit(0));

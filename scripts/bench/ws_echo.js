// An echo server of the npm package ws, as its documentation shows one. It prints its port.
const { WebSocketServer } = require("../../build/clients/node_modules/ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(`listening on ${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});

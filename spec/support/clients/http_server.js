// A server of node's for evio.http.client, on a port of its choice, which it prints: node http_server.js
const http = require("http");

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces);
    if (request.url === "/trailers") {
      response.writeHead(200, { Trailer: "X-Sum" });
      response.write("one, ");
      response.write("two");
      response.addTrailers({ "X-Sum": "7" });
      response.end();
    } else if (request.url === "/hints") {
      response.writeContinue();
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.end("behind hints");
    } else if (request.url === "/cut") {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("a part", () => response.socket.destroy());
    } else if (request.url === "/last") {
      response.writeHead(200, { Connection: "close" });
      response.end("the last");
    } else {
      response.end(`${request.method} ${body.length} ${request.headers["transfer-encoding"] || "-"} ${body.subarray(0, 10)}`);
    }
  });
});
server.keepAliveTimeout = 1000;
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
  socket.pipe(socket);
});
let connections = 0;
server.on("connection", () => console.log(`connection ${++connections}`));
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));

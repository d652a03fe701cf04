// A gRPC service, a WebSocket echo with an event stream beside it, and an event stream over HTTP/2.
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { WebSocketServer } = require('ws');

const { interop } = grpc.loadPackageDefinition(loader.loadSync(path.join(__dirname, 'text.proto')));

const text = {
  Unary(call, done) {
    if (call.request.text === 'fail') {
      const trailers = new grpc.Metadata();
      trailers.set('x-why', 'asked to');
      done({ code: grpc.status.FAILED_PRECONDITION, details: 'nicht für 100%', metadata: trailers });
    } else if (call.request.text !== 'silence') {
      done(null, { text: call.request.text });
    }
  },
  Down(call) {
    for (let i = Number(call.request.text); i > 0; i--) call.write({ text: String(i) });
    call.end();
  },
  Up(call, done) {
    let count = 0;
    call.on('data', () => count++);
    call.on('end', () => done(null, { text: String(count) }));
  },
  Both(call) {
    call.on('data', (message) => call.write({ text: 're: ' + message.text }));
    call.on('end', () => call.end());
  },
};

function events(request, response) {
  response.setHeader('content-type', 'text/event-stream');
  response.writeHead(200);
  let sent = 0;
  const timer = setInterval(() => {
    response.write(`id: ${sent}\ndata: ${Date.now()}\n\n`);
    if (++sent === 5) {
      clearInterval(timer);
    }
  }, 50);
  response.on('close', () => clearInterval(timer));
}

const server = new grpc.Server();
server.addService(interop.Text.service, text);
const live = http.createServer(events);
new WebSocketServer({ server: live, perMessageDeflate: true }).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
const shared = http2.createServer(events);

server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (failure, port) => {
  if (failure) throw failure;
  live.listen(0, '127.0.0.1', () =>
    shared.listen(0, '127.0.0.1', () =>
      fs.writeFileSync(process.argv[2], `${port} ${live.address().port} ${shared.address().port}\n`)));
});

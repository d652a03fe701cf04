// Drives the gateway as its users do; every check prints a line, the first that fails ends it all.
const assert = require('assert');
const http2 = require('http2');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { EventSource } = require('eventsource');
const WebSocket = require('ws');

const at = `127.0.0.1:${process.argv[2]}`;
const { interop } = grpc.loadPackageDefinition(loader.loadSync(path.join(__dirname, 'text.proto')));
const client = new interop.Text(at, grpc.credentials.createInsecure());

const unary = (text, options = {}) =>
  new Promise((done, fail) => client.Unary({ text }, options, (e, answer) => (e ? fail(e) : done(answer.text))));
const rest = (call) =>
  new Promise((done, fail) => {
    const all = [];
    call.on('data', (message) => all.push(message.text));
    call.on('end', () => done(all));
    call.on('error', fail);
  });

const checks = {
  async 'gRPC: unary, small and large'() {
    assert.strictEqual(await unary('hello'), 'hello');
    assert.strictEqual((await unary('x'.repeat(1e6))).length, 1e6);
  },
  async 'gRPC: 200 calls at once'() {
    const answers = await Promise.all([...Array(200).keys()].map((i) => unary(String(i))));
    assert.deepStrictEqual(answers, [...Array(200).keys()].map(String));
  },
  async 'gRPC: the service streams'() {
    const all = await rest(client.Down({ text: '1000' }));
    assert.strictEqual(all.length, 1000);
    assert.strictEqual(all[999], '1');
  },
  async 'gRPC: the client streams'() {
    const count = await new Promise((done, fail) => {
      const call = client.Up((e, answer) => (e ? fail(e) : done(answer.text)));
      for (let i = 0; i < 1000; i++) call.write({ text: 'x' });
      call.end();
    });
    assert.strictEqual(count, '1000');
  },
  async 'gRPC: both stream, answer before the next request'() {
    const call = client.Both();
    for (let i = 0; i < 5; i++) {
      const answer = new Promise((done) => call.once('data', done));
      call.write({ text: String(i) });
      assert.strictEqual((await answer).text, `re: ${i}`);
    }
    call.end();
    await rest(call);
  },
  async 'gRPC: a failure with message and trailers'() {
    await assert.rejects(unary('fail'), (e) =>
      e.code === grpc.status.FAILED_PRECONDITION && e.details === 'nicht für 100%' && e.metadata.get('x-why')[0] === 'asked to');
  },
  async 'gRPC: a deadline'() {
    await assert.rejects(unary('silence', { deadline: Date.now() + 300 }), (e) => e.code === grpc.status.DEADLINE_EXCEEDED);
  },
  async 'gRPC: a limit is RESOURCE_EXHAUSTED'() {
    const limited = new grpc.Metadata();
    limited.set('x-limited', 'yes');
    await rest(client.Down({ text: '1' }, limited));
    await assert.rejects(rest(client.Down({ text: '1' }, limited)), (e) => e.code === grpc.status.RESOURCE_EXHAUSTED);
  },
  async 'gRPC: an unknown service is UNIMPLEMENTED'() {
    const nowhere = new grpc.Client(at, grpc.credentials.createInsecure());
    await assert.rejects(
      new Promise((done, fail) =>
        nowhere.makeUnaryRequest('/other.Service/Call', (x) => x, (x) => x, Buffer.from('x'), (e) => (e ? fail(e) : done()))),
      (e) => e.code === grpc.status.UNIMPLEMENTED);
    nowhere.close();
  },
  async 'WebSocket: messages both ways, compressed end to end, close code'() {
    const socket = new WebSocket(`ws://${at}/live`, { perMessageDeflate: { threshold: 0 } });
    await new Promise((done, fail) => socket.once('open', done).once('error', fail));
    assert.match(socket.extensions, /permessage-deflate/);
    for (const text of ['small', 'x'.repeat(500000)]) {
      const answer = new Promise((done) => socket.once('message', done));
      socket.send(text);
      assert.strictEqual((await answer).toString(), text);
    }
    const closed = new Promise((done) => socket.once('close', done));
    socket.close(4001, 'enough');
    assert.strictEqual(await closed, 4001);
  },
  async 'events: HTTP/1.1 client, HTTP/1.1 service'() {
    await eventsArrive('/live');
  },
  async 'events: HTTP/1.1 client, HTTP/2 service'() {
    await eventsArrive('/events');
  },
  async 'events: HTTP/2 client, HTTP/2 service'() {
    const session = http2.connect(`http://${at}`);
    const stream = session.request({ ':path': '/events' });
    let late = 0;
    let seen = 0;
    await new Promise((done) =>
      stream.on('data', (chunk) => {
        for (const [, sent] of String(chunk).matchAll(/data: (\d+)/g)) {
          late = Math.max(late, Date.now() - Number(sent));
          if (++seen === 5) done();
        }
      }));
    session.destroy();
    assert.ok(late < 500, `an event came ${late} ms late`);
  },
};

async function eventsArrive(where) {
  const source = new EventSource(`http://${at}${where}`);
  let late = 0;
  let seen = 0;
  await new Promise((done, fail) => {
    source.onerror = fail;
    source.onmessage = (event) => {
      late = Math.max(late, Date.now() - Number(event.data));
      if (++seen === 5) done();
    };
  });
  source.close();
  assert.ok(late < 500, `an event came ${late} ms late`);
}

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    const limit = new Promise((_, fail) => setTimeout(() => fail(new Error('took over 20 s')), 20000).unref());
    await Promise.race([check(), limit]);
    console.log(`ok  ${name}`);
  }
  process.exit(0);
})().catch((failure) => {
  console.error('not ok', failure);
  process.exit(1);
});

// node receive.mjs autotel|genkit|official
// Starts a receiver of spans that others wrote, and prints its address. Then each line on stdin is a trace id, answered by one line: the spans that it
// has of that trace, as [{traceId, spanId, parentSpanId, name, start, end, attributes}], times in milliseconds.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);

const freePort = () => new Promise(resolve => {
  const socket = createSocket().listen(0, '127.0.0.1', () => {
    const { port } = socket.address();
    socket.close(() => resolve(port));
  });
});

/** Until somebody accepts connections at an address: some say that they are there before they are. */
const listening = async url => {
  const { hostname, port } = new URL(url);
  while (!await new Promise(resolve => {
    const socket = connect(Number(port), hostname, () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
  })) await new Promise(resolve => setTimeout(resolve, 25));
};

/** An investigation server for agents, with a collector of its own; asked by the tools that it gives them. */
async function autotel() {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'node_modules/autotel-mcp/bin/autotel-mcp'), '--backend', 'collector', '--collector-port', String(port)],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill());
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', line => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
  });
  let id = 0;
  const send = message => child.stdin.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
  const call = (method, params) => new Promise(resolve => {
    waiting.set(++id, resolve);
    send({ id, method, params });
  });
  await call('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'peers', version: '1' } });
  send({ method: 'notifications/initialized' });
  return {
    url: `http://127.0.0.1:${port}`,
    async find(traceId) {
      const answer = await call('tools/call', { name: 'get_trace', arguments: { traceId } });
      const trace = JSON.parse(answer.result.content[0].text).data;
      return (trace?.spans ?? []).map(s => ({
        traceId: s.traceId ?? trace.traceId, spanId: s.spanId, parentSpanId: s.parentSpanId, name: s.operationName, start: s.startTimeUnixMs, end: s.startTimeUnixMs + s.durationMs,
        attributes: { ...trace.resource, ...s.tags },
      }));
    },
  };
}

/** The telemetry server of Genkit's developer tools. */
async function genkit() {
  const { startTelemetryServer, LocalFileTraceStore, LocalFileLogStore } = require('@genkit-ai/telemetry-server');
  const port = await freePort();
  const storeRoot = mkdtempSync(join(tmpdir(), 'peers-'));
  await startTelemetryServer({ port, traceStore: new LocalFileTraceStore({ storeRoot, indexRoot: storeRoot }), logStore: new LocalFileLogStore({ storeRoot, indexRoot: storeRoot }) });
  return {
    url: `http://127.0.0.1:${port}/api/otlp`,
    async find(traceId) {
      const trace = await (await fetch(`http://127.0.0.1:${port}/api/traces/${traceId}`)).json();
      return Object.values(trace?.spans ?? {}).map(s => ({
        traceId: s.traceId, spanId: s.spanId, parentSpanId: s.parentSpanId, name: s.displayName, start: s.startTime, end: s.endTime, attributes: s.attributes,
      }));
    },
  };
}

/** Nothing but the protocol's own .proto files, as OpenTelemetry's exporter brings them along. */
async function official() {
  const protobuf = require('protobufjs');
  const root = new protobuf.Root();
  const protos = join(dirname(require.resolve('@opentelemetry/exporter-collector-grpc/package.json')), 'build/protos');
  root.resolvePath = (_, target) => join(protos, target.startsWith(protos) ? target.slice(protos.length) : target);
  await root.load('opentelemetry/proto/collector/trace/v1/trace_service.proto');
  const Request = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
  const spans = [];
  const hex = bytes => Buffer.from(bytes ?? []).toString('hex');
  const millis = nanos => Number(BigInt(nanos.toString()) / 1000000n);
  const value = v => v.stringValue ?? v.boolValue ?? (v.intValue !== undefined ? v.intValue.toString() : v.doubleValue);
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const decoded = Request.decode(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    for (const resource of Request.toObject(decoded, { longs: String }).resourceSpans) {
      // What is called scope now was called instrumentation library in this version, under the same numbers.
      for (const span of resource.instrumentationLibrarySpans.flatMap(l => l.spans)) {
        spans.push({
          traceId: hex(span.traceId), spanId: hex(span.spanId), parentSpanId: hex(span.parentSpanId), name: span.name, start: millis(span.startTimeUnixNano), end: millis(span.endTimeUnixNano),
          attributes: Object.fromEntries(span.attributes.map(a => [a.key, value(a.value)])),
        });
      }
    }
    response.setHeader('content-type', 'application/x-protobuf').end();
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, find: async traceId => spans.filter(s => s.traceId === traceId) };
}

// What a receiver says of itself must not be taken for an answer.
const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const receiver = await { autotel, genkit, official }[process.argv[2]]();
await listening(receiver.url);
say(receiver.url + '\n');
for await (const line of createInterface({ input: process.stdin })) {
  say(JSON.stringify(await receiver.find(line.trim())) + '\n');
}
process.exit(0);

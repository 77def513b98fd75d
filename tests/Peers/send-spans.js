// Sends spans with the official exporters to the address that is given, and prints what it sent: one JSON object a line.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [kind, namespace] = process.argv.slice(2);
const Exporter = { http: HttpExporter, proto: ProtoExporter }[kind];
const problems = [];
// The address, headers and compression come from the standard variables, as they do for whoever uses it.
const exporter = new Exporter();
const processor = new SimpleSpanProcessor({
  export: (spans, done) => exporter.export(spans, result => {
    if (result.error) problems.push(String(result.error));
    done(result);
  }),
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown(),
});
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop', 'service.namespace': namespace, 'deployment.environment': 'production' }),
  spanProcessors: [processor],
});
const tracer = provider.getTracer('peers', '1.2.3');

const start = Date.now() - 60_000;
const at = milliseconds => start + milliseconds;
const sent = [];
function begin(name, parent, from, options) {
  const context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  return tracer.startSpan(name, { startTime: at(from), ...options }, context);
}
function end(span, to, more) {
  span.end(at(to));
  const { traceId, spanId } = span.spanContext();
  sent.push({ name: span.name, traceId, spanId, start: span.startTime[0] * 1e6 + span.startTime[1] / 1e3, end: span.endTime[0] * 1e6 + span.endTime[1] / 1e3, ...more });
}

const root = begin('RUN release', null, 0, { kind: SpanKind.SERVER, attributes: { 'cicd.pipeline.name': 'release', 'cicd.pipeline.result': 'failure', 'error.type': 'tests' } });
const build = begin('compile', root, 100, { attributes: { 'cicd.pipeline.task.name': 'compile', 'cicd.pipeline.task.type': 'build', 'cicd.pipeline.task.run.result': 'success' } });
build.addEvent('cache miss', { key: 'npm' }, at(150));
end(build, 900, { parent: root.spanContext().spanId, tags: { 'cicd.pipeline.task.name': 'compile' }, outcome: 'success', type: 'build', note: 'cache miss: key=npm' });
const test = begin('mocha', root, 900, {
  kind: SpanKind.CLIENT,
  attributes: { text: 'größer → ok', count: 42, share: 0.25, flag: true, list: ['a', 'b'] },
  links: [{ context: build.spanContext() }],
});
test.recordException(new TypeError('undefined is not a function'), at(1200));
test.setStatus({ code: SpanStatusCode.ERROR, message: '3 of 40 failed' });
end(test, 1500, {
  parent: root.spanContext().spanId, link: build.spanContext().spanId, outcome: 'failure', type: 'span',
  tags: { text: 'größer → ok', count: 42, share: 0.25, flag: true, list: '["a","b"]', 'error.type': 'TypeError', 'otel.status_description': '3 of 40 failed', 'span.kind': 'client' },
});
end(root, 1600, { outcome: 'failure', type: 'pipeline', tags: { 'error.type': 'tests', 'deployment.environment.name': 'production', 'service.name': 'shop', 'otel.scope.name': 'peers', 'otel.scope.version': '1.2.3' } });

await provider.forceFlush();
await provider.shutdown();
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
for (const span of sent) console.log(JSON.stringify(span));

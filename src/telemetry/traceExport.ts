/**
 * Traces by OpenTelemetry, sent with OTLP over HTTP. The one module that knows its packages; it is loaded only where an endpoint
 * is configured. Parents are handed on by hand: an AsyncLocalStorage would tax every promise of the process (Node 20).
 * Spans hold names of the schema, of tables and of this code, numbers and codes: never variables, literals or headers.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type TextMapGetter,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseCall } from '../data/connection.ts';
import type {
  BackgroundTrace,
  JobTrace,
  ModelCallFacts,
  ModelCallParent,
  OperationTrace,
  RequestTrace,
  Tracing,
  TracingSettings,
} from './tracing.ts';

function samplerOf({ sampler, ratio }: TracingSettings): Sampler {
  const kind = sampler.replace('parentbased_', '');
  const root =
    kind === 'always_on' ? new AlwaysOnSampler() : kind === 'always_off' ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

const headerGetter: TextMapGetter<IncomingHttpHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};

/** Marks a span as failed, with a code that clients see, too. */
function fail(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** A call is known when it was answered: its span begins in the past. */
function recordCall(tracer: Tracer, parent: Context, call: DatabaseCall): void {
  const { operation, table, index, items, itemsRead, readUnits, writeUnits, depth, failed, milliseconds, reason } = call;
  const end = performance.timeOrigin + performance.now();
  const attributes = {
    ...{ 'db.system.name': 'dynamodb', 'db.operation.name': operation, 'db.collection.name': table },
    ...(index !== undefined && { 'snapinfra.index': index }),
    ...{ 'snapinfra.reason': reason, 'snapinfra.items': items, 'snapinfra.items_read': itemsRead, 'snapinfra.depth': depth },
    ...{ 'snapinfra.read_units': readUnits, 'snapinfra.write_units': writeUnits },
  };
  const span = tracer.startSpan(`${operation} ${table}`, { kind: SpanKind.CLIENT, startTime: end - milliseconds, attributes }, parent);
  if (failed) fail(span, 'failed');
  span.end(end);
}

/**
 * A call to a model. Names of OpenTelemetry's conventions for generative AI ("Semantic conventions for generative client AI
 * spans"); `openai` is, there, whoever speaks that API, and the address says who it is.
 */
function openModelCall(
  tracer: Tracer,
  parent: Context,
  { operation, model, host, port }: ModelCallFacts,
): ReturnType<ModelCallParent['modelCall']> {
  const attributes = {
    ...{ 'gen_ai.operation.name': operation, 'gen_ai.provider.name': 'openai', 'server.address': host, 'server.port': port },
    ...(model !== undefined && { 'gen_ai.request.model': model }),
  };
  const name = model === undefined ? operation : `${operation} ${model}`;
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
  return ({ code, tokens }) => {
    if (tokens) span.setAttributes({ 'gen_ai.usage.input_tokens': tokens.input, 'gen_ai.usage.output_tokens': tokens.output });
    if (code !== undefined) fail(span, code);
    span.end();
  };
}

function openJob(tracer: Tracer, parent: Context, { target, attempt }: Parameters<BackgroundTrace['job']>[0]): JobTrace {
  const attributes = { 'snapinfra.target': target, 'snapinfra.attempt': attempt };
  const span = tracer.startSpan(`generate ${target}`, { attributes }, parent);
  const context = trace.setSpan(parent, span);
  return {
    call: (call) => recordCall(tracer, context, call),
    modelCall: (call) => openModelCall(tracer, context, call),
    end(outcome) {
      span.setAttribute('snapinfra.outcome', outcome);
      if (outcome === 'failed' || outcome === 'error') fail(span, outcome);
      span.end();
    },
  };
}

function openBackground(tracer: Tracer, task: string): BackgroundTrace {
  const span = tracer.startSpan(task, { attributes: { 'snapinfra.task': task } }, ROOT_CONTEXT);
  const context = trace.setSpan(ROOT_CONTEXT, span);
  return {
    job: (job) => openJob(tracer, context, job),
    end(code) {
      if (code !== null) fail(span, code);
      span.end();
    },
  };
}

function openOperation(tracer: Tracer, parent: Context): OperationTrace {
  const span = tracer.startSpan('operation', {}, parent);
  const context = trace.setSpan(parent, span);
  const { traceId } = span.spanContext();
  return {
    traceId,
    describe({ name, type, cost }) {
      if (type !== undefined) {
        span.updateName(name === undefined ? type : `${type} ${name}`);
        span.setAttribute('graphql.operation.type', type);
      }
      if (name !== undefined) span.setAttribute('graphql.operation.name', name);
      if (cost !== undefined) span.setAttribute('snapinfra.cost', cost);
    },
    call: (call) => recordCall(tracer, context, call),
    batch: (loader, size) => void span.addEvent('loader batch', { 'snapinfra.loader': loader, 'snapinfra.size': size }),
    modelCall: (call) => openModelCall(tracer, context, call),
    field(name) {
      const field = tracer.startSpan(name, { attributes: { 'graphql.field.path': name } }, context);
      return (code) => {
        if (code !== null) fail(field, code);
        field.end();
      };
    },
    end(codes) {
      const [code] = codes;
      if (code !== undefined) fail(span, code);
      span.end();
    },
  };
}

function openRequest(tracer: Tracer, parent: Context, method: string): RequestTrace {
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent);
  const context = trace.setSpan(parent, span);
  return {
    traceId: span.spanContext().traceId,
    operation: () => openOperation(tracer, context),
    end({ route, status }) {
      span.updateName(`${method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
      if (status >= 500) fail(span, String(status));
      span.end();
    },
  };
}

/** Starts to record and send traces. `close` sends what is left. */
export function startTracing(settings: TracingSettings & { readonly version: string }): Tracing {
  const exporter = new OTLPTraceExporter({ url: settings.url });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': settings.serviceName, 'service.version': settings.version }),
    sampler: samplerOf(settings),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('snapinfra-api', settings.version);
  const propagator = new W3CTraceContextPropagator();
  return {
    request: (method, headers) => openRequest(tracer, propagator.extract(ROOT_CONTEXT, headers, headerGetter), method),
    operation: () => openOperation(tracer, ROOT_CONTEXT),
    modelCall: (call) => openModelCall(tracer, ROOT_CONTEXT, call),
    background: (task) => openBackground(tracer, task),
    close: () => provider.shutdown(),
  };
}

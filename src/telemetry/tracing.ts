/** What the server tells of its requests to traces; nothing of OpenTelemetry is loaded for it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseCall } from '../data/connection.ts';

/** Values of OTEL_TRACES_SAMPLER (OpenTelemetry specification, "General SDK Configuration"). */
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where traces go, and which. */
export interface TracingSettings {
  /** Takes OTLP over HTTP, such as `http://localhost:4318/v1/traces`. */
  readonly url: string;
  readonly serviceName: string;
  readonly sampler: (typeof samplers)[number];
  /** Share of traces for the samplers by ratio, 0 to 1. */
  readonly ratio: number;
}

/** The span of an operation, under which all its work is. */
export interface OperationTrace {
  readonly traceId: string;
  describe(operation: { name?: string | undefined; type?: string | undefined; cost?: number | undefined }): void;
  call(call: DatabaseCall): void;
  batch(loader: string, size: number): void;
  /** Opens the span of a root field; the returned function ends it, with the code of its error if it has one. */
  field(name: string): (code: string | null) => void;
  /** Ends it; later calls do nothing. */
  end(codes: readonly string[]): void;
}

/** The span of an HTTP request. */
export interface RequestTrace {
  readonly traceId: string;
  operation(): OperationTrace;
  end(answer: { route: string; status: number }): void;
}

/** Records traces. */
export interface Tracing {
  /** Opens the span of an HTTP request, below that of the client where its `traceparent` names one. */
  request(method: string, headers: IncomingHttpHeaders): RequestTrace;
  /** Opens the span of an operation that no HTTP request stands for. */
  operation(): OperationTrace;
  /** Sends what is left. */
  close(): Promise<void>;
}

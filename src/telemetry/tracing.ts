/** What the server tells of its requests to traces; nothing of OpenTelemetry is loaded for it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseCall } from '../data/connection.ts';
import type { JobOutcome } from './metrics.ts';

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

/** A call to the assistant's endpoint. Nothing of what is asked or answered. */
export interface ModelCallFacts {
  /** `chat` is a name of OpenTelemetry's conventions for generative AI; they have none for a list of models. */
  readonly operation: 'chat' | 'list_models';
  /** The model that is asked. */
  readonly model?: string;
  /** Host and port of the endpoint. */
  readonly host: string;
  readonly port: number;
}

/** How a call to the assistant's endpoint ended. */
export interface ModelCallEnd {
  /** Code of its failure. */
  readonly code?: string;
  /** Where the endpoint counts them. */
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
}

/** What calls to the assistant's endpoint are traced below. */
export interface ModelCallParent {
  /** Opens the span of a call; the returned function ends it, once. */
  modelCall(call: ModelCallFacts): (end: ModelCallEnd) => void;
}

/** The span of work on a job of code generation. */
export interface JobTrace extends ModelCallParent {
  call(call: DatabaseCall): void;
  end(outcome: JobOutcome): void;
}

/** The span of one run of background work. */
export interface BackgroundTrace {
  /** Opens the span of the work on a job; `target` is a value of the schema's enum. */
  job(job: { readonly target: string; readonly attempt: number }): JobTrace;
  /** Ends it, with the code of its failure if it failed. */
  end(code: string | null): void;
}

/** The span of an operation, under which all its work is. */
export interface OperationTrace extends ModelCallParent {
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

/** Records traces. A call to the assistant's endpoint that nothing else stands for begins one. */
export interface Tracing extends ModelCallParent {
  /** Opens the span of an HTTP request, below that of the client where its `traceparent` names one. */
  request(method: string, headers: IncomingHttpHeaders): RequestTrace;
  /** Opens the span of an operation that no HTTP request stands for. */
  operation(): OperationTrace;
  /** Opens the span of background work, which begins a trace; `task` is a name of this code. */
  background(task: string): BackgroundTrace;
  /** Sends what is left. */
  close(): Promise<void>;
}

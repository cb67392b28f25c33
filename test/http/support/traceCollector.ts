/** A collector of traces. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TracingSettings } from '../../../src/telemetry/tracing.ts';

/** A span as it was sent. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { key: string; value: Record<string, unknown> }[];
  readonly events: { name: string; attributes: { key: string; value: Record<string, unknown> }[] }[];
  readonly status: { code: number };
}

/** Takes OTLP over HTTP in its JSON form. */
export interface Collector {
  readonly settings: TracingSettings & { version: string };
  readonly spans: Span[];
  readonly bodies: string[];
  close(): void;
}

/** Starts a collector on a free port. */
export async function startCollector(sampling: Pick<TracingSettings, 'sampler' | 'ratio'>): Promise<Collector> {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      bodies.push(body);
      for (const resource of JSON.parse(body).resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const settings = { url, serviceName: 'traced', version: '1.2.3', ...sampling };
  return { settings, spans, bodies, close: () => server.close() };
}

/** Returns the value of an attribute; numbers of 64 bits as they come. */
export const attribute = ({ attributes }: Pick<Span, 'attributes'>, key: string): unknown => {
  const value = attributes.find((candidate) => candidate.key === key)?.value;
  return value && Object.values(value)[0];
};

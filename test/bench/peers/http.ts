/** What the two peers without GraphQL share: routes to JSON answers on Node's HTTP server. */
import { createServer, type IncomingMessage } from 'node:http';
import { host, userIdOf } from './peer.ts';

/** Answers a request; `undefined` means that there is no such thing. */
export type Route = (request: { userId: string; url: URL; body: () => Promise<unknown> }) => Promise<unknown>;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Listens and serves one function. A failure is a status 500 with its reason. */
export function serve(port: number, route: Route): void {
  createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://peer');
    const answer = route({ userId: userIdOf(request.headers), url, body: () => readJson(request) });
    answer.then(
      (value) => {
        response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null));
      },
      (error: unknown) => void response.writeHead(500).end(String(error)),
    );
  }).listen(port, host);
}

/** Returns the attributes of a row that an answer has. */
export function pick(row: Record<string, unknown>, attributes: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map((attribute) => [attribute, row[attribute] ?? null]));
}

/** What the answers have of each kind of row. */
export const shown = {
  project: ['id', 'name'],
  schemas: ['id', 'name', 'version', 'tableCount', 'createdAt'],
  deployments: ['id', 'status', 'environment', 'version', 'createdAt'],
  activity: ['id', 'action', 'entityType', 'entityId', 'createdAt'],
  deployment: ['id', 'status', 'environment', 'provider', 'version', 'createdAt'],
  newDeployment: ['id', 'status', 'version', 'createdAt'],
} as const;

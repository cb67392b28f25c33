/** GraphQL over HTTP as its specification says: each audit of graphql-http is a test. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditResult } from 'graphql-http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowedDeviations, auditCount, auditProblem, auditReport, createAudits, runAudit } from './audit/audits.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const audits = createAudits(() => `${server.url}/graphql`);

test('there are as many audits as the pinned version has', () => {
  expect(audits).toHaveLength(auditCount);
});

// With 200 for a body that is no JSON: BCF8 and B7N8 say "Response status code is not 400".
test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
  expect(auditProblem(await runAudit(audit))).toBeNull();
});

describe('the judgement', () => {
  const failed = (status: 'notice' | 'warn' | 'error', id: string): AuditResult => ({
    ...{ id, status, name: 'SHOULD do', reason: 'it did not' },
    response: new Response(),
  });

  test.each(Object.keys(allowedDeviations))('allows %s as a warning, never as an error', (id) => {
    expect(auditProblem(failed('warn', id))).toBeNull();
    expect(auditProblem(failed('notice', id))).toBeNull();
    expect(auditProblem(failed('error', id))).toContain(id);
  });

  test('allows nothing else', () => {
    expect(auditProblem(failed('notice', '0000'))).toContain('not among the deviations');
  });

  test('finds a server that answers something else', async () => {
    const other = createServer((_request, response) => void response.writeHead(418).end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const results = await Promise.all(createAudits(() => `http://127.0.0.1:${port}/`).map(runAudit));
    other.close();
    other.closeAllConnections();
    const problems = results.filter((result) => auditProblem(result) !== null);
    expect(problems.length).toBeGreaterThan(auditCount / 2);
    expect(auditReport(results)).toContain('NOT ALLOWED');
  });
});

/** The bundle handles packages differently than Node does: one test per provider in the server as `npm start` runs it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort, startServerProcess, temporaryDataDir, type ServerProcess } from '../http/support/serverProcess.ts';
import { integrationTypes } from '../../src/domains/integrations/integration.ts';
import { goodConfigs, secretMark, startProviders, type Providers } from '../support/providers.ts';

let server: ServerProcess;
let providers: Providers;
let headers: Record<string, string>;
let projectId: string;
const data = temporaryDataDir();

beforeAll(async () => {
  providers = await startProviders();
  const INTEGRATION_ENDPOINTS = Object.entries(providers.endpoints)
    .map(([name, address]) => `${name}=${address}`)
    .join(',');
  server = startServerProcess({ PORT: String(await freePort()), DATA_DIR: data.dataDir, INTEGRATION_ENDPOINTS });
  await server.ready;
  const { signUp } = await server.run<{ signUp: { accessToken: string } }>(
    'mutation { signUp(input: { email: "ada@example.com", password: "correct horse battery", username: "Ada" }) { accessToken } }',
  );
  headers = { authorization: `Bearer ${signUp.accessToken}` };
  const created = await server.run<{ projectCreate: { project: { id: string } } }>(
    'mutation { projectCreate(input: { name: "x" }) { project { id } } }',
    headers,
  );
  projectId = created.projectCreate.project.id;
});
afterAll(async () => {
  server.signal('SIGTERM');
  await server.ended;
  await providers.close();
  data.remove();
});

async function outcome(type: string, config: Readonly<Record<string, string>>): Promise<unknown> {
  const literal = Object.entries(config).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const made = await server.run<{ integrationCreate: { integration: { id: string } } }>(
    `mutation { integrationCreate(input: { projectId: "${projectId}", type: ${type.toUpperCase()}, name: "x", config: { ${literal.join(', ')} } }) { integration { id } } }`,
    headers,
  );
  const { integrationTest } = await server.run<{ integrationTest: { ok: boolean; details: { problem?: string } } }>(
    `mutation { integrationTest(id: "${made.integrationCreate.integration.id}") { ok details } }`,
    headers,
  );
  return integrationTest.details.problem ?? integrationTest.ok;
}

test.each(integrationTypes)('%s', async (type) => {
  expect(await outcome(type, goodConfigs[type])).toBe(true);
  expect(server.stdout()).not.toContain(secretMark);
});

test('a server of a user whose name does not lead anywhere public is not called', async () => {
  expect(['UNREACHABLE', 'ADDRESS_REFUSED']).toContain(
    await outcome('github', { ...goodConfigs.github, baseUrl: 'https://snapinfra.invalid' }),
  );
});

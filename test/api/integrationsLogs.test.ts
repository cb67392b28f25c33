/** Secrets of integrations over HTTP: in neither the log nor what comes back, also when the request is wrong. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { uniqueEmail, type Data } from '../support/harness.ts';
import { secretMark } from '../support/providers.ts';

let server: TestServer;
let headers: Record<string, string>;
let projectId: string;
const secret = `sk_test_${secretMark}logs1234`;

async function post(query: string, variables: Record<string, unknown> = {}): Promise<{ data: Data; text: string }> {
  const response = await server.post({ query, variables }, headers);
  const text = await response.text();
  return { data: (JSON.parse(text) as { data?: Data }).data, text };
}

beforeAll(async () => {
  headers = {};
  server = await startTestServer();
  const input = { email: uniqueEmail(), password: 'correct horse battery', username: 'Ada' };
  const { data } = await post('mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken } }', { input });
  headers = { authorization: `Bearer ${String(data.signUp.accessToken)}` };
  projectId = (await post('mutation { projectCreate(input: { name: "x" }) { project { id } } }')).data.projectCreate.project.id;
});
afterAll(() => server.close());

test('inline literals leave no trace', async () => {
  const { data, text } = await post(
    `mutation Connect { integrationCreate(input: { projectId: "${projectId}", type: STRIPE, name: "x", config: { secretKey: "${secret}" } }) { integration { id config } userErrors { message } } }`,
  );
  expect(data.integrationCreate).toMatchObject({ integration: { config: { secretKey: '••••1234' } }, userErrors: [] });
  expect(text).not.toContain(secretMark);
  expect(server.log.filter((line) => line.includes('"Connect"'))).toHaveLength(1);
  expect(server.log.join('\n')).not.toContain(secretMark);
});

const createDocument =
  'mutation ($input: IntegrationCreateInput!) { integrationCreate(input: $input) { integration { id } userErrors { message field } } }';

test.each<[string, string, Record<string, unknown>]>([
  [
    'an unknown field',
    createDocument,
    { input: { projectId: 'p', type: 'STRIPE', name: 'x', config: { secretKey: secret, other: secret } } },
  ],
  [
    'an unusable value',
    createDocument,
    { input: { projectId: 'p', type: 'STRIPE', name: 'x', config: { secretKey: `${secret} ${secret}` } } },
  ],
  ['a field that is missing', createDocument, { input: { type: 'STRIPE', name: 'x', config: { secretKey: secret } } }],
  ['a type that is not known', createDocument, { input: { projectId: 'p', type: 'JIRA', name: 'x', config: { secretKey: secret } } }],
  ['a configuration that is text', createDocument, { input: { projectId: 'p', type: 'STRIPE', name: 'x', config: secret } }],
  [
    'a literal in a wrong place',
    `mutation { integrationCreate(input: { projectId: "p", type: STRIPE, name: "x", config: "${secret}" }) { integration { id } } }`,
    {},
  ],
  [
    'an unknown argument',
    `mutation { integrationCreate(input: { projectId: "p", type: STRIPE, name: "x", config: { secretKey: "${secret}" } }, more: 1) { integration { id } } }`,
    {},
  ],
  ['text in place of an input', `mutation { integrationCreate(input: "${secret}") { integration { id } } }`, {}],
  ['broken syntax', `mutation { integrationCreate(input: { config: { secretKey: "${secret}" `, {}],
])('%s leaves no trace in the log and is not repeated', async (_, query, variables) => {
  const request = JSON.parse(JSON.stringify([query, variables]).replaceAll('"p"', JSON.stringify(projectId))) as [
    string,
    Record<string, unknown>,
  ];
  const { text } = await post(...request);
  expect(server.log.join('\n')).not.toContain(secretMark);
  expect(text).not.toContain(secretMark);
  expect(text).toMatch(/"(?:errors|userErrors)":\[\{/);
});

/** The examples of the README, run as written: their answers must be those that a reader gets. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/root.ts';
import { startTestServer } from '../http/support/testServer.ts';
import { createHarness, uniqueEmail, type Caller, type Data, type Harness } from '../support/harness.ts';

const page = readFileSync(new URL('README.md', packageRoot), 'utf8');

/** Returns the operations of a section, each with the answer that it shows. */
function examples(heading: string): { document: string; answer: string }[] {
  const start = page.indexOf(`## ${heading}\n`);
  const section = page.slice(start, page.indexOf('\n## ', start + 1));
  const pairs = section.matchAll(/```graphql\n([\s\S]*?)```\s+```json\n([\s\S]*?)```/g);
  return [...pairs].map(([, document = '', answer = '']) => ({ document, answer }));
}

const steps = examples('A first session');

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

/** Replaces what differs from run to run: the random part of ids, and tokens. */
function comparable(answer: Data): Data {
  const text = JSON.stringify(answer)
    .replace(/\b([a-z]{3})_[0-9a-z]{26}\b/g, '$1_…')
    .replace(/"eyJ[^"]*"/g, '"eyJ…"');
  return JSON.parse(text);
}

test('every step answers what the README shows', async () => {
  expect(steps.length).toBeGreaterThanOrEqual(5);
  let caller: Caller | null = null;
  let projectId: string | undefined;
  for (const { document, answer } of steps) {
    const variables = document.includes('$projectId') ? { projectId } : {};
    const data = await harness.must(caller, document.replace('ada@example.com', uniqueEmail()), variables);
    expect(comparable(data)).toEqual(comparable(JSON.parse(answer)));
    caller = data.signUp ? { token: data.signUp.accessToken } : caller;
    projectId = data.projectCreate?.project.id ?? projectId;
  }
});

test('the cost of a query is what the README shows', async () => {
  const [example] = examples('See what a query costs');
  const server = await startTestServer({ environment: 'development' });
  try {
    const run = async (query: string, variables: object, headers: Record<string, string> = {}): Promise<Data> =>
      (await server.post({ query, variables }, headers)).json();
    const [signUp, projectCreate, , deploymentCreate] = steps.map(({ document }) => document.replace('ada@example.com', uniqueEmail()));
    const token: string = (await run(signUp!, {})).data.signUp.accessToken;
    const headers = { authorization: `Bearer ${token}` };
    const project = (await run(projectCreate!, {}, headers)).data.projectCreate.project;
    await run(deploymentCreate!, { projectId: project.id }, headers);
    const { extensions } = await run(example!.document, {}, { ...headers, 'x-snapinfra-explain': '1' });
    const shown = JSON.parse(example!.answer);
    for (const call of [...extensions.explain.calls, ...shown.extensions.explain.calls]) {
      expect(call.milliseconds).toBeGreaterThan(0);
      call.milliseconds = 1;
    }
    expect(extensions).toEqual(shown.extensions);
  } finally {
    await server.close();
  }
});

/** The first session of the README, run as written: its answers must be those that a reader gets. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/root.ts';
import { createHarness, uniqueEmail, type Caller, type Data, type Harness } from '../support/harness.ts';

const page = readFileSync(new URL('README.md', packageRoot), 'utf8');
const session = page.slice(page.indexOf('## A first session'), page.indexOf('## How the API behaves'));
const steps = [...session.matchAll(/```graphql\n([\s\S]*?)```\s+```json\n([\s\S]*?)```/g)].map(([, document = '', answer = '']) => ({
  document,
  answer,
}));

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

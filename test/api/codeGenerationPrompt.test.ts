/** Generations with a prompt, on a server with an assistant: the model adapts the files, or the generation says why not. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { failure, held, startAiServer, whole, type AiServer } from '../support/aiServer.ts';
import { separateTables, type TestDatabase } from '../support/database.ts';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { endOf, idle, poll, rowOf, startGeneration, until } from '../support/generations.ts';
import { createHarness, type Harness, type TestUser } from '../support/harness.ts';

let endpoint: AiServer;
let harness: Harness;
let ada: TestUser;
let projectId: string;

/** Tables of their own: jobs that other tests have left behind would come first. */
let queue: Promise<TestDatabase>;
/** Short, so that signs of life come while the model thinks; long enough for a machine that is busy with other tests. */
const codeGenerationJobs = { leaseMs: 2_400 };

beforeAll(async () => {
  queue = separateTables('gen-prompt-');
  endpoint = await startAiServer();
  harness = await createHarness({ codeGenerationJobs, ai: { baseUrl: endpoint.baseUrl, model: 'model-1', apiKey: 'sk-1' } }, queue);
  ada = await harness.signUp();
  projectId = (await fakeProject(harness, ada)).id;
  const tables = [{ name: 'users', fields: [{ name: 'id', type: 'uuid', required: true }] }];
  await fakeSchema(harness, ada, { projectId, name: 'main', tables });
});
beforeEach(() => {
  endpoint.reset();
});
afterAll(async () => {
  await harness.close();
  await endpoint.close();
});

const edits = JSON.stringify({ note: 'Added a licence.', files: [{ path: 'LICENSE', content: 'MIT\n' }] });

test('the model adapts the files, and its note says what it did', async () => {
  endpoint.script(whole(edits));
  const { id } = await startGeneration(harness, ada, { projectId, prompt: 'Add a licence' });
  const done = await endOf(harness, ada, id);
  expect(done).toMatchObject({ status: 'COMPLETED', note: 'Added a licence.', prompt: 'Add a licence' });
  expect(done.files.nodes).toContainEqual({ path: 'LICENSE', content: 'MIT\n' });
  expect(done.files.totalCount).toBeGreaterThan(1);
  expect(JSON.stringify(endpoint.chats[0]?.body)).toContain('Add a licence');
});

test('without a prompt nobody asks the model', async () => {
  const { id } = await startGeneration(harness, ada, { projectId, prompt: ' ' });
  expect(await endOf(harness, ada, id)).toMatchObject({ status: 'COMPLETED', note: null, prompt: null });
  expect(endpoint.chats).toEqual([]);
});

test('when the model can not be asked the generation fails, and says what to do', async () => {
  endpoint.script(failure(401));
  const { id } = await startGeneration(harness, ada, { projectId, prompt: 'Add a licence' });
  const { status, error, files } = await endOf(harness, ada, id);
  expect([status, files.totalCount]).toEqual(['FAILED', 0]);
  expect(error).toMatch(/prompt was not applied.*operator.*without a prompt/s);
  expect(error).not.toContain('sk-');
});

/** Starts a generation whose model thinks until it is released. */
async function thinking(): Promise<{ id: string; release: () => void }> {
  const step = held(whole(edits));
  endpoint.script(step);
  const { id } = await startGeneration(harness, ada, { projectId, prompt: 'Add a licence' });
  await until(() => endpoint.chats[0] ?? null);
  return { id, release: step.release };
}

test('a job stays its worker’s for as long as the model thinks', async () => {
  const { id, release } = await thinking();
  const { row } = await rowOf(harness, id);
  await until(async () => ((await rowOf(harness, id)).row.leaseUntil - row.leaseUntil > codeGenerationJobs.leaseMs ? true : null));
  const other = await createHarness({ codeGenerationJobs }, queue);
  try {
    await poll(other);
    await idle(other);
  } finally {
    await other.close();
  }
  release();
  expect((await endOf(harness, ada, id)).status).toBe('COMPLETED');
  expect((await rowOf(harness, id)).row).toMatchObject({ attempts: 1 });
});

test('a cancellation ends the question to the model', async () => {
  const { id, release } = await thinking();
  await harness.must(ada, 'mutation ($id: ID!) { codeGenerationCancel(id: $id) { codeGeneration { status } userErrors { message } } }', {
    id,
  });
  await until(() => (endpoint.chats[0]?.isAbandoned ? true : null));
  await idle(harness);
  release();
  expect(await endOf(harness, ada, id)).toMatchObject({ status: 'CANCELLED', files: { totalCount: 0 } });
});

/** What tests of code generations need: starting one, following it, holding its worker back at a write. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation, Send } from '../../src/data/client.ts';
import { connect } from '../../src/data/connection.ts';
import { takeJobs } from '../../src/domains/codeGenerations/jobs/runner.ts';
import type { Data, Harness, TestUser } from './harness.ts';

const fields = `id status progress error note type target schemaId schemaVersion schemaRevision architectureId architectureRevision
  prompt revision expiresAt finishedAt createdAt updatedAt`;
const errors = 'userErrors { message code field }';

/** Starts a generation; throws when it is refused. */
export async function startGeneration(harness: Harness, user: TestUser, input: Record<string, unknown>): Promise<Data> {
  const start = `mutation ($input: CodeGenerationStartInput!) { codeGenerationStart(input: $input) { codeGeneration { ${fields} } ${errors} } }`;
  return (await harness.must(user, start, { input: { type: 'API', target: 'SQL', ...input } })).codeGenerationStart.codeGeneration;
}

/** Reads a generation with its archive and files. */
export async function readGeneration(harness: Harness, user: TestUser, id: string): Promise<Data> {
  const read = `query ($id: ID!) { codeGeneration(id: $id) { ${fields} archive { url expiresAt fileName sizeBytes sha256 } files(first: 100) { totalCount nodes { path content } } } }`;
  return (await harness.must(user, read, { id })).codeGeneration;
}

/** Asks again and again until there is something, for a minute at most. */
export async function until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
  for (let round = 0; round < 1_200; round += 1) {
    const found = await look();
    if (found !== null) return found;
    await sleep(50);
  }
  throw new Error('what was waited for did not happen');
}

const ended = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** Waits until a generation has ended, and returns it. */
export function endOf(harness: Harness, user: TestUser, id: string): Promise<Data> {
  return until(async () => {
    const generation = await readGeneration(harness, user, id);
    return ended.includes(generation.status) ? generation : null;
  });
}

/** Makes an instance look for jobs, once. */
export async function poll(harness: Harness): Promise<void> {
  await takeJobs(harness.services, AbortSignal.timeout(20_000));
}

/** Returns the row of a generation and how many other items lie in its partition. */
export async function rowOf(harness: Harness, id: string): Promise<{ row: Data; beside: number }> {
  const connection = connect(harness.database, { signal: AbortSignal.timeout(20_000) });
  const { items } = await connection.query({ table: 'codeGenerations', partition: id, consistent: true });
  const row = items.find(({ projectId }) => projectId !== undefined);
  return { row: row ?? null, beside: items.length - (row ? 1 : 0) };
}

/** Somewhere to stop. */
export interface Hold {
  /** Resolves when somebody has come there. */
  readonly reached: Promise<void>;
  release(): void;
}

/** Holds the first transaction of an instance whose text has a word, such as `"completed"`, until it is released. */
export function holdWrite(harness: Harness, word: string): Hold {
  const send = harness.database.send;
  let reach: () => void = () => undefined;
  let release: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  let isDone = false;
  harness.database.send = (async (operation: Operation, input: never, options: never) => {
    if (!isDone && operation === 'TransactWriteItems' && JSON.stringify(input).includes(word)) {
      isDone = true;
      reach();
      await released;
    }
    return send(operation, input, options);
  }) as Send;
  return { reached, release: () => release() };
}

/** Waits until an instance is at no job any more. */
export async function idle(harness: Harness): Promise<void> {
  await until(() => (harness.services.jobs.busy.size === 0 ? true : null));
}

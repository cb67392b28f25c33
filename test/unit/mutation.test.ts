/** The one way to write: a transaction that does not come through, and what idempotency keys may be. See also test/faults/lostAcknowledgement.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Operation, Operations, Send } from '../../src/data/client.ts';
import { createHarness, type Harness } from '../support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

type TransactionInput = Operations['TransactWriteItems']['input'];

/** Puts itself between the API and every transaction, above all retries of the SDK. Returns how to step aside again. */
function interceptTransactions(handle: (input: TransactionInput, send: () => Promise<unknown>) => Promise<unknown>): () => void {
  const { database } = harness;
  const { send } = database;
  const intercepted = (operation: Operation, input: never, options: { abortSignal: AbortSignal }): Promise<unknown> => {
    const forward = (): Promise<unknown> => send(operation, input, options);
    return operation === 'TransactWriteItems' ? handle(input, forward) : forward();
  };
  database.send = intercepted as Send;
  return () => void (database.send = send);
}

const errors = 'userErrors { code message }';

describe('a transaction that never comes through', () => {
  test('ends as an error that tells to try again, and nothing of it is there', async () => {
    const owner = await harness.signUp();
    let tries = 0;
    const restore = interceptTransactions(() => {
      tries += 1;
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:8000'), { code: 'ECONNREFUSED' }));
    });
    const { errors: top, data } = await harness.run(owner, `mutation { projectCreate(input: { name: "x" }) { project { id } ${errors} } }`);
    restore();
    expect(data).toBeNull();
    expect(top[0]?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: true });
    expect(top[0]?.message).not.toMatch(/ECONN|10\.0\.0\.1/);
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThanOrEqual(4);
    const { viewer } = await harness.must(owner, '{ viewer { projects { nodes { id } } } }');
    expect(viewer.projects.nodes).toEqual([]);
  });
});

describe('a transaction that DynamoDB finds wrong', () => {
  test('is a mistake of ours, tried once, and no conflict', async () => {
    const owner = await harness.signUp();
    let tries = 0;
    const restore = interceptTransactions((input) => {
      tries += 1;
      const CancellationReasons = (input.TransactItems ?? []).map((_, i) => ({ Code: i === 0 ? 'ValidationError' : 'None' }));
      return Promise.reject(Object.assign(new Error('cancelled'), { name: 'TransactionCanceledException', CancellationReasons }));
    });
    const { errors: top, data } = await harness.run(owner, `mutation { projectCreate(input: { name: "x" }) { project { id } ${errors} } }`);
    restore();
    // Taken for a condition that did not hold: six attempts, then "Others are changing the same object".
    expect({ data, tries }).toEqual({ data: null, tries: 1 });
    expect(top.map(({ extensions }) => extensions)).toMatchObject([{ code: 'INTERNAL_SERVER_ERROR', retryable: false }]);
  });
});

describe('an idempotency key', () => {
  const create = `mutation ($name: String!, $key: String) { projectCreate(input: { name: $name }, idempotencyKey: $key) { project { id } userErrors { code field message } } }`;

  test.each([
    ['is empty', ' '],
    ['is too long', 'k'.repeat(256)],
    ['has half of a surrogate pair', 'a\ud800'],
  ])('that %s is refused', async (_, key) => {
    const owner = await harness.signUp();
    const { data } = await harness.run(owner, create, { name: 'x', key });
    expect(data.projectCreate).toMatchObject({ project: null, userErrors: [{ code: 'VALIDATION', field: ['idempotencyKey'] }] });
  });

  test('of 255 characters of any script works', async () => {
    const owner = await harness.signUp();
    const key = '鍵'.repeat(255);
    const first = await harness.must(owner, create, { name: 'x', key });
    expect(await harness.must(owner, create, { name: 'x', key })).toEqual(first);
  });

  test('is not shared by users, nor by mutations', async () => {
    const [one, two] = await Promise.all([harness.signUp(), harness.signUp()]);
    const key = crypto.randomUUID();
    const first = await harness.must(one, create, { name: 'x', key });
    expect((await harness.must(two, create, { name: 'x', key })).projectCreate.project.id).not.toBe(first.projectCreate.project.id);
    const { data } = await harness.run(
      one,
      `mutation ($key: String) { projectBulkCreate(inputs: [{ name: "x" }], idempotencyKey: $key) { userErrors { code } } }`,
      { key },
    );
    expect(data.projectBulkCreate.userErrors).toEqual([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });
});

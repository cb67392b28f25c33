/**
 * What the one way to write promises when answers of DynamoDB get lost: every mutation has exactly one effect, and its
 * client is told of a success or can repeat it. Each run is compared with one that nothing disturbed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Operation, Operations, Send } from '../../src/data/client.ts';
import { resumeBatches } from '../../src/domains/analytics/eventBatches.service.ts';
import { resumeGenerationRemovals } from '../../src/domains/codeGenerations/codeGenerationChanges.service.ts';
import { resumeDeletions } from '../../src/domains/projects/deletion.service.ts';
import { resumeTransfers } from '../../src/domains/teams/transfer.service.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { startAiServer, whole, type AiServer } from '../support/aiServer.ts';
import { testDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/databaseProxy.ts';
import { effectsOn } from '../support/faultEffects.ts';
import { faultRounds } from '../support/faultRounds.ts';
import { createHarness, type Answer, type Data, type Harness } from '../support/harness.ts';
import { documentOf, prepareWorlds, writingMutations, type Scenario, type World } from '../support/mutationScenarios.ts';
import { startProviders, type Providers } from '../support/providers.ts';

let providers: Providers;
let ai: AiServer;
let proxy: DatabaseProxy;
/** Makes the worlds and looks at the effects. */
let direct: Harness;
/** Two other instances of the service on the same tables; the answers to the first one come through the proxy. */
let first: Harness;
let second: Harness;
let newWorld: () => Promise<World>;
const sends = new Map<Harness, Send>();

beforeAll(async () => {
  providers = await startProviders();
  const design = { schemas: [{ name: 'notes', fields: [{ name: 'id', type: 'uuid', primary: true }] }] };
  ai = await startAiServer(whole(JSON.stringify(design)));
  const tables = await testDatabase();
  proxy = await startDatabaseProxy({ target: tables.endpoint });
  // No code is generated here: how far a job is would be a matter of chance.
  const settings = {
    integrationEndpoints: providers.endpoints,
    codeGenerationJobs: { concurrency: 0 },
    ai: { baseUrl: ai.baseUrl, model: 'm' },
  };
  direct = await createHarness(settings);
  first = await createHarness(settings, Promise.resolve({ ...tables, endpoint: proxy.endpoint }));
  second = await createHarness(settings);
  newWorld = await prepareWorlds(direct);
  for (const harness of [first, second]) sends.set(harness, harness.database.send);
});
afterEach(() => {
  proxy.configure({ intercept: undefined });
  for (const [harness, send] of sends) harness.database.send = send;
});
afterAll(async () => {
  await Promise.all([direct, first, second].map((harness) => harness.close()));
  await proxy.close();
  await Promise.all([providers.close(), ai.close()]);
});

type Input<O extends Operation> = Operations[O]['input'];

/** Puts itself between a service and its client of DynamoDB, above the retries of that. */
function onCall(
  harness: Harness,
  handle: (operation: Operation, input: object, forward: () => Promise<unknown>) => Promise<unknown>,
): void {
  const send = sends.get(harness) as Send;
  harness.database.send = ((operation: Operation, input: never, options: { abortSignal: AbortSignal }) =>
    handle(operation, input, () => send(operation, input, options))) as Send;
}

/** A mutation in a world, ready to be sent, as often as wanted. */
interface Prepared {
  readonly field: string;
  readonly world: World;
  run(harness: Harness, idempotencyKey?: string): Promise<Answer>;
  /** Runs it where nothing may go wrong; returns its payload. */
  must(harness: Harness, idempotencyKey?: string): Promise<Data>;
}

async function prepare(field: string, scenario: Scenario): Promise<Prepared> {
  const world = await newWorld();
  const variables = (await scenario.variables?.(world)) ?? {};
  const caller = scenario.as ? scenario.as(world) : world.owner;
  const document = (key: string | undefined): string => documentOf(scenario, variables, key !== undefined);
  return {
    field,
    world,
    run: (harness, key) => harness.run(caller, document(key), { ...variables, key }),
    must: async (harness, key) => (await harness.must(caller, document(key), { ...variables, key }))[field],
  };
}

/** Ids, tokens, times and addresses differ between any two runs. */
function withoutIdentity(answer: Data): Data {
  const hidden = new Set(['id', 'accessToken', 'refreshToken', 'secret', 'email', 'deletedId', 'revokedAt', 'syncedAt']);
  return JSON.parse(JSON.stringify(answer, (name, value: unknown) => (hidden.has(name) ? typeof value : value)));
}

/** Returns an answer and the effects of a run, to be compared with those of another. */
async function outcomeOf({ field, world }: Prepared, answer: Data): Promise<{ answer: Data; effects: object }> {
  await Promise.all([direct, first, second].map((harness) => harness.settled()));
  const extra = field === 'signUp' ? [String(answer.user.id)] : [];
  return { answer: withoutIdentity(answer), effects: await effectsOn(world, extra) };
}

const writing = new Set(['TransactWriteItems', 'BatchWriteItem', 'PutItem', 'UpdateItem', 'DeleteItem']);

/** Every write reaches the database, and its first answer never comes back. Returns how many that were. */
function loseFirstAnswers(): () => number {
  const lost = new Set<string>();
  proxy.configure({
    intercept: ({ operation, input }) => {
      const text = JSON.stringify(input);
      if (!writing.has(operation) || lost.has(text)) return 'forward';
      lost.add(text);
      return 'drop-answer';
    },
  });
  return () => lost.size;
}

/** The first transaction is applied and its acknowledgement lost, and DynamoDB remembers its token no longer: only the conditions of the writes can tell. */
function loseAnswerAndToken(): () => number {
  let lost = 0;
  onCall(first, async (operation, input, forward) => {
    if (operation !== 'TransactWriteItems') return forward();
    if (lost > 0) (input as Input<'TransactWriteItems'>).ClientRequestToken = crypto.randomUUID();
    const answer = await forward();
    if (lost > 0) return answer;
    lost += 1;
    throw socketHangUp();
  });
  return () => lost;
}

const socketHangUp = (): Error => Object.assign(new Error('socket hang up at 10.0.0.1'), { code: 'ECONNRESET' });

/** Transactions are applied, and none of them is ever acknowledged. Returns how many that were. */
function loseAllAnswers(): () => number {
  let lost = 0;
  onCall(first, async (operation, _, forward) => {
    const answer = await forward();
    if (operation !== 'TransactWriteItems') return answer;
    lost += 1;
    throw socketHangUp();
  });
  return () => lost;
}

/** The first transaction is applied, and after that nothing comes through any more. */
function loseConnection(): void {
  let isLost = false;
  onCall(first, async (operation, _, forward) => {
    if (isLost) throw socketHangUp();
    const answer = await forward();
    if (operation !== 'TransactWriteItems') return answer;
    isLost = true;
    throw socketHangUp();
  });
}

/** Does what a process does every few minutes: it goes on with what others left undone. */
async function maintain(): Promise<void> {
  for (const resume of [resumeDeletions, resumeTransfers, resumeBatches, resumeGenerationRemovals]) {
    await resume(direct.services, AbortSignal.timeout(20_000), { all: true });
  }
}

/** What the answer of a mutation repeated by its key may differ in: a token says when it was made. */
function sameEveryTime(answer: Data): Data {
  return JSON.parse(JSON.stringify(answer, (name, value: unknown) => (name === 'accessToken' ? typeof value : value)));
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** Where a call looks whether its key was used before. */
function isLookForKey(field: string, operation: Operation, input: object): boolean {
  const id = String((input as { Key?: { id?: unknown } }).Key?.id);
  return operation === 'GetItem' && (id.startsWith('idempotency#') || (field === 'sessionRefresh' && id.startsWith('session#')));
}

/**
 * Sends a mutation to two instances at once, with one key. Neither finds the key used; then the first one goes on alone,
 * and the second one goes on when that is done, with its reads (`held: 'all'`), or with its writes.
 */
async function sendTwice(prepared: Prepared, held: 'all' | 'writes'): Promise<Data[]> {
  const key = crypto.randomUUID();
  const looked = createGate();
  const done = createGate();
  let hasLooked = false;
  onCall(first, async (operation, input, forward) => {
    const answer = await forward();
    if (isLookForKey(prepared.field, operation, input)) await looked.opened;
    return answer;
  });
  onCall(second, async (operation, input, forward) => {
    if (hasLooked && (held === 'all' || writing.has(operation))) await done.opened;
    const answer = await forward();
    if (isLookForKey(prepared.field, operation, input)) {
      hasLooked = true;
      looked.open();
    }
    return answer;
  });
  const earlier = prepared.must(first, key).finally(() => done.open());
  return Promise.all([earlier, prepared.must(second, key)]);
}

/** What is the same code for all mutations is tried on some: plain ones, and those that write before their transaction. */
const samples = new Set<string>([
  'projectCreate',
  'projectDuplicate',
  'projectDelete',
  'schemaUpdate',
  'documentationPageCreate',
  'metricTrackBatch',
]);
const isThorough = faultRounds > 1;

const fields = createSchema().getMutationType()?.getFields() ?? {};
const takesKey = (field: string): boolean => fields[field]?.args.some(({ name }) => name === 'idempotencyKey') ?? false;

describe.each(writingMutations)('$field', ({ field, scenario }) => {
  let undisturbed: object;
  beforeAll(async () => {
    const prepared = await prepare(field, scenario);
    undisturbed = await outcomeOf(prepared, await prepared.must(direct));
  });

  // Without the same token for all attempts, or the look for the activity row: two effects, CONFLICT, or "The database does not answer".
  test.each([
    ['the first answer to each write is lost', loseFirstAnswers],
    ['no transaction is ever acknowledged', loseAllAnswers],
    ...(isThorough || samples.has(field) ? ([['an answer is lost that DynamoDB has forgotten', loseAnswerAndToken]] as const) : []),
  ])('has one effect and the usual answer when %s', async (_, lose) => {
    const prepared = await prepare(field, scenario);
    const lost = lose();
    const answer: Data = await prepared.must(first);
    expect(lost()).toBeGreaterThan(0);
    expect(await outcomeOf(prepared, answer)).toEqual(undisturbed);
  });

  test('has one effect when the connection is lost with the answer, and the first answer when it is repeated', async () => {
    const prepared = await prepare(field, scenario);
    const key = takesKey(field) ? crypto.randomUUID() : undefined;
    loseConnection();
    const { errors: top } = await prepared.run(first, key);
    expect(top.map(({ extensions }) => extensions)).toMatchObject([{ code: 'INTERNAL_SERVER_ERROR', retryable: true }]);
    expect(top[0]?.message).toBe('The database does not answer. Try again in a moment.');
    if (key === undefined) return;
    const repeated: Data = await prepared.must(second, key);
    expect(sameEveryTime(await prepared.must(direct, key))).toEqual(sameEveryTime(repeated));
    // What follows a transaction is the work of who was cut off; a repetition or the maintenance does it.
    await maintain();
    expect(await outcomeOf(prepared, repeated)).toEqual(undisturbed);
  });

  if (!takesKey(field)) return;

  // Without a second look for the key: NOT_FOUND, CONFLICT, ALREADY_EXISTS for what the same call has done.
  test.each(isThorough || samples.has(field) ? (['all', 'writes'] as const) : (['all'] as const))(
    'has one effect and one answer when it comes twice at once (%s held)',
    async (held) => {
      const prepared = await prepare(field, scenario);
      const [one, two] = await sendTwice(prepared, held);
      expect(sameEveryTime(two)).toEqual(sameEveryTime(one));
      expect(await outcomeOf(prepared, one)).toEqual(undisturbed);
    },
  );
});

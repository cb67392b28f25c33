/**
 * Whatever the plan of reading, answers are the same: random queries over random workspaces, by everybody, answered by
 * the plan that learns and by the plan that reads each list of each project on its own. Data, errors and cursors must be
 * equal on the first run, once the plan has learned, and after others have written.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { createPlanMemory } from '../../src/data/readPlan/memory.ts';
import type { Operations } from '../../src/data/client.ts';
import { createHarness, type Answer, type Caller, type Harness } from '../support/harness.ts';
import { styles, writeContinuation, writeQuery, type Writing, type Written } from '../support/randomDocuments.ts';
import { continuationPlan, queryPlan } from '../support/randomQueries.ts';
import { firstSeed, isThorough } from '../support/randomRuns.ts';
import { buildWorld, type World } from '../support/randomWorld.ts';
import { writeAtRandom, writePlan } from '../support/randomWrites.ts';

const worlds = isThorough ? 20 : 5;
/** Each is a question, mostly asked again after a write or for the next page, so that more than twice as many are compared. */
const casesInWorld = isThorough ? 62 : 20;
const fewestQuestions = isThorough ? 2_000 : 150;

/** Reads each list on its own: what the answers must be. Writes go through it too, so the others do not see them happen. */
let reference: Harness;
/** Learns over the whole file. */
let experienced: Harness;
/** Begins each case without any memory. */
let forgetful: Harness;
let stranger: Caller;
const calls = { reference: 0, adaptive: 0, ownerWide: 0 };
let questions = 0;

beforeAll(async () => {
  [reference, experienced, forgetful] = await Promise.all([createHarness({ readPlan: 'per-project' }), createHarness(), createHarness()]);
  readWholeRows(reference);
  stranger = await reference.signUp();
});
afterAll(() => Promise.all([reference, experienced, forgetful].map((harness) => harness.close())));

/** Reads whole rows whatever was selected, so that attributes that a field needs and nobody reads show. */
function readWholeRows({ services }: Harness): void {
  const { database } = services;
  services.database = {
    ...database,
    send: (operation, input, options) => database.send(operation, operation === 'Query' ? withoutProjection(input) : input, options),
  };
}

function withoutProjection<Input extends object>(input: Input): Input {
  const query = { ...(input as Operations['Query']['input']) };
  delete query.ProjectionExpression;
  // DynamoDB refuses names that no expression uses.
  const used = new Set(query.KeyConditionExpression?.match(/#\w+/g));
  const names = Object.entries(query.ExpressionAttributeNames ?? {}).filter(([name]) => used.has(name));
  return { ...query, ExpressionAttributeNames: Object.fromEntries(names) } as Input;
}

/** Errors as clients see them, but for the id of the request and for where in the text the field is. */
function shownErrors({ errors }: Answer): unknown[] {
  return errors.map(({ message, path, extensions }) => ({ message, path, extensions: { ...extensions, requestId: null } }));
}

/**
 * Answers a question by the reference, and by turns by one that learns from it or by one that has learned much. The reference is asked
 * for more, so that its reading does not depend on the selection. Returns the one answer.
 */
async function compare(caller: Caller, { asked, whole }: { asked: Written; whole: Written }): Promise<Answer> {
  const ask = (harness: Harness, { document, variables }: Written): Promise<Answer> => harness.run(caller, document, variables);
  questions += 1;
  // By turns without any memory and again with what that taught, and with what all cases have taught.
  const isFresh = questions % 2 === 0;
  const [expected, first] = await Promise.all([ask(reference, whole), ask(isFresh ? forgetful : experienced, asked)]);
  const answers = isFresh ? [first, await ask(forgetful, asked)] : [first];
  // Two failures would be equal.
  expect(expected.errors.map(({ extensions }) => extensions?.['code'])).not.toContain('INTERNAL_SERVER_ERROR');
  for (const answer of answers) {
    expect(shownErrors(answer)).toStrictEqual(shownErrors(expected));
    expect(answer.data).toStrictEqual(likeIn(expected.data, answer.data));
    calls.adaptive += answer.calls.length;
    calls.ownerWide += answer.calls.filter(({ reason }) => reason.includes('of all projects of one owner')).length;
  }
  calls.reference += answers.length * expected.calls.length;
  return expected;
}

/** Returns what of the whole answer the other one has a place for. */
function likeIn(whole: unknown, asked: unknown): unknown {
  if (Array.isArray(whole)) return whole.map((item, i) => likeIn(item, (asked as unknown[] | null)?.[i]));
  if (!isObject(whole) || !isObject(asked)) return whole;
  return Object.fromEntries(Object.keys(asked).map((name) => [name, likeIn(whole[name], asked[name])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const randomCase = fc.record({
  /** Mostly one of the owners; sometimes the guest, seldom a stranger. */
  viewer: fc.nat({ max: 19 }),
  query: queryPlan,
  style: fc.constantFrom(...styles),
  goOn: fc.option(continuationPlan, { freq: 2 }),
  writes: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(writePlan, { minLength: 1, maxLength: 3 }) },
  ),
});

type Case = typeof randomCase extends fc.Arbitrary<infer T> ? T : never;

function viewerOf({ people }: World, viewer: number): Caller {
  if (viewer === 19) return stranger;
  const place = viewer > 16 ? people.length - 1 : viewer % (people.length - 1);
  return people[place] as Caller;
}

async function checkCase(world: World, { viewer, query, style, goOn, writes }: Case): Promise<void> {
  const caller = viewerOf(world, viewer);
  forgetful.services.planMemory = createPlanMemory();
  const write = (allInfo: boolean): Writing => ({ world, style: allInfo ? 'plain' : style, allInfo });
  const documents = { asked: writeQuery(query, write(false)), whole: writeQuery(query, write(true)) };
  const { data } = await compare(caller, documents);
  for (const plan of writes) await writeAtRandom(reference, world, plan);
  if (writes.length > 0) await compare(caller, documents);
  if (!goOn) return;
  const [asked, whole] = [false, true].map((allInfo) => writeContinuation(query, { data, goOn, writing: write(allInfo) }));
  if (asked && whole) await compare(caller, { asked, whole });
}

describe(`the plan of reading (repeat with FC_SEED=${firstSeed})`, () => {
  test.each(Array.from({ length: worlds }, (_, i) => firstSeed + i))(
    'does not show in any answer, workspace %i',
    async (seed) => {
      const world = await buildWorld(reference, seed);
      await fc.assert(
        fc.asyncProperty(randomCase, (drawn) => checkCase(world, drawn)),
        { seed, numRuns: casesInWorld, endOnFailure: !isThorough },
      );
    },
    240_000,
  );

  test('was tried: owners were read in many cases, and that took fewer calls than list by list', () => {
    expect(questions).toBeGreaterThanOrEqual(fewestQuestions);
    expect(calls.ownerWide).toBeGreaterThan((worlds * casesInWorld) / 2);
    expect(calls.adaptive).toBeLessThan(calls.reference);
  });
});

/** What one instance writes is told by the feed of another, over the streams of tables on a real DynamoDB API. */
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../../src/data/changes/feed.ts';
import { streamedTables } from '../../src/data/changes/streams.ts';
import { tableName } from '../../src/data/tables.ts';
import { openInstance, untilSo, watchTopics, type Instance, type InstanceOptions } from '../support/changes.ts';
import { startDatabaseProxy } from '../support/databaseProxy.ts';
import { separateTables, testDatabase, type TestDatabase } from '../support/database.ts';
import { fakeDeployment, fakeProject } from '../support/factories.ts';
import { createHarness, type Harness, type TestUser } from '../support/harness.ts';

jest.setTimeout(60_000);

let tables: TestDatabase;
beforeAll(async () => {
  tables = await separateTables('streamed-', { streams: true });
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(options: Partial<InstanceOptions> = {}): Promise<Instance> {
  const instance = await openInstance({ ...tables, ...options });
  closing.push(() => instance.close());
  return instance;
}

/** An instance that tells nobody what it writes: what others hear comes from the streams. */
async function writer(): Promise<{ a: Harness; ada: TestUser }> {
  const a = await createHarness({}, Promise.resolve(tables));
  closing.push(() => a.close());
  return { a, ada: await a.signUp() };
}

const isGap = (entry: Change | 'gap'): boolean => entry === 'gap';
const isAbout = (kind: Change['kind'], id: string) => (entry: Change | 'gap') => entry !== 'gap' && entry.kind === kind && entry.id === id;

describe('two instances', () => {
  test('a deployment that is made, reported, logged and deleted through one is told by the feed of the other', async () => {
    const { a, ada } = await writer();
    const b = await open();
    const { id: projectId } = await fakeProject(a, ada);
    const deployments = watchTopics(b.feed, [{ kind: 'deployment', projectId }]);
    await deployments.untilTold(isGap);

    const { id } = await fakeDeployment(a, ada, { projectId });
    await deployments.untilTold(isAbout('deployment', id));
    expect(deployments.told.find(isAbout('deployment', id))).toEqual({ kind: 'deployment', id, projectId });

    const log = watchTopics(b.feed, [{ kind: 'deploymentLog', id }]);
    await a.must(ada, 'mutation ($id: ID!) { deploymentLogAppend(id: $id, entries: [{ message: "built" }]) { userErrors { message } } }', {
      id,
    });
    await log.untilTold(isAbout('deploymentLog', id));

    deployments.told.length = 0;
    await a.must(ada, 'mutation ($id: ID!) { deploymentDelete(id: $id) { userErrors { message } } }', { id });
    await deployments.untilTold(isAbout('deployment', id));
    expect(b.log).toEqual([]);
  });

  test('a subscriber of one is sent the project that the other changed', async () => {
    const { a, ada } = await writer();
    const { feed } = await open();
    const b = await createHarness({}, Promise.resolve(tables), { changes: feed });
    closing.push(() => b.close());
    const { id } = await fakeProject(a, ada, { name: 'Before' });
    const following = await b.follow(ada, 'subscription ($id: ID!) { projectUpdated(id: $id) { name } }', { id });
    closing.push(() => following.end());
    expect(await following.must()).toEqual({ projectUpdated: { name: 'Before' } });
    await a.must(
      ada,
      'mutation ($id: ID!) { projectUpdate(id: $id, expectedRevision: 1, input: { name: "After" }) { userErrors { message } } }',
      {
        id,
      },
    );
    let name: unknown;
    while (name !== 'After') ({ name } = (await following.must()).projectUpdated);
  });
});

/** One topic of each stream. */
const bothTables = [
  { kind: 'project', id: 'prj_any' },
  { kind: 'deployment', projectId: 'prj_any' },
] as const;

describe('reading', () => {
  /** An instance behind a proxy, and the operations on streams that it has called. */
  async function openWatched(options: Partial<InstanceOptions> = {}) {
    const operations: string[] = [];
    let isDown = false;
    const proxy = await startDatabaseProxy({
      target: tables.endpoint,
      intercept: ({ operation }) => {
        operations.push(operation);
        return isDown ? 'drop' : 'forward';
      },
    });
    closing.push(() => proxy.close());
    const instance = await open({ endpoint: proxy.endpoint, ...options });
    const fail = (down: boolean): void => void (isDown = down);
    return { instance, operations, fail };
  }

  test('begins with the first watcher, and ends some time after the last one', async () => {
    const { instance, operations } = await openWatched({ lingerMs: 1 });
    expect([...new Set(operations)]).toEqual(['DescribeTable']);
    const watching = watchTopics(instance.feed, bothTables);
    await untilSo(() => watching.told.length === streamedTables.length && operations.includes('GetRecords'));
    watching.stop();
    // The end has been due for longer by then, and comes first.
    await sleep(20);
    const again = watchTopics(instance.feed, bothTables);
    // Were the reading still going on, there would be no beginning, and no gap.
    await untilSo(() => again.told.length === streamedTables.length);
    expect(operations.filter((operation) => operation === 'DescribeStream')).toHaveLength(2 * streamedTables.length);
  });

  test('goes on after an outage where it was: what was written meanwhile is told, and a gap', async () => {
    const { a, ada } = await writer();
    const { id } = await fakeProject(a, ada);
    const { instance, fail } = await openWatched();
    const watching = watchTopics(instance.feed, [{ kind: 'project', id }]);
    await watching.untilTold(isGap);
    const rename = (name: string): Promise<unknown> =>
      a.must(ada, 'mutation ($id: ID!, $name: String!) { projectUpdate(id: $id, input: { name: $name }) { userErrors { message } } }', {
        id,
        name,
      });
    await rename('First');
    await watching.untilTold(isAbout('project', id));

    fail(true);
    await untilSo(() => instance.log.length === streamedTables.length);
    watching.told.length = 0;
    await rename('Second');
    fail(false);
    await watching.untilTold(isAbout('project', id));
    await watching.untilTold(isGap);
    await untilSo(() => instance.log.length === 2 * streamedTables.length);
    expect(instance.log.map(({ level }) => level).toSorted()).toEqual([30, 30, 40, 40]);
  });

  test('ends with the feed, also while DynamoDB does not answer', async () => {
    const proxy = await startDatabaseProxy({
      target: tables.endpoint,
      intercept: ({ operation }) => (operation === 'GetRecords' ? 'hang' : 'forward'),
    });
    closing.push(() => proxy.close());
    const instance = await open({ endpoint: proxy.endpoint });
    watchTopics(instance.feed, [{ kind: 'project', id: 'prj_any' }]);
    await untilSo(() => proxy.pending() === streamedTables.length);
    await instance.close();
    await untilSo(() => proxy.pending() === 0);
    expect(instance.log).toEqual([]);
  });
});

describe('the choice', () => {
  test('auto: streams where the tables have them', async () => {
    const instance = await open();
    expect(instance.sources).toEqual(['streams']);
    expect(instance.onWritten).toBeUndefined();
    expect(instance.log).toEqual([]);
  });

  test('auto: without streams watchers look again and again, and one line says what to do', async () => {
    const instance = await open({ prefix: (await testDatabase()).prefix });
    expect(instance.sources).toEqual([]);
    expect(instance.log).toEqual([
      expect.objectContaining({
        level: 40,
        msg: expect.stringMatching(/again and again.*switch streams on.*REDIS_URL.*CHANGE_FEED=process/),
      }),
    ]);
    const watching = watchTopics(instance.feed, [{ kind: 'deployment', projectId: 'prj_any' }]);
    await watching.untilTold(isGap);
  });

  test('auto: an embedded database belongs to one process, and is not even asked', async () => {
    const instance = await open({ endpoint: 'http://127.0.0.1:1', location: { kind: 'embedded' } });
    expect(instance.sources).toEqual([]);
    expect(instance.log).toEqual([]);
  });

  test('process: the same wherever the database is', async () => {
    const instance = await open({ endpoint: 'http://127.0.0.1:1', source: 'process' });
    expect(instance.sources).toEqual([]);
    expect(instance.log).toEqual([]);
  });

  test('streams: where there are none, the start fails and names the tables', async () => {
    const other = await testDatabase();
    const names = streamedTables.map((table) => tableName(table, other.prefix));
    await expect(open({ prefix: other.prefix, source: 'streams' })).rejects.toMatchObject({
      name: 'StartProblem',
      message: expect.stringMatching(new RegExp(`^CHANGE_FEED=streams, but .*${names.join('.*')}.*switch streams on`)),
    });
    await expect(open({ prefix: other.prefix, source: 'streams', location: { kind: 'embedded' } })).rejects.toThrow(
      /embedded database has none/,
    );
  });

  test('streams tell nothing of code generations and activity: watchers of these look again', async () => {
    const instance = await open();
    const watching = watchTopics(instance.feed, [
      { kind: 'codeGeneration', id: 'gen_any' },
      { kind: 'activity', projectId: 'prj_any' },
    ]);
    await untilSo(() => watching.told.length >= 2);
    expect(watching.told.slice(0, 2)).toEqual(['gap', 'gap']);
  });
});

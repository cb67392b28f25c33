/** Instances that tell each other of changes over a Redis, which comes, goes, hangs and says nonsense. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Change, ChangeFeed } from '../../src/data/changes/feed.ts';
import { withLease } from '../../src/data/changes/redis/lease.ts';
import { openInstance, untilSo, watchTopics, type Instance, type InstanceOptions } from '../support/changes.ts';
import { separateTables, testDatabase, type TestDatabase } from '../support/database.ts';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { startGeneration } from '../support/generations.ts';
import { createHarness, type Harness } from '../support/harness.ts';
import { describeWithRedis, startRedisServer, type RedisServer } from '../support/redisServer.ts';

jest.setTimeout(60_000);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startRedis(): Promise<RedisServer> {
  const redis = await startRedisServer();
  closing.push(() => redis.kill());
  return redis;
}

/** A client of the test's own. */
function clientOf({ url }: RedisServer): Redis {
  const client = new Redis(url, { protocol: 2 });
  closing.push(() => client.disconnect());
  return client;
}

/** Longer than a busy machine takes, where a test is not about Redis being slow; and no looks but those that have a reason. */
const patient = { answerWithinMs: 20_000, lookAgainMs: 600_000 };

async function open(redisUrl: string, options: Partial<InstanceOptions> = {}): Promise<Instance> {
  const { endpoint, prefix } = await testDatabase();
  const instance = await openInstance({ endpoint, prefix, source: 'process', redisUrl, relay: patient, ...options });
  closing.push(() => instance.close());
  return instance;
}

/** The API of an instance. */
async function apiOf({ feed, onWritten }: Instance, tables?: Promise<TestDatabase>): Promise<Harness> {
  const harness = await createHarness({}, tables, { changes: feed, ...(onWritten && { onWritten }) });
  closing.push(() => harness.close());
  return harness;
}

const found = 'Redis answers';
const lost = 'Redis does not answer';

function untilLogged({ log }: Instance, text: string, count = 1): Promise<void> {
  return untilSo(() => log.filter(({ msg }) => msg.includes(text)).length >= count);
}

async function openTwo(redis: RedisServer, options?: Partial<InstanceOptions>): Promise<[Instance, Instance]> {
  const instances: [Instance, Instance] = [await open(redis.url, options), await open(redis.url, options)];
  await Promise.all(instances.map((instance) => untilLogged(instance, found)));
  return instances;
}

const generation = (id: string): Change => ({ kind: 'codeGeneration', id });
const watchGeneration = (feed: ChangeFeed, id: string) => watchTopics(feed, [{ kind: 'codeGeneration', id }]);
const isGap = (entry: Change | 'gap'): boolean => entry === 'gap';
const isChange = (entry: Change | 'gap'): boolean => entry !== 'gap';

describeWithRedis('changes over Redis', () => {
  test('activity and code generations that are written through one instance are told by the other', async () => {
    const [a, b] = await openTwo(await startRedis());
    const api = await apiOf(a);
    const ada = await api.signUp();
    const { id: projectId } = await fakeProject(api, ada);
    const activity = watchTopics(b.feed, [{ kind: 'activity', projectId }]);
    await fakeSchema(api, ada, { projectId, tables: [{ name: 'orders', fields: [{ name: 'id', type: 'uuid', required: true }] }] });
    await activity.untilTold(isChange);
    expect(activity.told.find(isChange)).toEqual({ kind: 'activity', id: expect.any(String), projectId, createdAt: expect.any(String) });

    const { id } = await startGeneration(api, ada, { projectId });
    const generations = watchGeneration(b.feed, id);
    await api.must(ada, 'mutation ($id: ID!) { codeGenerationCancel(id: $id) { userErrors { message } } }', { id });
    await generations.untilTold(isChange);
    expect(generations.told.find(isChange)).toEqual(generation(id));
  });

  test('an instance does not hear itself', async () => {
    const [a, b] = await openTwo(await startRedis());
    const [ofA, ofB] = [watchGeneration(a.feed, 'gen_1'), watchGeneration(b.feed, 'gen_1')];
    a.onWritten!([generation('gen_1')]);
    await ofB.untilTold(isChange);
    const last = { ...generation('gen_1'), projectId: 'prj_1' };
    b.onWritten!([last]);
    // Messages of one channel keep their order: that of b comes after the own one.
    await ofA.untilTold((entry) => entry !== 'gap' && entry.projectId === 'prj_1');
    expect([ofA.told, ofB.told]).toEqual([[last], [generation('gen_1')]]);
  });

  test('while Redis is gone writes succeed and watchers look again and again; when it is back they look again and hear changes', async () => {
    const redis = await startRedis();
    const [a, b] = await openTwo(redis, { relay: { answerWithinMs: 20_000, lookAgainMs: 50 } });
    const api = await apiOf(a);
    const ada = await api.signUp();
    const watching = watchGeneration(b.feed, 'gen_1');
    expect(watching.told).toEqual([]);

    await redis.kill();
    await Promise.all([untilLogged(a, lost), untilLogged(b, lost)]);
    await untilSo(() => watching.told.length >= 3);
    expect([...new Set(watching.told)]).toEqual(['gap']);
    // Nothing waits for Redis, and nothing fails.
    await fakeProject(api, ada);

    await redis.start();
    await Promise.all([untilLogged(a, found, 2), untilLogged(b, found, 2)]);
    watching.told.length = 0;
    a.onWritten!([generation('gen_1')]);
    await watching.untilTold(isChange);
    // One line for each change, however long it took.
    for (const { log } of [a, b])
      expect(log.map(({ level, msg }) => [level, msg.split(':', 1)[0]])).toEqual([
        [30, found],
        [40, lost],
        [30, found],
      ]);
  });

  test('after a restart watchers are told of a gap at once: messages may have been missed', async () => {
    const redis = await startRedis();
    const b = await open(redis.url);
    await untilLogged(b, found);
    const watching = watchGeneration(b.feed, 'gen_1');
    await redis.kill();
    await untilLogged(b, lost);
    expect(watching.told).toEqual([]);
    await redis.start();
    // Looking again by the clock would take ten minutes here.
    await watching.untilTold(isGap);
  });

  test('a Redis that hangs is noticed although a silent channel is nothing unusual', async () => {
    const redis = await startRedis();
    const b = await open(redis.url, { relay: { answerWithinMs: 300, lookAgainMs: 50 } });
    await untilLogged(b, found);
    const watching = watchGeneration(b.feed, 'gen_1');
    redis.pause();
    closing.push(() => redis.resume());
    await untilLogged(b, lost);
    watching.told.length = 0;
    await watching.untilTold(isGap);
    redis.resume();
    await untilLogged(b, found, 2);
  });

  test('what an instance could not tell is made good when it can again: the others look again, for these kinds', async () => {
    const redis = await startRedis();
    const [a, b] = await openTwo(redis);
    const watching = watchGeneration(b.feed, 'gen_1');
    const others = watchTopics(b.feed, [{ kind: 'project', id: 'prj_1' }]);
    const admin = clientOf(redis);
    // Only speaking fails: the others hear Redis all the time.
    await admin.call('ACL', 'SETUSER', 'default', '-publish');
    a.onWritten!([generation('gen_1')]);
    await untilSo(async () => ((await admin.call('ACL', 'LOG')) as unknown[]).length === 1);
    await admin.call('ACL', 'SETUSER', 'default', '+publish');
    expect(watching.told).toEqual([]);
    a.onWritten!([{ kind: 'project', id: 'prj_1' }]);
    await watching.untilTold(isGap);
    expect([watching.told, others.told]).toEqual([['gap'], [{ kind: 'project', id: 'prj_1' }]]);
  });

  test.each([
    ['no JSON', 'hello'],
    ['another kind', JSON.stringify({ from: 'x', changes: [{ kind: 'user', id: 'usr_1' }] })],
    ['another shape', JSON.stringify({ from: 'x', changes: { kind: 'project', id: 'prj_1' } })],
    ['no sender', JSON.stringify({ changes: [generation('gen_1')] })],
    ['too many changes', JSON.stringify({ from: 'x', changes: Array.from({ length: 101 }, () => generation('gen_1')) })],
    ['a megabyte', JSON.stringify({ from: 'x', changes: [], more: 'x'.repeat(1_000_000) })],
  ])('a message that is %s is not believed: watchers look again, and one line says so', async (_, text) => {
    const redis = await startRedis();
    const { prefix } = await testDatabase();
    const b = await open(redis.url);
    await untilLogged(b, found);
    const watching = watchGeneration(b.feed, 'gen_1');
    const client = clientOf(redis);
    await client.publish(`${prefix}changes`, text);
    await client.publish(`${prefix}changes`, text);
    await untilSo(() => watching.told.length >= 2);
    expect(watching.told).toEqual(['gap', 'gap']);
    expect(b.log.filter(({ level }) => level === 40)).toHaveLength(1);
  });

  test('an address where nobody listens stops no start: one line says so, without the password', async () => {
    const redis = await startRedis();
    await redis.kill();
    const b = await open(redis.url.replace('//', '//:hunter2@'), { relay: { answerWithinMs: 20_000, lookAgainMs: 50 } });
    const watching = watchGeneration(b.feed, 'gen_1');
    await watching.untilTold(isGap);
    await untilLogged(b, lost);
    expect(b.log).toMatchObject([{ level: 40, reason: 'ECONNREFUSED' }]);
    expect(JSON.stringify(b.log)).not.toContain('hunter2');
  });
});

describeWithRedis('one reader for all', () => {
  test('a lease has one holder at a time; it goes on to the next when its holder ends, and when its holder dies', async () => {
    const redis = clientOf(await startRedis());
    const holders: string[] = [];
    let most = 0;
    const run = (holder: string, connection = redis): { end: () => Promise<void> } => {
      const abort = new AbortController();
      const work = withLease({ redis: connection, key: 'lease', holder, milliseconds: 3_000 }, abort.signal, async (signal) => {
        holders.push(holder);
        most = Math.max(most, holders.length);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        holders.splice(holders.indexOf(holder), 1);
      });
      const end = async (): Promise<void> => {
        abort.abort();
        await work;
      };
      closing.push(end);
      return { end };
    };
    const a = run('a');
    await untilSo(() => holders.includes('a'));
    run('b');
    expect(await redis.get('lease')).toBe('a');
    // Renewed again and again: what is left of it grows.
    let left = await redis.pttl('lease');
    for (let renewals = 0; renewals < 3;) {
      const before = left;
      left = await redis.pttl('lease');
      if (left > before) renewals += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(holders).toEqual(['a']);
    await a.end();
    await untilSo(() => holders.includes('b'));
    // As if another had taken it while this one hung: it gives way, and takes it back only when it is free.
    await redis.set('lease', 'c', 'PX', 4_000);
    await untilSo(() => holders.length === 0);
    expect(await redis.get('lease')).toBe('c');
    await untilSo(() => holders.includes('b'));
    expect(most).toBe(1);
  });

  test('what somebody else writes, such as the earlier backend, is read from the streams by one instance and told by all', async () => {
    const redis = await startRedis();
    const tables = separateTables('relayed-', { streams: true });
    const { endpoint, prefix } = await tables;
    const options = { endpoint, prefix, source: 'auto' as const, relay: { ...patient, leaseMs: 2_000 } };
    const [a, b] = await openTwo(redis, options);
    expect([a.sources, b.sources]).toEqual([
      ['streams', 'redis'],
      ['streams', 'redis'],
    ]);
    const stranger = await createHarness({}, tables);
    closing.push(() => stranger.close());
    const ada = await stranger.signUp();
    const { id } = await fakeProject(stranger, ada);
    const rename = (name: string): Promise<unknown> =>
      stranger.must(
        ada,
        'mutation ($id: ID!, $name: String!) { projectUpdate(id: $id, input: { name: $name }) { userErrors { message } } }',
        {
          id,
          name,
        },
      );
    const messages: string[] = [];
    const listener = clientOf(redis);
    listener.on('message', (_, text) => messages.push(text));
    await listener.subscribe(`${prefix}changes`);
    const ofA = watchTopics(a.feed, [{ kind: 'project', id }]);
    // The beginning of the one who reads is a gap for all.
    await ofA.untilTold(isGap);
    await untilSo(() => messages.some((text) => text.includes('"gap":["project"]')));
    const ofB = watchTopics(b.feed, [{ kind: 'project', id }]);
    const holder = await clientOf(redis).get(`${prefix}changes-reader`);
    await rename('One');
    await Promise.all([ofA.untilTold(isChange), ofB.untilTold(isChange)]);
    expect(await clientOf(redis).get(`${prefix}changes-reader`)).toBe(holder);

    // The reader goes: the other one takes over, and nothing is missed from the gap on that it tells.
    ofB.told.length = 0;
    await a.close();
    await ofB.untilTold(isGap);
    await rename('Two');
    await ofB.untilTold(isChange);
    expect(await clientOf(redis).get(`${prefix}changes-reader`)).not.toBe(holder);
  });
});

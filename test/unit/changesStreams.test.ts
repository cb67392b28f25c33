/** Readers of DynamoDB Streams against streams of a script. Their waits take one turn of the event loop. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import type { ChangeKind } from '../../src/data/changes/feed.ts';
import { readOpenedStreams } from '../../src/data/changes/streams.ts';
import { retryDelay, usualWaits, type Pause } from '../../src/data/changes/streams/reading.ts';
import { changesIn } from '../../src/data/changes/streams/records.ts';
import { awaitsChildren, beginAtEnd, beginAtHorizon, type ListedStream, type ShardState } from '../../src/data/changes/streams/shards.ts';
import { createFakeStreams, fakeRecord, serviceError, type FakeShard, type FakeStreams } from '../support/fakeStreams.ts';

interface Run {
  readonly streams: FakeStreams;
  /** Ids of changed objects, and `gap <kinds>`, in order. */
  readonly seen: string[];
  readonly log: { msg: string; level: number; table: string; reason?: string }[];
  readonly pauses: number[];
  stop(): Promise<void>;
}

const ending: (() => Promise<void>)[] = [];
let round = 0;
afterEach(async () => {
  round += 1;
  for (const end of ending.splice(0)) await end();
});

/** A reader of two tables: deployments have the stream `d` with the open shard `d1`, projects the stream `p` with `p1`. */
function prepare(): FakeStreams & { d1: FakeShard; p1: FakeShard } {
  const streams = createFakeStreams();
  streams.open('deployments', 'd');
  streams.open('projects', 'p');
  return Object.assign(streams, { d1: streams.shard('d', 'd1'), p1: streams.shard('p', 'p1') });
}

/** `discovers` is false where the usual time between two looks for new shards never passes. */
function start(streams: FakeStreams, { discovers = true } = {}): Run {
  const seen: string[] = [];
  const log: Run['log'] = [];
  const pauses: number[] = [];
  const abort = new AbortController();
  const pause: Pause = async (milliseconds, signal) => {
    pauses.push(milliseconds);
    if (milliseconds === usualWaits.discovery && !discovers && !signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await nextTurn();
    signal.throwIfAborted();
  };
  const sink = {
    publish(changes: readonly { id: string }[]): void {
      seen.push(...changes.map(({ id }) => id));
    },
    publishGap(kinds: readonly ChangeKind[] = []): void {
      seen.push(`gap ${kinds.join()}`);
    },
  };
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const work = readOpenedStreams({ client: streams.client, sink, log: logger, name: (table) => table, pause }, abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await work;
  };
  ending.push(stop);
  return { streams, seen, log, pauses, stop };
}

/** Waits for what would otherwise never happen. */
async function until(isSo: () => boolean): Promise<void> {
  const own = round;
  while (!isSo()) {
    if (own !== round) throw new Error('The test is over.');
    await nextTurn();
  }
}

const deploymentGap = 'gap deployment,deploymentLog';
const projectGap = 'gap project';

/** Waits until both tables are read. */
async function started(run: Run): Promise<Run> {
  await until(() => run.seen.includes(deploymentGap) && run.seen.includes(projectGap));
  run.seen.length = 0;
  return run;
}

const deployment = (id: string) => fakeRecord({ id, userId: 'usr_a', projectId: 'prj_a' });
const project = (id: string) => fakeRecord({ id, userId: 'usr_a' });

function callsOf({ streams: { calls } }: Run, operation: string): number {
  return calls.filter((call) => call.operation === operation).length;
}

describe('the beginning', () => {
  test('is the end of what is there: older changes are not told, but a gap when no later one can be missed', async () => {
    const streams = prepare();
    streams.d1.records.push(deployment('old'));
    const run = start(streams);
    let sinceGap = 0;
    streams.onCall = () => {
      // What is written before the gap is told may be missed; what comes right after it may not.
      if (run.seen.includes(deploymentGap) && sinceGap === 0) sinceGap = streams.d1.records.push(deployment('new'));
      return undefined;
    };
    await until(() => run.seen.includes('new'));
    expect(run.seen.filter((entry) => entry !== projectGap)).toEqual([deploymentGap, 'new']);
  });

  test('is at all open shards, however many pages list them; parents are left out', async () => {
    const streams = prepare();
    streams.d1.closed = true;
    streams.d1.records.push(deployment('of a parent'));
    const shards = ['d2', 'd3', 'd4', 'd5', 'd6'].map((id) => streams.shard('d', id, id === 'd2' ? 'd1' : undefined));
    const run = await started(start(streams));
    for (const [i, shard] of shards.entries()) shard.records.push(deployment(`dep_${i}`));
    await until(() => run.seen.length >= 5);
    expect(run.seen.toSorted()).toEqual(['dep_0', 'dep_1', 'dep_2', 'dep_3', 'dep_4']);
  });
});

describe('resharding', () => {
  test('children are read from their beginning, after the last record of their parent', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    const children = [streams.shard('d', 'd2', 'd1'), streams.shard('d', 'd3', 'd1')] as const;
    const grandchild = streams.shard('d', 'd4', 'd2');
    grandchild.records.push(deployment('5'));
    children[0].records.push(deployment('4a'));
    children[1].records.push(deployment('4b'));
    streams.d1.records.push(deployment('1'), deployment('2'), deployment('3'));
    children[0].closed = true;
    // The children show long before their parent is over.
    const listings = callsOf(run, 'describeStream');
    await until(() => run.seen.includes('3') && callsOf(run, 'describeStream') > listings + 20);
    expect(run.seen).toEqual(['1', '2', '3']);
    streams.d1.closed = true;
    await until(() => run.seen.length === 6);
    expect(run.seen.slice(0, 3)).toEqual(['1', '2', '3']);
    expect(run.seen.slice(3).toSorted()).toEqual(['4a', '4b', '5']);
    expect(run.seen.indexOf('5')).toBeGreaterThan(run.seen.indexOf('4a'));
    expect(run.log).toEqual([]);
  });

  test('children of a shard that comes to its end are looked for at once', async () => {
    const streams = prepare();
    const run = await started(start(streams, { discovers: false }));
    streams.shard('d', 'd2', 'd1').records.push(deployment('1'));
    streams.d1.closed = true;
    await until(() => run.seen.length > 0);
    expect(run.seen).toEqual(['1']);
  });

  test('children that show only later are waited for, sooner than new shards usually are', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    streams.d1.closed = true;
    await until(() => run.pauses.includes(usualWaits.successor));
    streams.shard('d', 'd2', 'd1').records.push(deployment('1'));
    await until(() => run.seen.length > 0);
    expect(run.seen).toEqual(['1']);
  });

  test.each<[string, ListedStream['shards'], Record<string, ShardState>, string[]]>([
    ['a root', [{ id: 'a', parent: undefined }], {}, ['a']],
    ['one that is being read', [{ id: 'a', parent: undefined }], { a: 'reading' }, []],
    ['one whose parent is being read', [{ id: 'b', parent: 'a' }], { a: 'reading' }, []],
    ['one whose parent is finished', [{ id: 'b', parent: 'a' }], { a: 'finished' }, ['b']],
    ['one whose parent has been dropped', [{ id: 'b', parent: 'a' }], {}, ['b']],
    [
      'a family',
      [
        { id: 'c', parent: 'b' },
        { id: 'b', parent: 'a' },
        { id: 'a', parent: undefined },
      ],
      {},
      ['a'],
    ],
  ])('%s', (_, shards, known, due) => {
    expect(beginAtHorizon({ isDisabled: false, shards }, new Map(Object.entries(known)))).toEqual(due);
  });

  test('what is known of shards does not grow: dropped ones are forgotten', () => {
    const states = new Map<string, ShardState>();
    beginAtEnd({ isDisabled: false, shards: [{ id: '0', parent: undefined }] }, states);
    for (let i = 1; i <= 100; i += 1) {
      states.set(String(i - 1), 'finished');
      const listed = { isDisabled: false, shards: [i - 1, i].map((id) => ({ id: String(id), parent: String(id - 1) })) };
      expect(awaitsChildren({ ...listed, shards: listed.shards.slice(0, 1) }, states)).toBe(true);
      expect(beginAtHorizon(listed, states)).toEqual([String(i)]);
    }
    expect(states.size).toBe(2);
  });
});

/** Lets the next calls of a kind fail, that many times. */
function failing(streams: FakeStreams, operations: readonly string[], error: () => Error, times = Infinity): { over(): void } {
  let left = times;
  streams.onCall = ({ operation, shard }) => {
    // Of the deployments' shard alone, where calls name one.
    if (left <= 0 || !operations.includes(operation) || shard === 'p1') return undefined;
    left -= 1;
    return error();
  };
  return { over: () => void (left = 0) };
}

describe('places that are lost', () => {
  test('an expired iterator is replaced by one after the last record: nothing is missed, nothing comes twice', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    streams.d1.records.push(deployment('1'));
    await until(() => run.seen.includes('1'));
    failing(streams, ['getRecords'], () => serviceError('ExpiredIteratorException'), 1);
    streams.d1.records.push(deployment('2'), deployment('3'));
    await until(() => run.seen.includes('3'));
    expect(run.seen).toEqual(['1', '2', '3']);
    expect(streams.calls.findLast(({ operation }) => operation === 'getShardIterator')?.position).toBe('AFTER_SEQUENCE_NUMBER');
    expect(run.log).toEqual([]);
  });

  test('before any record there is nothing to continue from: watchers are told of a gap', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    failing(streams, ['getRecords'], () => serviceError('ExpiredIteratorException'), 1);
    await until(() => run.seen.length > 0);
    streams.d1.records.push(deployment('1'));
    await until(() => run.seen.includes('1'));
    expect(run.seen).toEqual([deploymentGap, '1']);
  });

  test('trimmed records are a gap of that table, and the oldest ones that are left come next', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    streams.d1.records.push(deployment('1'));
    await until(() => run.seen.includes('1'));
    streams.d1.records.push(deployment('2'), deployment('3'));
    streams.d1.trimmed = 2;
    await until(() => run.seen.includes('3'));
    expect(run.seen).toEqual(['1', deploymentGap, '3']);
  });
});

describe('trouble', () => {
  test('throttled calls are tried again, later each time, with the iterator that they had; one line when it begins, one when it is over', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    const iterators = callsOf(run, 'getShardIterator');
    run.pauses.length = 0;
    failing(streams, ['getRecords'], () => serviceError('ProvisionedThroughputExceededException'), 5);
    streams.d1.records.push(deployment('1'));
    await until(() => run.seen.includes('1') && run.log.length === 2);
    expect(run.seen.filter((entry) => entry === deploymentGap)).toHaveLength(1);
    expect(callsOf(run, 'getShardIterator')).toBe(iterators);
    // Each wait is at least half of what it can be, and what it can be doubles: no third one is shorter than the first.
    const waits = run.pauses.filter((ms) => ms !== usualWaits.poll && ms !== usualWaits.discovery);
    expect(waits).toHaveLength(5);
    for (const [i, ms] of waits.entries()) if (i >= 2) expect(ms).toBeGreaterThan(waits[i - 2]!);
    expect(run.log.map(({ level, msg, table }) => [level, table, msg])).toEqual([
      [40, 'deployments', expect.stringMatching(/cannot be read/)],
      [30, 'deployments', expect.stringMatching(/read again/)],
    ]);
  });

  test('an outage of all calls loses nothing, is told once for each table, and ends with a gap', async () => {
    const streams = prepare();
    streams.shard('d', 'd2');
    const run = await started(start(streams));
    streams.d1.records.push(deployment('1'));
    await until(() => run.seen.includes('1'));
    const outage = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    let isDown = true;
    streams.onCall = () => (isDown ? outage : undefined);
    streams.d1.records.push(deployment('2'));
    streams.p1.records.push(project('3'));
    const before = streams.calls.length;
    await until(() => streams.calls.length > before + 50);
    expect(run.seen).toEqual(['1']);
    isDown = false;
    await until(() => run.log.length === 4 && run.seen.length >= 6);
    expect([...new Set(run.seen)].toSorted()).toEqual(['1', '2', deploymentGap, projectGap]);
    expect(run.log.map(({ level, table, reason }) => [level, table, reason]).toSorted()).toEqual([
      [30, 'deployments', undefined],
      [30, 'projects', undefined],
      [40, 'deployments', 'ECONNREFUSED'],
      [40, 'projects', 'ECONNREFUSED'],
    ]);
  });

  test('delays double up to a limit, and differ', () => {
    const delays = Array.from({ length: 20 }, (_, i) => retryDelay(i, usualWaits));
    for (const [i, delay] of delays.entries()) {
      const most = Math.min(usualWaits.longestRetry, usualWaits.firstRetry * 2 ** i);
      expect(delay).toBeGreaterThanOrEqual(most / 2);
      expect(delay).toBeLessThanOrEqual(most);
    }
    expect(new Set(Array.from({ length: 20 }, () => retryDelay(3, usualWaits))).size).toBeGreaterThan(1);
  });

  test('without the right to read, watchers look again at each attempt, and the log names the actions that are missing', async () => {
    const streams = prepare();
    const run = start(streams);
    failing(streams, ['describeStream', 'getShardIterator', 'getRecords'], () => serviceError('AccessDeniedException'));
    await until(() => run.seen.filter((entry) => entry === deploymentGap).length >= 3);
    const { reason } = run.log.find(({ table }) => table === 'deployments')!;
    for (const action of ['DescribeStream', 'GetShardIterator', 'GetRecords']) expect(reason).toContain(`dynamodb:${action}`);
  });
});

describe('other streams', () => {
  test.each(['readable', 'gone'] as const)(
    'one that was switched off (then %s) is replaced by the next, which is read from its beginning',
    async (how) => {
      const streams = prepare();
      const run = await started(start(streams));
      streams.d1.records.push(deployment('1'));
      if (how === 'gone') await until(() => run.seen.includes('1'));
      streams.disable('deployments', how);
      await until(() => run.log.length > 0 && run.seen.includes('1') && run.seen.filter((entry) => entry === deploymentGap).length >= 3);
      streams.open('deployments', 'd-new');
      streams.shard('d-new', 'n1').records.push(deployment('2'));
      await until(() => run.seen.includes('2') && run.log.length >= 2);
      expect(run.seen.filter((entry) => !entry.startsWith('gap'))).toEqual(['1', '2']);
      expect(run.seen).not.toContain(projectGap);
      expect(run.log.map(({ level }) => level)).toEqual([40, 30]);
    },
  );

  test('a table without a stream is looked at again and again; the log says what to do', async () => {
    const streams = createFakeStreams();
    const run = start(streams);
    await until(() => run.seen.filter((entry) => entry === projectGap).length >= 3);
    expect(run.log.map(({ reason }) => reason)).toEqual([expect.stringMatching(/switch it on.*CHANGE_FEED/), expect.any(String)]);
    streams.open('projects', 'p');
    const shard = streams.shard('p', 'p1');
    await until(() => run.log.length === 3);
    await until(() => callsOf(run, 'getRecords') > 0);
    shard.records.push(project('1'));
    await until(() => run.seen.includes('1'));
  });
});

test('a shard is looked at once between two waits, and two readers stay below the five times a second that DynamoDB allows', async () => {
  const streams = createFakeStreams();
  streams.open('deployments', 'd');
  streams.shard('d', 'd1');
  const run = start(streams);
  await until(() => callsOf(run, 'getRecords') >= 20);
  await run.stop();
  const looks = callsOf(run, 'getRecords');
  expect(run.pauses.filter((ms) => ms === usualWaits.poll).length).toBeGreaterThanOrEqual(looks - 1);
  expect(2 * (1_000 / usualWaits.poll)).toBeLessThanOrEqual(5);
});

test.each(['latestStream', 'describeStream', 'getShardIterator', 'getRecords'] as const)(
  'it ends at once while %s waits for an answer',
  async (operation) => {
    const streams = prepare();
    const never = new Promise<Error>(() => undefined);
    streams.onCall = (call) => (call.operation === operation ? never : undefined);
    const run = start(streams);
    await until(() => callsOf(run, operation) >= 2);
    const calls = streams.calls.length;
    await run.stop();
    expect(streams.calls.length).toBe(calls);
    expect(run.log).toEqual([]);
  },
);

describe('records', () => {
  test.each<[string, 'projects' | 'deployments', Parameters<typeof changesIn>[1], ReturnType<typeof changesIn>]>([
    ['a project', 'projects', [project('prj_1')], [{ kind: 'project', id: 'prj_1' }]],
    ['a deployment', 'deployments', [deployment('dep_1')], [{ kind: 'deployment', id: 'dep_1', projectId: 'prj_a' }]],
    [
      'lines of a log, each log once',
      'deployments',
      ['dep_1', 'dep_2', 'dep_1'].map((id, i) => fakeRecord({ id, userId: `usr_a#log#2026-01-01T00:00:00.00${i}Z#0` })),
      [
        { kind: 'deploymentLog', id: 'dep_2' },
        { kind: 'deploymentLog', id: 'dep_1' },
      ],
    ],
    ['counters', 'projects', [fakeRecord({ id: 'prj_1', userId: 'usr_a#stats#0' })], []],
    [
      'a removed one',
      'deployments',
      [
        {
          eventName: 'REMOVE',
          dynamodb: { Keys: { id: { S: 'dep_1' } }, OldImage: { id: { S: 'dep_1' }, userId: { S: 'u' }, projectId: { S: 'p' } } },
        },
      ],
      [{ kind: 'deployment', id: 'dep_1', projectId: 'p' }],
    ],
    [
      'keys alone',
      'deployments',
      [{ dynamodb: { Keys: { id: { S: 'dep_1' }, userId: { S: 'u' } } } }],
      [{ kind: 'deployment', id: 'dep_1' }],
    ],
    ['an attribute of another type', 'projects', [{ dynamodb: { NewImage: { id: { N: '1' } } } }], []],
    ['nothing', 'projects', [{}], []],
  ])('%s', (_, table, records, changes) => {
    expect(changesIn(table, records)).toEqual(changes);
  });

  test('a stream without images does not say whose project it is: all who watch deployments look again', async () => {
    const streams = prepare();
    const run = await started(start(streams));
    streams.d1.records.push({ dynamodb: { Keys: { id: { S: 'dep_1' }, userId: { S: 'u' } }, SequenceNumber: '1' } });
    await until(() => run.seen.length > 0);
    expect(run.seen).toEqual(['gap deployment', 'dep_1']);
  });
});

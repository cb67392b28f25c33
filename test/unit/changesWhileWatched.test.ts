/** Work that is done while somebody watches. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { createChangeFeed, type ChangeFeed } from '../../src/data/changes/feed.ts';
import { whileWatched } from '../../src/data/changes/whileWatched.ts';

/** Changes over time: which run of the work has begun, was told to end, and has ended. */
let events: string[];
let feed: ChangeFeed;
let close: () => Promise<void>;
let log: string[];
let fails: boolean;

/** What the work waits for after it was told to end. */
let cleanUp: Promise<void>;

const lingerMs = 1_000;

beforeEach(() => {
  jest.useFakeTimers();
  [events, log, fails, cleanUp] = [[], [], false, Promise.resolve()];
  let runs = 0;
  const work = async (signal: AbortSignal): Promise<void> => {
    runs += 1;
    const own = runs;
    events.push(`begin ${own}`);
    if (fails) throw new Error('broken');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await cleanUp;
    events.push(`end ${own}`);
  };
  const logger = pino({ base: null }, { write: (line: string) => void log.push(line) });
  ({ feed, close } = whileWatched({ feed: createChangeFeed(), log: logger, work, lingerMs }));
});
afterEach(async () => {
  jest.useRealTimers();
  await close();
});

const watch = (): (() => void) => feed.watch({ kind: 'project', id: 'prj_1' }, () => undefined);

test('it begins with the first watcher, once, and goes on for a time after the last one', async () => {
  await jest.advanceTimersByTimeAsync(10 * lingerMs);
  expect(events).toEqual([]);
  const stops = [watch(), watch()];
  await jest.advanceTimersByTimeAsync(0);
  expect(events).toEqual(['begin 1']);
  stops[0]!();
  await jest.advanceTimersByTimeAsync(10 * lingerMs);
  expect(events).toEqual(['begin 1']);
  stops[1]!();
  await jest.advanceTimersByTimeAsync(lingerMs - 1);
  expect(events).toEqual(['begin 1']);
  await jest.advanceTimersByTimeAsync(1);
  expect(events).toEqual(['begin 1', 'end 1']);
});

test('who comes back in time finds it running', async () => {
  watch()();
  await jest.advanceTimersByTimeAsync(lingerMs - 1);
  watch();
  await jest.advanceTimersByTimeAsync(10 * lingerMs);
  expect(events).toEqual(['begin 1']);
});

test('who comes later starts it anew, after the end of the run before', async () => {
  let finish = (): void => undefined;
  cleanUp = new Promise((resolve) => {
    finish = resolve;
  });
  watch()();
  await jest.advanceTimersByTimeAsync(lingerMs);
  watch();
  await jest.advanceTimersByTimeAsync(lingerMs);
  expect(events).toEqual(['begin 1']);
  finish();
  await jest.advanceTimersByTimeAsync(0);
  expect(events).toEqual(['begin 1', 'end 1', 'begin 2']);
});

test('closing ends it and waits for its end; nobody starts it again', async () => {
  watch();
  await jest.advanceTimersByTimeAsync(0);
  await close();
  expect(events).toEqual(['begin 1', 'end 1']);
  watch();
  await jest.advanceTimersByTimeAsync(0);
  expect(events).toEqual(['begin 1', 'end 1']);
});

test('a failure is logged, and the next watcher starts it again', async () => {
  fails = true;
  watch();
  await jest.advanceTimersByTimeAsync(0);
  expect(log).toEqual([expect.stringContaining('broken')]);
  fails = false;
  watch();
  await jest.advanceTimersByTimeAsync(0);
  expect(events).toEqual(['begin 1', 'begin 2']);
});

test('the feed is the same one: it knows its watchers, and tells them', () => {
  expect(feed.isWatched).toBe(false);
  const told: unknown[] = [];
  const stop = feed.watch({ kind: 'project', id: 'prj_1' }, (change) => told.push(change));
  expect(feed.isWatched).toBe(true);
  feed.publish([{ kind: 'project', id: 'prj_1' }]);
  feed.publishGap();
  feed.publishGap(['activity']);
  expect(told).toEqual([{ kind: 'project', id: 'prj_1' }, null]);
  stop();
  expect(feed.isWatched).toBe(false);
});

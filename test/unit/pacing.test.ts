import { expect, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { createPacer, type Pacer } from '../../src/http/pacing.ts';

interface Paced {
  readonly pace: Pacer;
  readonly begun: string[];
  readonly accept: () => void;
  /** Queues a piece of work that notes its name when it begins. */
  readonly queue: (name: string) => () => void;
}

function startPacer(): Paced {
  const server = new EventEmitter();
  const begun: string[] = [];
  const pace = createPacer(server);
  return { pace, begun, accept: () => void server.emit('connection'), queue: (name) => pace(() => begun.push(name)) };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('one piece begins in a turn, first come first served', async () => {
  const { begun, queue } = startPacer();
  for (const name of ['a', 'b', 'c']) queue(name);
  expect(begun).toEqual([]);
  await turn();
  // Without pacing: all three.
  expect(begun).toEqual(['a']);
  await turn();
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('connections that are being accepted come first', async () => {
  const { begun, accept, queue } = startPacer();
  queue('a');
  for (let i = 0; i < 3; i += 1) {
    accept();
    await turn();
  }
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual(['a']);
});

test('connections without end do not keep work from beginning', async () => {
  const { begun, accept, queue } = startPacer();
  queue('a');
  queue('b');
  let turns = 0;
  const giveUpAt = performance.now() + 20_000;
  while (begun.length < 2 && performance.now() < giveUpAt) {
    accept();
    await turn();
    turns += 1;
  }
  // Without patience: none, however long.
  expect(begun).toEqual(['a', 'b']);
  expect(turns).toBeGreaterThan(2);
});

test('work that was taken back never begins, and holds nothing up', async () => {
  const { begun, queue } = startPacer();
  const cancel = queue('a');
  queue('b');
  cancel();
  await turn();
  expect(begun).toEqual(['b']);
});

test('work that queues more work gets a turn for it', async () => {
  const { begun, pace, queue } = startPacer();
  pace(() => queue('inner'));
  await turn();
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual(['inner']);
});

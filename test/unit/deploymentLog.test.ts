import { describe, expect, test } from '@jest/globals';
import { ExpectedError } from '../../src/errors.ts';
import {
  blocksOf,
  matches,
  maxMessageBytes,
  messageProblem,
  prepareEntries,
  readEntry,
  type LogEntry,
} from '../../src/domains/deployments/deploymentLog.ts';

const base = Date.parse('2026-03-01T12:00:00.000Z');
const at = (milliseconds: number): string => new Date(base + milliseconds).toISOString();
const entry = (milliseconds: number, message = 'x'): LogEntry => ({ timestamp: at(milliseconds), level: 'info', message });

describe('messages', () => {
  test.each([
    ['text', null],
    ['', null],
    ['\u001b[31mred\u001b[0m\tand\nmore', null],
    ['ä'.repeat(maxMessageBytes / 2), null],
    ['ä'.repeat(maxMessageBytes / 2) + 'a', 'bytes'],
    ['a\u0000b', 'NUL'],
    ['half \ud83d', 'surrogate'],
  ])('%#', (message, problem) => {
    if (problem === null) expect(messageProblem(message)).toBeNull();
    else expect(messageProblem(message)).toContain(problem);
  });
});

describe('prepareEntries', () => {
  test('fills in time and level, sorts by time and keeps the order of equal times', () => {
    const { entries, redactedCount } = prepareEntries(
      [{ message: 'now' }, { timestamp: at(-5), level: 'warn', message: 'a' }, { timestamp: at(-5), message: 'b' }],
      at(0),
    );
    expect(entries).toEqual([
      { timestamp: at(-5), level: 'warn', message: 'a' },
      { timestamp: at(-5), level: 'info', message: 'b' },
      { timestamp: at(0), level: 'info', message: 'now' },
    ]);
    expect(redactedCount).toBe(0);
  });

  test('takes a private key out in the order that was sent, not in that of time', () => {
    const messages = ['-----BEGIN PRIVATE KEY-----', 'MIIE', '-----END PRIVATE KEY-----'];
    const { entries, redactedCount } = prepareEntries(
      messages.map((message, i) => ({ message, timestamp: at(-i) })),
      at(0),
    );
    expect(entries.map(({ message }) => message)).toEqual(['[redacted]', '[redacted]', '[redacted]']);
    expect(redactedCount).toBe(1);
  });

  test.each([0, 101])('refuses %d entries', (count) => {
    expect(() => prepareEntries(Array<{ message: string }>(count).fill({ message: 'x' }), at(0))).toThrow(`${count} came`);
  });

  test('names every bad message', () => {
    try {
      prepareEntries([{ message: 'a\u0000' }, { message: 'fine' }, { message: 'x'.repeat(maxMessageBytes + 1) }], at(0));
      throw new Error('nothing was thrown');
    } catch (error) {
      expect(error).toBeInstanceOf(ExpectedError);
      expect((error as ExpectedError).entries.map(({ field }) => field)).toEqual([
        ['entries', '0', 'message'],
        ['entries', '2', 'message'],
      ]);
    }
  });
});

describe('blocksOf', () => {
  const sizes = (entries: LogEntry[]): number[] => blocksOf(entries).map((block) => block.entries.length);

  test.each([
    ['one moment', [0, 0, 0], [3]],
    ['pauses of a second and less', [0, 1000, 1999], [3]],
    ['a pause of more', [0, 10, 1011, 1020], [2, 2]],
    ['many pauses', [0, 2000, 4000, 6000], [1, 1, 1, 1]],
    ['nothing', [], []],
  ])('%s', (_, times, expected) => {
    expect(sizes(times.map((time) => entry(time)))).toEqual(expected);
  });

  test('never makes more blocks than a transaction holds, and cuts at the longest pauses', () => {
    const times = Array.from({ length: 100 }, (_, i) => i * 2_000 + (i >= 50 ? 60_000 : 0));
    const blocks = blocksOf(times.map((time) => entry(time)));
    expect(blocks.length).toBeLessThanOrEqual(40);
    expect(blocks.some(({ time }) => time === at(times[50]!))).toBe(true);
    expect(blocks.flatMap(({ entries }) => entries)).toHaveLength(100);
  });

  test('no block comes near to the limit of an item', () => {
    const blocks = blocksOf(Array.from({ length: 100 }, () => entry(0, 'x'.repeat(maxMessageBytes))));
    for (const { entries } of blocks) expect(JSON.stringify(entries).length).toBeLessThan(140 * 1024);
    expect(blocks.length).toBeLessThanOrEqual(8);
  });
});

test.each([
  [
    { timestamp: at(0), level: 'error', message: 'm' },
    { timestamp: at(0), level: 'error', message: 'm' },
  ],
  [{ message: 'm' }, { timestamp: at(9), level: 'info', message: 'm' }],
  ['just text', { timestamp: at(9), level: 'info', message: 'just text' }],
  [{ message: { code: 1 } }, { timestamp: at(9), level: 'info', message: '{"code":1}' }],
  [null, { timestamp: at(9), level: 'info', message: '' }],
])('reads %j', (stored, expected) => {
  expect(readEntry(stored, at(9))).toEqual(expected);
});

test.each([
  [{}, true],
  [{ level: 'info' }, true],
  [{ level: 'warn' }, false],
  [{ contains: 'BUILD' }, true],
  [{ contains: 'test' }, false],
  [{ level: 'info', contains: 'build' }, true],
  [{ level: 'error', contains: 'build' }, false],
  [{ level: null, contains: null }, true],
])('filter %j: %s', (filter, expected) => {
  expect(matches(entry(0, 'Build done'), filter)).toBe(expected);
});

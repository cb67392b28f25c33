import { expect, test } from '@jest/globals';
import { createFrequentNames } from '../../src/telemetry/frequentNames.ts';

const limits = { places: 2, candidates: 10, halveAfter: 1_000 };

test('names have a place while there is room, the others are "other"', () => {
  const names = createFrequentNames(() => undefined, limits);
  expect(['A', 'A', 'B', 'C', 'A', 'D'].map((name) => names.use(name))).toEqual(['A', 'A', 'B', 'other', 'A', 'other']);
});

test('a name that is used more often takes the place of the rarest', () => {
  const dropped: string[] = [];
  const names = createFrequentNames((name) => dropped.push(name), limits);
  for (const name of ['A', 'A', 'B', 'C', 'C']) names.use(name);
  expect(names.use('C')).toBe('C');
  expect(dropped).toEqual(['B']);
  expect([names.use('A'), names.use('B')]).toEqual(['A', 'other']);
});

test('names that come once never take a place', () => {
  const dropped: string[] = [];
  const names = createFrequentNames((name) => dropped.push(name), limits);
  for (const name of ['A', 'A', 'B', 'B']) names.use(name);
  for (let count = 0; count < 900; count += 1) expect(names.use(`Made${count}Up`)).toBe('other');
  expect(dropped).toEqual([]);
});

test('a name that was frequent once loses its place in time', () => {
  const names = createFrequentNames(() => undefined, { ...limits, halveAfter: 20 });
  for (let count = 0; count < 10; count += 1) for (const name of ['A', 'B']) names.use(name);
  const answers = Array.from({ length: 60 }, () => names.use('C'));
  expect(answers[0]).toBe('other');
  expect(answers.at(-1)).toBe('C');
});

test('a name longer than 64 characters has no place', () => {
  const names = createFrequentNames(() => undefined, limits);
  expect([names.use('x'.repeat(64)).length, names.use('x'.repeat(65))]).toEqual([64, 'other']);
});

/** SECURITY.md names files and tests that exist. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { variables } from '../../src/config/variables.ts';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('SECURITY.md', root), 'utf8');

/** The rows of the table of threats: cells without their bars. */
const rows = text
  .slice(text.indexOf('## Threats'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (threat|---)/.test(line))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

const proofPattern = /^`(?<file>test\/[\w/.]+\.test\.ts)`: "(?<title>.+)"$/;

/** True where the table says that nothing here protects. */
const isOpen = (protection: string): boolean => protection.startsWith('**Not met.** ');

test('the table of threats has rows of three cells', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) expect(row).toHaveLength(3);
});

describe.each(rows.filter(([, protection = '']) => !isOpen(protection)))('%s', (_, protection = '', proof = '') => {
  test('names code that exists', () => {
    const files = [...protection.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    if (protection !== '–') expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });

  test('names a test that exists', () => {
    const { file = '', title = '' } = proofPattern.exec(proof)?.groups ?? {};
    expect([proof, existsSync(new URL(file, root)) && file !== '']).toEqual([proof, true]);
    // As the code writes it: `test('…'`, or the title after the table of a `test.each`.
    const source = readFileSync(new URL(file, root), 'utf8');
    expect([title, source.includes(`('${title}',`)]).toEqual([title, true]);
  });
});

test.each(rows.filter(([, protection = '']) => isOpen(protection)))(
  '%s: says what there is, and what to do',
  (_, protection = '', proof) => {
    expect(protection.split('. ').length).toBeGreaterThan(1);
    expect(proof).toBe('–');
  },
);

test('every variable that it tells to set exists', () => {
  const table = text.slice(text.indexOf('## What an operator'), text.indexOf('Besides:'));
  const names = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !(name in variables.shape))).toEqual([]);
});

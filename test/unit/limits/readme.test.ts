/** The README says what the limits are. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { operationLimits } from '../../../src/limits/limits.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## Limits'), readme.indexOf('**Points**'));
const rows = [...section.matchAll(/^\| `(\w+)` +\| ([\d,]+)/gm)].map(([, name = '', most = '']) => [
  name,
  Number(most.replaceAll(',', '')),
]);

test('every limit with its number, and no other', () => {
  expect(Object.fromEntries(rows)).toEqual(operationLimits);
});

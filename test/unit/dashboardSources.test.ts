/** The dashboard shows texts of users and of models as text: nothing in it turns a text into markup or code. */
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../examples/dashboard/src/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));

const dangerous =
  /\b(?:dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|srcDoc|document\.write|createContextualFragment|eval|new Function)\b/;

test('no text becomes markup or code in the dashboard', () => {
  expect(files).toEqual(expect.arrayContaining(['App.tsx']));
  expect(files.filter((file) => dangerous.test(readFileSync(new URL(file, folder), 'utf8')))).toEqual([]);
});

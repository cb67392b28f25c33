import { describe, expect, test } from '@jest/globals';
import { pathCollision, pathProblem } from '../../src/domains/ai/filePaths.ts';
import { readJsonText } from '../../src/domains/ai/jsonText.ts';
import { timesLonger } from '../support/effort.ts';

describe('JSON in the text of a model', () => {
  test.each<[string, string, unknown]>([
    ['alone', '{"a":1}', { a: 1 }],
    ['a fence', '```json\n{"a":1}\n```', { a: 1 }],
    ['a fence without a language', 'Here:\n```\n{"a":1}\n```\nDone.', { a: 1 }],
    ['braces before the fence', 'A {b}.\n```json\n{"a":"}"}\n```\nA {c}.', { a: '}' }],
    ['words around it', 'Sure: {"a":{"b":2}} ok', { a: { b: 2 } }],
    ['a fence within a string', '{"a":"```\\n```"}', { a: '```\n```' }],
    ['a byte order mark', '\uFEFF{"a":1}', { a: 1 }],
  ])('%s', (_, text, value) => expect(readJsonText(text)).toEqual({ value }));

  test.each(['\n', '`', '{', '```\n', '\n `'])('many %j are looked through in linear time', (text) => {
    const of = (length: number) => `x${text.repeat(length / text.length)}}`;
    const [small, large] = [of(20_000), of(400_000)];
    // Twenty times the text; in quadratic time it would be four hundred times the work.
    expect(
      timesLonger(
        () => readJsonText(large),
        () => readJsonText(small),
      ),
    ).toBeLessThan(120);
  });

  test.each(['', 'no', '{"a":', '```json\n{"a":\n```', '}{', '{a:1}'])('%j is none', (text) => expect(readJsonText(text)).toBeNull());
});

describe('a path of a file', () => {
  test.each(['a.ts', 'src/a.ts', '.env.example', '.github/workflows/ci.yml', 'src/[id]/page.tsx', 'docs/ä.md', 'console.ts'])(
    '%s is fine',
    (path) => expect(pathProblem(path)).toBeNull(),
  );

  test.each([
    ['', 'no character'],
    ['x'.repeat(201), 'more than 200'],
    ['/etc/passwd', 'absolute'],
    ['~/x', 'absolute'],
    ['C:/x', 'absolute'],
    ['../x', '".."'],
    ['src/../../x', '".."'],
    ['src/..', '".."'],
    ['./x', '"."'],
    ['src//x', 'empty part'],
    ['src/', 'empty part'],
    ['..\\x', 'file systems'],
    ['a\u0000b', 'file systems'],
    ['a\nb', 'file systems'],
    ['ab:c', 'file systems'],
    ['a\ud800', 'file systems'],
    ['src/x. /y', 'space'],
    ['src/x.', 'dot'],
    ['src/CON.txt', 'device'],
    [Array.from({ length: 17 }, () => 'a').join('/'), 'deeper'],
  ])('%j is not', (path, problem) => expect(pathProblem(path)).toContain(problem));

  test.each<[string[], string | null]>([
    [['a', 'b/c', 'b/d'], null],
    [['a', 'a'], 'a'],
    [['README.md', 'readme.md'], 'readme.md'],
    [['src', 'src/a'], 'src'],
    [['src/a/b', 'src/A'], 'src/A'],
  ])('%j beside each other: %s', (paths, collision) => expect(pathCollision(paths)).toBe(collision));
});

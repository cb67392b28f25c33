/** The scanner finds the tokens that the lexer of graphql-js finds. */
import { expect, test } from '@jest/globals';
import { Lexer, Source, TokenKind } from 'graphql';
import { tokenAt, type Span } from '../../../src/limits/scanner.ts';
import fc from '../../support/fastCheck.ts';

/** Tokens up to the end or the first mistake, as the lexer reads them. */
function lexed(text: string): { tokens: Span[]; isWhole: boolean } {
  const lexer = new Lexer(new Source(text));
  const tokens: Span[] = [];
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance())
      tokens.push({ start: token.start, end: token.end });
  } catch {
    return { tokens, isWhole: false };
  }
  return { tokens, isWhole: true };
}

/** White space, commas and comments. */
const ignored = /(?:[\s,\ufeff]|#[^\n\r]*)*/y;

function scanned(text: string): Span[] {
  const tokens: Span[] = [];
  for (let at = 0; ;) {
    ignored.lastIndex = at;
    ignored.test(text);
    const token = tokenAt(text, ignored.lastIndex);
    if (token === null) return tokens;
    tokens.push(token);
    at = token.end;
  }
}

const parts = [
  'a',
  '_b1',
  '0',
  '-1',
  '1.5e-9',
  '1e5',
  '"',
  '""',
  '"""',
  '\\',
  '\\"',
  '\\\\',
  '...',
  '.',
  '{',
  '}',
  '[',
  '(',
  ')',
  ':',
  '$',
  '!',
  '@',
  '&',
  '|',
  '=',
  ' ',
  '\n',
  ',',
  '#',
  'x"y',
  '\\u00e9',
  'é',
  '-',
  '\ufeff',
];

test.each([
  '{ a }',
  'a...b',
  '...F',
  '"" """""" """"""',
  '"""a \\""" b""" c',
  '"""a\\\\""" b""" c',
  '"a \\" b" "\\\\" c',
  '[1 2,3-4]',
  '{ a(b: """x"y""z""") } # "no string',
  '"#" a',
])('%s', (text) => {
  expect(scanned(text)).toEqual(lexed(text).tokens);
});

test('any text: the tokens of the lexer, up to its first mistake', () => {
  // A token fewer than the lexer finds would be one that no limit counts.
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 40 }), (chosen) => {
      const text = chosen.join('');
      const { tokens, isWhole } = lexed(text);
      const found = scanned(text);
      expect(isWhole ? found : found.slice(0, tokens.length)).toEqual(tokens);
    }),
    { numRuns: 5_000 },
  );
});

test('strings without an end are no tokens', () => {
  for (const text of ['"', '"a', '"a\\"', '"""', '"""a""', '"""a\\"""']) expect(scanned(text)).toEqual([]);
});

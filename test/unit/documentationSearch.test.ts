import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import type { DocumentationPageRecord } from '../../src/domains/documentation/documentationPage.ts';
import { excerptOf, plainText, shorten } from '../../src/domains/documentation/markdown.ts';
import { searchPages, type SearchablePage } from '../../src/domains/documentation/search.ts';
import { editDistance, matchWeight, queryTerms } from '../../src/domains/documentation/searchWords.ts';
import { timesLonger } from '../support/effort.ts';

let ids = 0;
function page(fields: Partial<DocumentationPageRecord> & { content?: string | null }): SearchablePage {
  ids += 1;
  const { content = '', ...rest } = fields;
  const row = {
    id: `doc_${ids}`,
    userId: 'u',
    projectId: 'p',
    title: 't',
    category: 'c',
    order: ids,
    createdAt: '',
    updatedAt: '',
    excerpt: '',
    contentBytes: 0,
    ...rest,
  };
  return { page: row, content };
}

describe('editDistance', () => {
  test.each([
    ['kitten', 'kitten', 0],
    ['kitten', 'kittens', 1],
    ['kitten', 'itten', 1],
    ['kitten', 'mitten', 1],
    ['kitten', 'iktten', 1],
    ['kitten', 'sitting', 3],
    ['', 'ab', 2],
  ])('%s → %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance);
    expect(editDistance(b, a, 5)).toBe(distance);
  });

  test('stops at the limit', () => {
    expect(editDistance('kitten', 'sitting', 1)).toBe(2);
    expect(editDistance('aaaa', 'bbbb', 2)).toBe(3);
  });

  test('is 1 after one random edit at most', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 12 }), fc.nat(), (word, at) => {
        const i = at % word.length;
        expect(editDistance(word, word.slice(0, i) + word.slice(i + 1), 2)).toBe(1);
      }),
    );
  });
});

describe('matchWeight', () => {
  test.each([
    ['node', 'node', 1],
    ['no', 'node', 0.7],
    ['n', 'node', 0],
    ['noed', 'node', 0.4],
    ['nod', 'nid', 0],
    ['conection', 'connection', 0.4],
    ['conecton', 'connection', 0.25],
    ['node', 'code', 0.4],
    ['node', 'cope', 0],
    ['http2', 'http3', 0],
    ['2024', '2025', 0],
    ['库', '数据库', 0.7],
    ['网', '数据库', 0],
    ['library', `lib${'x'.repeat(60)}`, 0],
  ])('%s finds %s with %d', (term, word, weight) => {
    expect(matchWeight(term, word)).toBeCloseTo(weight, 5);
  });
});

test('a query has ten words at most, each once, without case and accents', () => {
  expect(queryTerms('Über über, UBER! -- c++ x_y')).toEqual(['uber', 'c', 'x', 'y']);
  expect(queryTerms('a b c d e f g h i j k l')).toHaveLength(10);
});

describe('searchPages', () => {
  const titles = async (query: string, pages: SearchablePage[]): Promise<string[]> =>
    (await searchPages(query, pages)).map((hit) => hit.page.title);

  test('one word in the title counts more than the same everywhere else', async () => {
    const everywhere = page({ title: 'everywhere', tags: ['cache'], category: 'cache', content: 'cache '.repeat(1_000) });
    expect(await titles('cache', [everywhere, page({ title: 'cache' })])).toEqual(['cache', 'everywhere']);
  });

  test('rare words count more than frequent ones', async () => {
    const pages = [
      page({ title: 'a', content: 'the the the' }),
      page({ title: 'b', content: 'quorum' }),
      page({ title: 'c', content: 'the' }),
      page({ title: 'd', content: 'the' }),
    ];
    expect((await titles('the quorum', pages))[0]).toBe('b');
  });

  test('pages of equal score keep their order', async () => {
    const pages = [page({ title: 'x', order: 2 }), page({ title: 'x', order: 1 }), page({ title: 'x', order: 1.5 })];
    expect((await searchPages('x', pages)).map((hit) => hit.page.order)).toEqual([1, 1.5, 2]);
  });

  test('finds words on the border of slices, and shows the passage', async () => {
    for (const padding of [131_060, 131_070, 131_072, 262_140]) {
      const [hit] = await searchPages('needle', [page({ content: `${'x'.repeat(padding - 1)} needle ${'y'.repeat(50)}` })]);
      const { snippet, highlights } = hit!.passage();
      expect(highlights.map(({ start, end }) => snippet.slice(start, end))).toEqual(['needle']);
    }
  });

  test('shows the place with most words of the query', async () => {
    const content = `alpha ${'filler '.repeat(100)}beta alpha gamma ${'filler '.repeat(100)}beta`;
    const [hit] = await searchPages('alpha beta gamma', [page({ content })]);
    expect(hit!.passage().highlights).toHaveLength(3);
  });

  test('stops when the request is gone', async () => {
    await expect(searchPages('x', [page({ content: 'x'.repeat(10) })], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });

  test('lets others work between slices of a large text', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await searchPages('needle', [page({ content: 'lorem ipsum dolor '.repeat(100_000) })]);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('plainText', () => {
  test.each([
    ['# Title\n\nText', 'Title Text'],
    ['**bold** and _soft_ and `code` and ~~gone~~', 'bold and soft and code and gone'],
    ['snake_case_name stays', 'snake_case_name stays'],
    ['[link](https://x.y/z) ![image](a.png)', 'link image'],
    ['- one\n* two\n3. three\n> quoted', 'one two three quoted'],
    ['```ts\nconst a = 1;\n```', 'const a = 1;'],
    ['| a | b |\n|---|:--|\n| 1 | 2 |', 'a b 1 2'],
    ['<b>html</b> and 1 < 2', 'html and 1 < 2'],
    ['above\n\n---\n\nbelow', 'above below'],
    ['', ''],
  ])('%j → %j', (markdown, text) => {
    expect(plainText(markdown)).toBe(text);
  });

  test('takes linear time for hostile text', () => {
    for (const hostile of ['[', '![', '<a', '*', '_', '|', '`', '> ', '- ', '[a](', '|-']) {
      const [long, short] = [hostile.repeat(100_000), hostile.repeat(4_000)];
      const [longPlain, shortPlain] = ['word '.repeat(100_000), 'word '.repeat(4_000)];
      const work = (excerpt: string, text: string) => [excerptOf(excerpt), plainText(text)];
      // Quadratic work would take thousands of times as long as plain words do.
      expect(
        timesLonger(
          () => work(long, short),
          () => work(longPlain, shortPlain),
          3,
        ),
      ).toBeLessThan(100);
    }
  });

  test('an excerpt is 200 characters at most and ends after a word', () => {
    const excerpt = excerptOf('word '.repeat(100));
    expect(excerpt).toMatch(/word…$/);
    expect(excerpt.length).toBeLessThanOrEqual(200);
    expect(excerptOf('🚀'.repeat(150)).isWellFormed()).toBe(true);
    expect(shorten('short', 200)).toBe('short');
  });
});

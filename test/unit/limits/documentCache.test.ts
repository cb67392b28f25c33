/** How many documents are kept. */
import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createDocumentCache, createDocumentStore, maxCachedCharacters } from '../../../src/limits/documentCache.ts';

/** A document of that many characters, one of many. */
function documentOf(characters: number, number: number): { text: string; document: ReturnType<typeof parse> } {
  const text = `query Q${number} { a }`.padEnd(characters);
  return { text, document: parse(text) };
}

test('as many as their texts allow, the newest ones', () => {
  const cache = createDocumentCache();
  // Counted by their JSON, as Apollo Server does, all would stay: they are short but for their white space.
  for (let number = 0; number < 1_000; number += 1) {
    const { text, document } = documentOf(1_000, number);
    cache.set(text, document);
  }
  expect(cache.size).toBe(maxCachedCharacters / 1_000);
  expect(cache.has(documentOf(1_000, 999).text)).toBe(true);
  expect(cache.has(documentOf(1_000, 0).text)).toBe(false);
});

test('a document over the limit is not kept, and pushes no other out', async () => {
  const store = createDocumentStore();
  const { document } = documentOf(100, 1);
  await store.set('small', document);
  await store.set('large', documentOf(maxCachedCharacters + 1, 2).document);
  expect(await store.get('small')).toBe(document);
  expect(await store.get('large')).toBeUndefined();
  expect(await store.delete('small')).toBe(true);
  expect(await store.get('small')).toBeUndefined();
});

test('a document whose text is not known counts as much as all others', () => {
  const cache = createDocumentCache();
  cache.set('a', parse('{ a }'));
  cache.set('b', parse('{ b }', { noLocation: true }));
  expect([...cache.keys()]).toEqual(['b']);
});

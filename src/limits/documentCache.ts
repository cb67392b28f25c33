/** Valid documents that were parsed before. Clients choose how many there are and how long, so memory has to be bounded. */
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * Characters of all documents together. A parsed document takes about a hundred times its text (measured: 94 bytes a character
 * for a query of a page), so this is some 30 MB: a thousand queries of 300 characters.
 */
export const maxCachedCharacters = 300_000;

/** Returns the length of the text that a document holds on to. */
function sizeOf(document: DocumentNode): number {
  return Math.max(1, document.loc?.source.body.length ?? maxCachedCharacters);
}

/** Returns an empty cache. What was not used for longest goes first; a document over the limit is not kept at all. */
export function createDocumentCache(): LRUCache<string, DocumentNode> {
  return new LRUCache<string, DocumentNode>({ maxSize: maxCachedCharacters, sizeCalculation: sizeOf });
}

/** Returns a cache in the form that Apollo Server takes as its `documentStore`. */
export function createDocumentStore(): {
  get: (key: string) => Promise<DocumentNode | undefined>;
  set: (key: string, document: DocumentNode) => Promise<void>;
  delete: (key: string) => Promise<boolean>;
} {
  const cache = createDocumentCache();
  return {
    get: (key) => Promise.resolve(cache.get(key)),
    set: (key, document) => {
      cache.set(key, document);
      return Promise.resolve();
    },
    delete: (key) => Promise.resolve(cache.delete(key)),
  };
}

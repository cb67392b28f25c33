import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createExpiringCache } from '../../../src/auth/expiringCache.ts';

const clock = { ms: 0 };
const options = { lifetimeMs: 100, maxEntries: 2 };

afterEach(() => {
  jest.restoreAllMocks();
});

/** A cache on a clock of its own, whose loads are counted. */
function cacheWithCounter() {
  clock.ms = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => clock.ms);
  const cache = createExpiringCache<number>(options);
  const loads: string[] = [];
  const read = (key: string): Promise<number> =>
    cache.through(key, () => {
      loads.push(key);
      return Promise.resolve(loads.length);
    });
  return { cache, loads, read };
}

describe('expiring cache', () => {
  test('loads once within the lifetime, and again after it', async () => {
    const { read, loads } = cacheWithCounter();
    expect([await read('a'), await read('a')]).toEqual([1, 1]);
    clock.ms = 99;
    expect(await read('a')).toBe(1);
    clock.ms = 100;
    expect(await read('a')).toBe(2);
    expect(loads).toEqual(['a', 'a']);
  });

  test('counts the lifetime from before the load', async () => {
    const { cache, read } = cacheWithCounter();
    await cache.through('slow', () => {
      clock.ms = 60;
      return Promise.resolve(-1);
    });
    clock.ms = 99;
    expect(await read('slow')).toBe(-1);
    clock.ms = 100;
    expect(await read('slow')).toBe(1);
  });

  test('forgets on demand', async () => {
    const { cache, read } = cacheWithCounter();
    await read('a');
    cache.forget('a');
    cache.forget('never seen');
    expect(await read('a')).toBe(2);
  });

  test('keeps no failures', async () => {
    const { cache, read } = cacheWithCounter();
    await expect(cache.through('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await read('a')).toBe(1);
  });

  test('keeps the newest entries', async () => {
    const { read, loads } = cacheWithCounter();
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await read(key);
    expect(loads).toEqual(['a', 'b', 'c', 'a']);
  });

  test('holds nothing that is over', async () => {
    const { cache, read } = cacheWithCounter();
    await read('a');
    clock.ms = 50;
    await read('b');
    expect(cache.size()).toBe(2);
    clock.ms = 120;
    // Without letting go of what is over: 2, as long as the cache is not full.
    cache.forget('b');
    await read('c');
    expect(cache.size()).toBe(1);
  });
});

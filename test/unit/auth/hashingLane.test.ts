import { expect, test } from '@jest/globals';
import { createLane, HashingBusy } from '../../../src/auth/hashingLane.ts';

/** Work that ends when it is told to. */
function createWork(lane: ReturnType<typeof createLane>) {
  const started: string[] = [];
  const finish = new Map<string, (error?: Error) => void>();
  const run = (name: string, signal?: AbortSignal): Promise<string> =>
    lane(() => {
      started.push(name);
      return new Promise((resolve, reject) => finish.set(name, (error) => (error ? reject(error) : resolve(name))));
    }, signal);
  return { started, finish, run };
}

test('runs as many as allowed, in order of arrival', async () => {
  const { started, finish, run } = createWork(createLane({ concurrency: 2, queueLimit: 2 }));
  const results = ['a', 'b', 'c', 'd'].map((name) => run(name));
  await expect(run('e')).rejects.toBeInstanceOf(HashingBusy);
  expect(started).toEqual(['a', 'b']);
  finish.get('b')!();
  await results[1];
  expect(started).toEqual(['a', 'b', 'c']);
  finish.get('a')!();
  await results[0];
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  finish.get('c')!();
  finish.get('d')!();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
});

test('work that fails frees its slot', async () => {
  const { finish, run } = createWork(createLane({ concurrency: 1, queueLimit: 1 }));
  const failing = run('a');
  const next = run('b');
  finish.get('a')!(new Error('out of memory'));
  await expect(failing).rejects.toThrow('out of memory');
  finish.get('b')!();
  expect(await next).toBe('b');
});

test('an aborted wait starts nothing and leaves the others in order', async () => {
  const { started, finish, run } = createWork(createLane({ concurrency: 1, queueLimit: 3 }));
  const leaver = new AbortController();
  const [first, leaving, last] = [run('a'), run('b', leaver.signal), run('c')];
  leaver.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  finish.get('a')!();
  await first;
  finish.get('c')!();
  expect(await last).toBe('c');
  expect(started).toEqual(['a', 'c']);
});

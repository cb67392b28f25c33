/** Long sources are read in a worker thread of the bundled server, so these tests bundle the import as the build does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type * as ImportModule from '../../../src/domains/databaseSchemas/import/index.ts';
import { runInWorker } from '../../../src/domains/databaseSchemas/import/runInWorker.ts';
import { sample } from './support.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = 'src/domains/databaseSchemas/import';
let out = '';
let bundled: typeof ImportModule;

beforeAll(async () => {
  // Inside of the project, so that the bundle finds node_modules.
  out = mkdtempSync(join(root, 'node_modules', '.schema-import-'));
  writeFileSync(join(out, 'package.json'), '{"type": "module"}');
  await build({
    absWorkingDir: root,
    entryPoints: { main: `${folder}/index.ts`, importWorker: `${folder}/worker.ts` },
    outdir: out,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    external: ['libpg-query'],
    logLevel: 'silent',
  });
  bundled = (await import(pathToFileURL(join(out, 'main.js')).href)) as typeof ImportModule;
}, 60_000);

afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Returns the longest time in ms that the event loop stood still while the work ran, and how long that took. */
async function longestPause(work: () => Promise<unknown>): Promise<{ longest: number; whole: number }> {
  const started = performance.now();
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  await work();
  clearInterval(timer);
  const now = performance.now();
  return { longest: Math.max(longest, now - last), whole: now - started };
}

const inserts = (megabytes: number) =>
  "INSERT INTO patients VALUES (1, 'some text that is not read');\n".repeat((megabytes * 1024 * 1024) / 64);

describe('in a worker thread', () => {
  test.each(['postgres', 'mysql', 'sqlite'] as const)(
    '%s: 3.5 MB do not stop the event loop',
    async (dialect) => {
      const source = `CREATE TABLE patients (id int PRIMARY KEY);\n${inserts(3.5)}`;
      const shares: number[] = [];
      // The best of three: a machine that stands still for a moment says nothing about the import.
      for (let round = 0; round < 3 && !(Math.min(...shares) < 0.5); round += 1) {
        let result: ImportModule.ImportResult | undefined;
        const { longest, whole } = await longestPause(async () => (result = await bundled.importSql({ source, dialect })));
        expect(result).toMatchObject({ ok: true, warnings: [{ code: 'DATA' }] });
        shares.push(longest / whole);
      }
      // Read in the same thread, the source holds it up the whole time.
      expect(Math.min(...shares)).toBeLessThan(0.5);
    },
    30_000,
  );

  test('the answer is that of the calling thread', async () => {
    const source = `${sample('shop.postgres.sql')}\n-- ${'x'.repeat(10_000)}`;
    const inThread = await bundled.importSql({ source: sample('shop.postgres.sql'), dialect: 'postgres' });
    expect(await bundled.importSql({ source, dialect: 'postgres' })).toEqual(inThread);
  });

  test('errors keep their place', async () => {
    const source = `-- ${'x'.repeat(10_000)}\nCREATE TABLE t (a int,, b int)`;
    expect(await bundled.importSql({ source, dialect: 'postgres' })).toMatchObject({ ok: false, line: 2, column: 23 });
  });

  test("nesting that overflows the parser's stack leaves the next import unharmed", async () => {
    const chain = `CREATE TABLE t (a int DEFAULT ${'- '.repeat(30_000)}1)`;
    for (let round = 0; round < 3; round += 1) {
      expect(await bundled.importSql({ source: chain, dialect: 'postgres' })).toMatchObject({
        ok: false,
        message: expect.stringContaining('nested'),
      });
      expect(await bundled.importSql({ source: 'CREATE TABLE t (a int)', dialect: 'postgres' })).toMatchObject({ ok: true });
    }
  }, 30_000);

  test('past the deadline the work stops with a clear answer', async () => {
    const task = { source: `CREATE TABLE t (a int);\n${inserts(3)}`, dialect: 'postgres' as const };
    const result = await runInWorker(task, { file: join(out, 'importWorker.js'), deadlineMs: 50 });
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('took more than 0.05 s') });
  });

  test('an abort stops the work and passes its reason on', async () => {
    const source = `CREATE TABLE t (a int);\n${inserts(3)}`;
    const controller = new AbortController();
    const reason = new Error('the client left');
    const pending = bundled.importSql({ source, dialect: 'mysql', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
    await expect(bundled.importSql({ source, dialect: 'mysql', signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('more imports than workers all get their answers', async () => {
    const source = `CREATE TABLE t (a int);\n${inserts(0.2)}`;
    const results = await Promise.all(Array.from({ length: 6 }, () => bundled.importSql({ source, dialect: 'sqlite' })));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true, true, true]);
  }, 30_000);

  test('a worker that cannot start is an error, not an answer', async () => {
    await expect(runInWorker({ source: '', dialect: 'mysql' }, { file: join(out, 'missing.js'), deadlineMs: 5000 })).rejects.toThrow(
      'The import worker failed.',
    );
  });
});

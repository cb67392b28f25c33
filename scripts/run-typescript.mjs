// Runs a program of the tests that is written in TypeScript: bundles it, imports it, and calls its `main(args, root)`, which returns
// the exit code. (Node 20 cannot run TypeScript.) The server is built first, because such programs start it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs the program at this path (relative to the project) with the arguments of the command line. */
export async function runTypescript(entry) {
  const server = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], { stdio: 'inherit' });
  if (server.status !== 0) process.exit(1);
  const { build } = await import('esbuild');
  // Below node_modules: ignored by every tool, and the packages are found from there. Three levels deep like the sources of the
  // tests, so that paths relative to a module (`../../../dist/main.js`) mean the same.
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const built = mkdtempSync(join(cache, 'snapinfra-run-'));
  process.on('exit', () => rmSync(built, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(built, 'program.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.setSourceMapsEnabled(true);
  const { main } = await import(pathToFileURL(join(built, 'program.mjs')).href);
  process.exitCode = await main(process.argv.slice(2), root);
}

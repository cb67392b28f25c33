// `npm run bench [-- options]`: builds the server, the benchmark and its peers, and runs the benchmark. See run.ts for the options.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Below node_modules: ignored by every tool, and the packages are found from there.
const cache = join(root, 'node_modules/.cache/snapinfra-bench');
mkdirSync(cache, { recursive: true });
const built = mkdtempSync(join(cache, 'built-'));
process.on('exit', () => rmSync(built, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const bench = join(root, 'test/bench');
const peers = ['apollo-naive', 'apollo-dataloader', 'mercurius', 'yoga', 'bare', 'rest'];
const entries = ['run.ts', 'proxyProcess.ts', ...peers.map((peer) => `peers/${peer}.ts`)];

// The SDK reminds of the end of its support for Node 20 at each start; this project pins it on purpose.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const server = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], { stdio: 'inherit' });
if (server.status !== 0) process.exit(1);

await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(entries.map((entry) => [basename(entry, '.ts'), join(bench, entry)])),
  outdir: built,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Peers run their packages as npm installs them, as such servers do.
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
// A copy, so that all processes of the run are of one build, whoever builds meanwhile.
cpSync(join(root, 'dist'), join(built, 'dist'), { recursive: true });
cpSync(join(root, 'schema'), join(built, 'schema'), { recursive: true });
copyFileSync(join(root, 'package.json'), join(built, 'package.json'));
process.setSourceMapsEnabled(true);
const { main } = await import(pathToFileURL(join(built, 'run.js')).href);
process.exitCode = await main({ args: process.argv.slice(2), root, cache, built });

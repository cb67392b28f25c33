// Builds the server (src/main.ts → dist/main.js with its lazily loaded chunks), the command line tools (src/cli/ → dist/admin.js,
// dist/demo.js) and the explorer page (→ dist/explorer/).
//   node scripts/build.mjs             builds
//   node scripts/build.mjs --if-stale  builds only when a source is newer than the last build (a few milliseconds when not)
//   node scripts/build.mjs --watch     builds and starts the server, again after every change
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const sources = ['src', 'schema', 'package-lock.json', 'tsconfig.json', 'scripts/build.mjs'];

/** Returns the newest modification time (ms) of a file, or of a folder and all that it holds; a folder's own time shows removals. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** True when there is no finished build, or a source changed after it began. An installation without src/ is never stale. */
function isStale() {
  if (!existsSync(join(root, 'src'))) return false;
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.some((source) => newest(join(root, source)) > built);
}

/** Leaves zod's messages in fifty other languages out: an eighth of the bundle, compiled at every start. */
const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';" }));
  },
};

/** Options of the server bundle. Packages with native code or a file of their own beside the code stay outside. */
const serverOptions = {
  absWorkingDir: root,
  // Worker threads, which read long SQL sources and generate code, need files of their own.
  entryPoints: {
    main: 'src/main.ts',
    importWorker: 'src/domains/databaseSchemas/import/worker.ts',
    generationWorker: 'src/domains/codeGenerations/jobs/worker.ts',
  },
  outdir: 'dist',
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
  // Half the text to compile at every start; names stay, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'silent',
  // ES modules first: they shake down to what is used. One form of each package only, see assertOneGraphql.
  mainFields: ['module', 'main'],
  plugins: [englishOnly],
  external: ['@node-rs/*', '@dynoxide/*', 'libpg-query'],
  // Node 20 is supported on purpose, and the SDK's version is pinned: its daily reminder of 2027 would greet every start.
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  // CommonJS packages inside an ES module bundle still call require for Node's own modules.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);" },
};

/** Options of the command line tools: one file each, so that the server's bundle stays as it is without them. */
const toolOptions = { ...serverOptions, entryPoints: { admin: 'src/cli/admin.ts', demo: 'src/cli/demo.ts' }, splitting: false };

/** Options of the explorer page: one script and one style sheet, fonts inside, nothing fetched from elsewhere. */
const explorerOptions = {
  absWorkingDir: root,
  entryPoints: { explorer: 'src/explorer/explorer.mjs' },
  outdir: 'dist/explorer',
  entryNames: '[name]-[hash]',
  bundle: true,
  write: false,
  metafile: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  minify: true,
  legalComments: 'linked',
  logLevel: 'silent',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff2': 'dataurl', '.woff': 'dataurl', '.svg': 'dataurl' },
};

/** Returns the packages that bundles load at run time, by name: what a production installation needs besides dist/. */
function externalPackages(metafiles) {
  const imports = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => output.imports));
  const names = imports
    .filter(({ path, external }) => external && !isBuiltin(path) && !path.startsWith('node:'))
    .map(({ path }) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return [...new Set(names)].sort();
}

/** Throws when a bundle holds two copies of graphql-js, whose objects do not know each other ("from another module or realm"). */
function assertOneGraphql(metafile) {
  const files = Object.keys(metafile.inputs).filter((path) => /node_modules\/graphql\//.test(path));
  const copies = new Set(
    files.map(
      (path) => `${path.slice(0, path.lastIndexOf('node_modules/graphql/'))}${path.endsWith('.mjs') ? ' (module)' : ' (CommonJS)'}`,
    ),
  );
  if (copies.size > 1) throw new Error(`the bundle holds ${copies.size} copies of graphql: ${[...copies].join(', ')}`);
}

/** Writes one file so that a reader sees the old or the new content, never a part; unchanged content is only touched. */
function writeAtomically(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && readFileSync(path).equals(contents)) {
    utimesSync(path, new Date(), new Date());
    return;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/** Removes what earlier builds left, after an hour: a server that still runs from an earlier build may yet load a chunk. */
function removeLeftovers(folder, written) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeLeftovers(path, written);
    else if (!written.has(path) && path !== stamp && Date.now() - statSync(path).mtimeMs > 3_600_000) rmSync(path, { force: true });
  }
}

/** Returns the page icon under a name with the hash of its content, like the files that esbuild names. */
function explorerIcon() {
  const contents = readFileSync(join(root, 'src/explorer/icon.svg'));
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase();
  return { path: join(dist, `explorer/icon-${hash}.svg`), contents };
}

/** Returns the explorer's page, which names the hashed script, style sheet and icon of this build. */
function explorerPage(outputFiles) {
  const name = (extension) => basename(outputFiles.find(({ path }) => path.endsWith(extension)).path);
  return readFileSync(join(root, 'src/explorer/index.html'), 'utf8')
    .replace('explorer.css', `/explorer/${name('.css')}`)
    .replace('explorer.js', `/explorer/${name('.js')}`)
    .replace('icon.svg', `/explorer/${name('.svg')}`);
}

/** Builds all bundles and writes them to dist/. Returns the file count and sizes; throws esbuild's error, with its messages. */
async function build() {
  const { build: bundle } = await import('esbuild');
  const begun = new Date();
  const [server, tools, explorer] = await Promise.all([serverOptions, toolOptions, explorerOptions].map((options) => bundle(options)));
  for (const { metafile } of [server, tools, explorer]) assertOneGraphql(metafile);
  const page = [...explorer.outputFiles, explorerIcon()];
  const files = new Map([...server.outputFiles, ...tools.outputFiles, ...page].map(({ path, contents }) => [path, Buffer.from(contents)]));
  files.set(join(dist, 'explorer/index.html'), Buffer.from(explorerPage(page)));
  // Read by scripts/stage-production.mjs, which makes the container image's content.
  files.set(join(dist, 'externals.json'), Buffer.from(`${JSON.stringify(externalPackages([server.metafile, tools.metafile]))}\n`));
  for (const [path, contents] of [...files]) {
    if (/explorer\/.*\.(js|css)$/.test(path)) files.set(`${path}.gz`, gzipSync(contents, { level: 9 }));
  }
  // The entry last: while it is the old one, its chunks are still there.
  const entry = join(dist, 'main.js');
  for (const [path, contents] of files) if (path !== entry) writeAtomically(path, contents);
  writeAtomically(entry, files.get(entry));
  writeFileSync(stamp, '');
  utimesSync(stamp, begun, begun);
  removeLeftovers(dist, new Set(files.keys()));
  return { files: files.size, bytes: files.get(entry).length };
}

/** Builds and prints one line; returns whether it succeeded. */
async function buildAndReport() {
  const started = performance.now();
  try {
    const { files, bytes } = await build();
    console.log(
      `built dist/ (${files} files, main.js ${Math.round(bytes / 1024)} KB) in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
    return true;
  } catch (error) {
    await reportFailure(error);
    return false;
  }
}

/** Prints why a build failed: esbuild's messages with their places, or what to install. */
async function reportFailure(error) {
  if (error.code === 'ERR_MODULE_NOT_FOUND') {
    console.error('build: esbuild is not installed; run `npm ci` (with development dependencies) first');
    return;
  }
  if (!error.errors) {
    console.error(`build: ${error.message}`);
    return;
  }
  const { formatMessages } = await import('esbuild');
  console.error((await formatMessages(error.errors, { kind: 'error', color: process.stderr.isTTY })).join(''));
}

/** Builds and runs the server until stopped; a change of a source builds again and, when that succeeds, restarts it. */
async function watch() {
  let server;
  const stop = () =>
    new Promise((resolve) => {
      if (!server || server.exitCode !== null || server.signalCode !== null) return resolve();
      server.once('exit', resolve);
      server.kill('SIGTERM');
    });
  const restart = async () => {
    if (!(await buildAndReport())) return;
    await stop();
    server = spawn(process.execPath, ['--enable-source-maps', join(dist, 'main.js')], { stdio: 'inherit' });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => void stop().then(() => process.exit(0)));
  }
  // Polling the times costs milliseconds and works on every file system; fs.watch does neither recursively on Linux with Node 20.
  for (let seen = -1; ; await new Promise((resolve) => setTimeout(resolve, 400))) {
    const now = Math.max(...sources.map((source) => newest(join(root, source))));
    if (now > seen) await restart();
    seen = now;
  }
}

const mode = process.argv[2];
if (mode === '--watch') await watch();
else if (mode === '--if-stale' && !isStale()) process.exitCode = 0;
else if (mode && mode !== '--if-stale') {
  console.error(`unknown option ${mode}; use: node ${relative(process.cwd(), fileURLToPath(import.meta.url))} [--if-stale | --watch]`);
  process.exitCode = 1;
} else if (!(await buildAndReport())) process.exitCode = 1;

// Copies what a production server needs into a folder, and nothing else: `node scripts/stage-production.mjs /srv/snapinfra`.
// That is dist/ (built before), the SDL, package.json for the version, and the few packages that the bundle loads at run time, with
// their own dependencies, from node_modules as the lock file made it. Installing all dependencies again would bring some 200 MB
// that is in the bundle already, and the embedded database, which production does not use. Start it there: node dist/main.js
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Returns the folder that `require(name)` finds from a package's folder, as Node looks for it, or null. */
function findPackage(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (basename(folder) !== 'node_modules' && existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder) || folder === resolve(root)) return null;
  }
}

/** Returns the folders of packages and of all that they depend on; an optional dependency only where it is installed. */
function closure(wanted) {
  const found = new Set();
  const visit = (name, { from, isOptional }) => {
    const folder = findPackage(name, from);
    if (folder === null && !isOptional) throw new Error(`${name} is not installed: run npm ci first`);
    if (folder === null || found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = readJson(join(folder, 'package.json'));
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
      visit(dependency, { from: folder, isOptional: dependency in optionalDependencies });
  };
  const { dependencies } = readJson(join(root, 'package.json'));
  // What a package of the bundle only tries to load, such as ws its native helpers, is no dependency of this one.
  for (const name of wanted) visit(name, { from: resolve(root), isOptional: !(name in dependencies) });
  return [...found].sort();
}

/** False for chunks of earlier builds, which stay in dist/ for an hour. */
function isCurrent(path) {
  const isBuilt = path.startsWith(join(root, 'dist', sep)) && !statSync(path).isDirectory();
  return !isBuilt || statSync(path).mtimeMs >= statSync(join(root, 'dist', '.built')).mtimeMs;
}

/** Copies everything; returns the names of the packages. */
function stage(target) {
  if (!existsSync(join(root, 'dist', 'externals.json'))) throw new Error('dist/ is not built: run npm run build first');
  mkdirSync(target, { recursive: true });
  if (readdirSync(target).length > 0) throw new Error(`${target} is not empty: name a folder that is empty or not there yet`);
  const folders = closure(readJson(join(root, 'dist', 'externals.json'))).map((folder) => relative(root, folder));
  for (const path of ['package.json', 'LICENSE', 'schema', 'dist', ...folders])
    cpSync(join(root, path), join(target, path), { recursive: true, filter: isCurrent });
  return folders.map((folder) => folder.split(`node_modules${sep}`).at(-1));
}

const target = process.argv[2];
try {
  if (target === undefined) throw new Error('say where to: node scripts/stage-production.mjs <folder>');
  console.log(`${target}: dist/, schema/ and ${stage(resolve(target)).join(', ')}`);
} catch (error) {
  console.error(`stage-production: ${error.message}`);
  process.exitCode = 1;
}

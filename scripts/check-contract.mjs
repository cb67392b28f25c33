// Holds schema.graphql, the contract that consumers generate clients from, against the SDL and against what was published
// before. Fails when the file is not what the SDL says, and when a breaking change is not announced: the changelog must
// name its coordinate (such as `Project.name`) under "Unreleased". What was published is the schema.graphql of the newest
// release tag (v*), before the first release the first one that was committed.
// Use: node scripts/check-contract.mjs [--base <git revision>]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, findBreakingChanges } from 'graphql';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = 'schema.graphql';

/** Returns what git prints, or null when it fails. */
function git(...args) {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 32 * 1024 * 1024,
    }).trim();
  } catch {
    return null;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Returns the revision whose contract was published last. */
function findBase() {
  const at = process.argv.indexOf('--base');
  if (at !== -1) return process.argv[at + 1];
  if (git('rev-parse', '--is-shallow-repository') === 'true') {
    fail(
      'The history of this clone is cut off, so nobody can tell what was published before. Fetch all of it: git fetch --unshallow --tags',
    );
  }
  const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v*');
  if (tag && git('cat-file', '-e', `${tag}:${file}`) !== null) return tag;
  return git('log', '--diff-filter=A', '--format=%H', '--', file)?.split('\n').at(-1) || null;
}

/** Returns the part of the changelog that tells what is not released yet. */
function unreleased() {
  const changelog = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  return /^## Unreleased$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(changelog)?.[1] ?? '';
}

/** Returns the first coordinate that the description of a change names: `Type.member`, or a type. */
function coordinateOf({ description }) {
  return /\b[A-Z]\w*\.\w+/.exec(description)?.[0] ?? /\b[A-Z]\w{2,}/.exec(description)?.[0] ?? description;
}

if (git('rev-parse', '--is-inside-work-tree') !== 'true') {
  console.log('not a git clone: what was published before is not known here, nothing to compare with');
  process.exit(0);
}
const changed = git('status', '--porcelain', '--', file);
if (changed) fail(`${file} is not what the SDL in schema/ says, or is not committed. Run \`npm run codegen\` and commit it.`);
const base = findBase();
if (!base) fail(`${file} was never committed. Run \`npm run codegen\` and commit it.`);
const before = git('show', `${base}:${file}`);
if (before === null) fail(`There is no ${file} in the revision ${base}.`);
const now = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const announced = unreleased();
const changes = findBreakingChanges(buildSchema(before), buildSchema(now));
const silent = changes.filter((change) => !announced.includes(`\`${coordinateOf(change)}`));
if (silent.length > 0) {
  const list = silent.map((change) => `  ${change.description} Announce \`${coordinateOf(change)}\`.`).join('\n');
  fail(`Breaking changes since ${base.slice(0, 12)} that CHANGELOG.md does not announce under "Unreleased":\n${list}`);
}
console.log(`${file} is what the SDL says; ${changes.length} breaking changes since ${base.slice(0, 12)}, all announced`);

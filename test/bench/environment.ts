/** Where and with what a run was made. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './results.ts';

const compared = ['graphql', '@apollo/server', 'mercurius', 'graphql-yoga', '@aws-sdk/lib-dynamodb', 'dataloader'];

function installedVersion(root: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** Returns the commit that was measured, with a word about changes that are not in it. */
function commitOf(root: string): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    const commit = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--', 'src', 'schema') === '' ? commit : `${commit} with uncommitted changes`;
  } catch {
    return 'unknown';
  }
}

/** Returns the facts about this machine, this commit and the packages. */
export function readEnvironment(root: string, { mode, database }: Pick<Environment, 'mode' | 'database'>): Omit<Environment, 'seconds'> {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    mode,
    commit: commitOf(root),
    processor: all[0]?.model.trim() || arch(),
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    database,
    versions: Object.fromEntries(compared.map((name) => [name, installedVersion(root, name)])),
  };
}

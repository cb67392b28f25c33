/** Writes the results as JSON, Markdown and SVG. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { chartOf, drawChart } from './chart.ts';
import { goalsOf } from './goals.ts';
import { markdownReport } from './report.ts';
import type { Results } from './results.ts';

/** Where results can go. */
export interface ResultFolders {
  readonly root: string;
  /** For results that are not for the repository. */
  readonly cache: string;
  /** Folder that was asked for; null for the usual ones. */
  readonly out: string | null;
}

/** Numbers are rounded to what the measurement can tell, so that a file's changes are worth reading. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

/** Only a full run replaces the results in the repository; the others go to the cache. */
function folderFor({ root, cache, out }: ResultFolders, mode: Results['environment']['mode']): string {
  if (out !== null) return resolve(out);
  return mode === 'full' ? join(root, 'test/bench/results') : join(cache, 'results');
}

/** Writes `latest.json`, `latest.md` and `latest.svg`, in the form that the formatter of the project wants; returns their paths. */
export async function writeResults(results: Results, folders: ResultFolders): Promise<string[]> {
  const folder = folderFor(folders, results.environment.mode);
  mkdirSync(folder, { recursive: true });
  const goals = goalsOf(results);
  const files = {
    'latest.json': JSON.stringify({ ...results, goals }, rounded),
    'latest.md': markdownReport(results, goals),
    'latest.svg': drawChart(chartOf(results)),
  };
  const written: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    const options = await resolveConfig(path);
    const text = name.endsWith('.svg') ? content : await format(content, { ...options, filepath: path });
    writeFileSync(path, text);
    written.push(path);
  }
  return written;
}

/** The dashboard as people run it: built, and served by Vite's preview, which passes requests on to the API. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../examples/dashboard', import.meta.url));
const environment = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };

/** Why the dashboard can not be built here; undefined when it can. */
export const missingDashboard = existsSync(join(folder, 'node_modules/vite'))
  ? undefined
  : 'examples/dashboard has no packages (run `npm ci` there)';

/** A served dashboard. */
export interface DashboardServer {
  readonly url: string;
  close(): Promise<void>;
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(folder, 'node_modules', program), ...args], {
    cwd: folder,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
}

async function finished(program: string, args: readonly string[]): Promise<void> {
  const { child, output } = run(program, args);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output()}`);
}

/** Builds the dashboard as it is now into a temporary folder, and serves it beside the API at `api`. */
export async function startDashboard(api: string): Promise<DashboardServer> {
  const built = mkdtempSync(join(tmpdir(), 'snapinfra-dashboard-'));
  await finished('@graphql-codegen/cli/esm/bin.js', ['--config', 'codegen.ts']);
  await finished('vite/bin/vite.js', ['build', '--outDir', built, '--emptyOutDir', '--logLevel', 'error']);
  const args = ['preview', '--outDir', built, '--port', '0', '--host', '127.0.0.1'];
  const { child, output } = run('vite/bin/vite.js', args, { SNAPINFRA_API: api, NO_COLOR: '1' });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output());
      if (found) resolve(found[0]);
    });
    child.on('close', () => reject(new Error(`vite preview ended:\n${output()}`)));
  });
  return {
    url,
    async close() {
      const ended = once(child, 'close');
      child.kill();
      await ended;
      rmSync(built, { recursive: true, force: true });
    },
  };
}

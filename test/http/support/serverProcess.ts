/** The built server as a process of its own, as `npm start` runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the server. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it accepts requests; rejects with its output when it ends before. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Ended>;
  stdout(): string;
  signal(signal: NodeJS.Signals): void;
  /** Sends an operation and returns its data; throws on errors. */
  run<T>(query: string, headers?: Record<string, string>): Promise<T>;
}

/** Returns a port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Returns a new data directory and its removal. */
export function temporaryDataDir(): { dataDir: string; remove: () => void } {
  const dataDir = mkdtempSync(join(tmpdir(), 'snapinfra-http-'));
  return { dataDir, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** Starts the server with these variables and none of this process's own, except what finds programs. */
export function startServerProcess(env: Record<string, string> & { PORT: string }): ServerProcess {
  if (!existsSync(entry)) throw new Error('dist/main.js is missing: run `npm run build`, or the tests through `npm test`');
  // eslint-disable-next-line no-restricted-properties -- the process needs what finds programs, and nothing else of this one's
  const { PATH = '', DYNOXIDE_BIN = '' } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', entry], {
    env: { PATH, DYNOXIDE_BIN, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => /is ready|"msg":"ready"/.test(stdout) && resolve());
    void ended.then((end) => reject(new Error(`the server ended: ${JSON.stringify(end)}`)));
  });
  // Tests of failing starts wait for the end only.
  ready.catch(() => undefined);
  const url = `http://127.0.0.1:${env.PORT}`;
  return {
    url,
    pid: child.pid ?? 0,
    ready,
    ended,
    stdout: () => stdout,
    signal: (signal) => void child.kill(signal),
    async run<T>(query: string, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
      const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    },
  };
}

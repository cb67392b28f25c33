/** A Redis of a test's own, which it may kill, stop and start again. */
import { describe, test } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { Redis } from 'ioredis';

/** A Redis without persistence, on a port that stays the same. */
export interface RedisServer {
  readonly url: string;
  /** Starts it again after `kill`, empty. */
  start(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Makes it hang: it accepts connections, or rather the kernel does, and answers nothing. */
  pause(): void;
  resume(): void;
  keys(): Promise<string[]>;
}

/** How the tests that need Redis get it. */
const howToInstall = 'install it (Debian: apt-get install -y redis-server)';

function isInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).error === undefined;
}

/** Describes tests that need redis-server: skipped where it is missing, unless SNAPINFRA_TEST_REDIS=required, as `.ci/run` says. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (isInstalled()) describe(name, tests);
  else if (process.env['SNAPINFRA_TEST_REDIS'] === 'required') {
    test(`${name}: redis-server is there`, () => {
      throw new Error(`redis-server is missing: ${howToInstall}`);
    });
  } else {
    process.stderr.write(`Tests of ${name} are skipped: redis-server is missing, ${howToInstall}\n`);
    describe.skip(name, tests);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilReady(output: Readable): Promise<void> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    if (text.includes('Ready to accept connections')) break;
  }
  if (!text.includes('Ready')) throw new Error(`redis-server did not start: ${text}`);
}

/** Starts a Redis; kill it after the test. `password` makes it ask for one. */
export async function startRedisServer({ password }: { password?: string } = {}): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const url = `redis://127.0.0.1:${port}`;
  const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: tmpdir(), ...(password && { requirepass: password }) };

  async function start(): Promise<void> {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    if (!child.stdout) throw new Error('no output');
    await untilReady(child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false }) as unknown as Readable);
    child.stdout.resume();
  }

  await start();
  return {
    url,
    start,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async keys() {
      const redis = new Redis(url);
      try {
        return (await redis.keys('*')).sort();
      } finally {
        redis.disconnect();
      }
    },
  };
}

/** What the Dockerfile puts into the image: there is no container runtime in the tests, so its parts are held against the project. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../http/support/serverProcess.ts';
import { testDatabase } from '../support/database.ts';

// A process starts on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dockerfile = read('Dockerfile');
const instructions = dockerfile
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));

/** Sources of the COPY instructions that read the build context. */
const sources = instructions
  .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  .flatMap((line) => line.split(/\s+/).slice(1, -1));

describe('the Dockerfile', () => {
  test.each(sources)('copies %s, which exists and is in the build context', (source) => {
    expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    expect(read('.dockerignore').split('\n')).toContain(`!${source}`);
  });

  test('the build context has nothing that is not copied', () => {
    const context = read('.dockerignore').match(/^!.+$/gm) ?? [];
    expect(context.map((line) => line.slice(1)).sort()).toEqual([...sources].sort());
  });

  test('names every base image by an exact version', () => {
    const images = [...dockerfile.matchAll(/^ARG NODE_IMAGE=(.+)$|^FROM (?!\$\{NODE_IMAGE\})(\S+)/gm)].map(([, arg, from]) => arg ?? from);
    expect(images).toEqual([expect.stringMatching(/^node:\d+\.\d+\.\d+-bookworm-slim$/)]);
  });

  test('ends as a user without rights, with a command that gets the signals itself', () => {
    const stage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
    expect(stage.filter((line) => line.startsWith('USER '))).toEqual(['USER 1000:1000']);
    expect(stage.filter((line) => /^(ENTRYPOINT|CMD) /.test(line))).toEqual([
      'ENTRYPOINT ["node", "--enable-source-maps"]',
      'CMD ["dist/main.js"]',
    ]);
  });
});

describe('the content of the image', () => {
  let target: string;
  beforeAll(() => {
    target = mkdtempSync(join(tmpdir(), 'snapinfra-image-'));
    const staged = spawnSync(process.execPath, [join(root, 'scripts/stage-production.mjs'), target], { encoding: 'utf8' });
    expect([staged.status, staged.stderr]).toEqual([0, '']);
  });
  afterAll(() => rmSync(target, { recursive: true, force: true }));

  /** The installed packages, without those for a platform. */
  function packages(): string[] {
    const folder = join(target, 'node_modules');
    const names = readdirSync(folder).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
    );
    return names.filter((name) => !/-(linux|darwin|win32)-/.test(name)).sort();
  }

  test('has the packages that the bundle loads, with their own dependencies, and no other', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const loaded = (JSON.parse(read('dist/externals.json')) as string[]).filter((name) => name in dependencies);
    const needed = new Set<string>();
    const add = (name: string): void => {
      if (needed.has(name)) return;
      needed.add(name);
      const manifest = JSON.parse(read(`node_modules/${name}/package.json`)) as { dependencies?: Record<string, string> };
      Object.keys(manifest.dependencies ?? {}).forEach(add);
    };
    loaded.forEach(add);
    expect(loaded).toEqual(expect.arrayContaining(['@node-rs/argon2', '@node-rs/bcrypt', 'libpg-query']));
    expect(packages()).toEqual([...needed].sort());
  });

  test('has no source, no test and no embedded database', () => {
    expect(readdirSync(target).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json', 'schema']);
    expect(packages().filter((name) => name.startsWith('@dynoxide'))).toEqual([]);
  });

  test('reads a PostgreSQL schema, for which a package brings a file of its own', () => {
    const script = "const { parse } = await import('libpg-query'); console.log((await parse('create table a (b int)')).stmts.length)";
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: target, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['1\n', '']);
  });

  test('is a server that starts in production, is ready, hashes a password, and stops', async () => {
    const { endpoint, prefix } = await testDatabase();
    const port = await freePort();
    const env = {
      ...{ NODE_ENV: 'production', PORT: String(port), HOST: '127.0.0.1', SHUTDOWN_DELAY_MS: '0', DATA_DIR: '/proc/none' },
      ...{ DYNAMODB_ENDPOINT: endpoint, DYNAMODB_TABLE_PREFIX: prefix, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      ...{ JWT_SECRET: 'k3Vd0Zq8Yw1Lm5Tn7Rb2Xc9Pf4Hg6Js0', ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') },
    };
    const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], { cwd: target, env });
    let output = '';
    const ended = once(child, 'close');
    const ready = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('"msg":"ready"')) resolve();
      });
    });
    try {
      await Promise.race([ready, ended.then(() => Promise.reject(new Error(output)))]);
      // The very command of the image's health check.
      const [, check = '[]'] = /HEALTHCHECK[^\n]*CMD (\[.*\])/.exec(dockerfile.replace(/\\\n/g, ' ')) ?? [];
      const [program, ...args] = JSON.parse(check) as string[];
      expect(program).toBe('node');
      const health = spawn(process.execPath, args, { env: { PORT: String(port) } });
      expect(await once(health, 'close')).toEqual([0, null]);
      const query = `mutation { signUp(input: { email: "image@example.com", password: "correct horse battery", username: "Ada" }) { user { username } } }`;
      const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      expect(await answer.json()).toMatchObject({ data: { signUp: { user: { username: 'Ada' } } } });
      child.kill('SIGTERM');
      expect([await ended, output.includes('"msg":"stopped"')]).toEqual([[0, null], true]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

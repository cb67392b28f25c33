/** The embedded database under kill -9, crashes and second servers. The processes are real ones. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BatchGetItemCommand, CreateTableCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { build } from 'esbuild';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTableInput } from '../../src/data/createTableInput.ts';
import { EmbeddedDatabaseError, startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/data/embedded.ts';
import { findEmulator } from '../../src/data/embedded/binary.ts';
import { lockDataDir } from '../../src/data/embedded/dataDirLock.ts';
import { identifyProcess, isAlive } from '../../src/data/embedded/processIdentity.ts';
import { testClient, testEmulator } from '../support/database.ts';

// Each start is a process of its own, and a busy machine takes its time.
jest.setTimeout(60_000);

type Kind = 'sh' | 'node';

const emulator = testEmulator();
const table = 'users';
const tableName = 'k-users';
let folder: string;
let dataDir: string;
let program: string;
let servers: ChildProcess[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'snapinfra-embedded-'));
  program = join(folder, 'embeddedServer.mjs');
  await build({
    entryPoints: ['test/support/embeddedServer.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});

beforeEach(() => {
  dataDir = mkdtempSync(join(folder, 'data-'));
  servers = [];
});

afterEach(() => {
  for (const server of servers) server.kill('SIGKILL');
  for (const { pid } of processesOn(dataDir)) kill(pid);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Server {
  process: ChildProcess;
  endpoint: string;
}

/** Starts a server process; resolves with its endpoint, or rejects with what it wrote on stderr. */
async function startServer(kind: Kind = 'sh'): Promise<Server> {
  const server = spawn(process.execPath, [program, dataDir, emulator, kind], { stdio: ['ignore', 'pipe', 'pipe'] });
  servers.push(server);
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const line = once(server.stdout.setEncoding('utf8'), 'data').then(([text]) => text as string);
  const first = await Promise.race([line, once(server, 'close').then(() => null)]);
  if (first === null) throw new Error(said.trim());
  return { process: server, ...(JSON.parse(first) as { endpoint: string }) };
}

/** The processes with this directory in their command line that are no servers of this test: emulators and their supervisors. */
function processesOn(directory: string): { pid: number; executable: string | undefined }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(directory) && !line.includes(program))
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, executable]) => ({ pid: Number(pid), executable }));
}

/** The emulators alone, without their supervisors. */
function emulatorsOn(directory: string): number[] {
  return processesOn(directory).flatMap(({ pid, executable }) => (executable === emulator ? [pid] : []));
}

/** Kills a process that may just be gone. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parentOf(pid: number | undefined): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}

/** Resolves when no process works on the directory any more; a process that stays fails the test by its time limit. */
async function nobodyWorksOn(directory: string): Promise<void> {
  while (processesOn(directory).length > 0) await sleep(20);
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(new CreateTableCommand({ ...createTableInput(table, 'k-'), TableName: tableName }));
}

interface Writing {
  /** Ids of the rows whose writes were acknowledged. */
  acknowledged: string[];
  /** Resolves when a hundred writes were acknowledged and more are under way. */
  isBusy: Promise<void>;
  done: Promise<unknown>;
}

/** Writes rows from several sides at once until the database is gone. */
function writeUntilGone(client: DynamoDBClient, prefix: string): Writing {
  const acknowledged: string[] = [];
  let busy = (): void => undefined;
  const isBusy = new Promise<void>((resolve) => (busy = resolve));
  const writer = async (side: number): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const id = `${prefix}-${side}-${count}`;
      try {
        await client.send(new PutItemCommand({ TableName: tableName, Item: { id: { S: id }, email: { S: `${id}@example.org` } } }));
      } catch {
        return;
      }
      acknowledged.push(id);
      if (acknowledged.length >= 100) busy();
    }
  };
  return { acknowledged, isBusy, done: Promise.all([1, 2, 3, 4].map(writer)) };
}

async function missingRows(client: DynamoDBClient, ids: readonly string[]): Promise<string[]> {
  const found = new Set<string | undefined>();
  for (let offset = 0; offset < ids.length; offset += 100) {
    const Keys = ids.slice(offset, offset + 100).map((id) => ({ id: { S: id } }));
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys } } }));
    expect(UnprocessedKeys ?? {}).toEqual({});
    for (const item of Responses?.[tableName] ?? []) found.add(item['id']?.S);
  }
  return ids.filter((id) => !found.has(id));
}

describe('kill -9', () => {
  const kinds: Kind[] = ['sh', 'node'];

  it.each(kinds)('of the server leaves no process behind and every acknowledged write in place (supervisor: %s)', async (kind) => {
    const first = await startServer(kind);
    const client = testClient(first.endpoint);
    await createTable(client);
    const { acknowledged, isBusy, done } = writeUntilGone(client, 'a');
    await isBusy;
    expect(emulatorsOn(dataDir)).toHaveLength(1);
    first.process.kill('SIGKILL');
    await nobodyWorksOn(dataDir);
    await done;
    client.destroy();

    const second = await startServer(kind);
    const reader = testClient(second.endpoint);
    expect(await missingRows(reader, acknowledged)).toEqual([]);
    reader.destroy();
  });

  it('of server, supervisor and emulator at once loses no acknowledged write, three times in a row', async () => {
    const acknowledged: string[] = [];
    for (const round of ['r1', 'r2', 'r3']) {
      const server = await startServer();
      const client = testClient(server.endpoint);
      if (round === 'r1') await createTable(client);
      const writing = writeUntilGone(client, round);
      await writing.isBusy;
      const others = processesOn(dataDir).map(({ pid }) => pid);
      expect(others.length).toBeGreaterThanOrEqual(2);
      for (const pid of [server.process.pid!, ...others]) kill(pid);
      await writing.done;
      client.destroy();
      acknowledged.push(...writing.acknowledged);
    }
    const reader = testClient((await startServer()).endpoint);
    expect(await missingRows(reader, acknowledged)).toEqual([]);
    reader.destroy();
  });

  it('of the server and its supervisor still ends the emulator', async () => {
    const server = await startServer('sh');
    const [emulatorPid] = emulatorsOn(dataDir);
    const supervisor = parentOf(emulatorPid);
    expect(supervisor).not.toBe(server.process.pid);
    kill(supervisor);
    server.process.kill('SIGKILL');
    await nobodyWorksOn(dataDir);
  });

  it.each(kinds)('of the emulator is reported in one line with exit code 1 (supervisor: %s)', async (kind) => {
    const { process: server } = await startServer(kind);
    let said = '';
    server.stderr?.on('data', (text: string) => (said += text));
    kill(emulatorsOn(dataDir)[0]!);
    expect(await once(server, 'close')).toEqual([1, null]);
    expect(said).toMatch(/^The embedded database ended unexpectedly \(signal 9\)[^\n]*\n$/);
    expect(readdirSync(dataDir).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it.each(kinds)('of the supervisor alone ends the emulator and is reported (supervisor: %s)', async (kind) => {
    const { process: server } = await startServer(kind);
    kill(parentOf(emulatorsOn(dataDir)[0]));
    expect(await once(server, 'close')).toEqual([1, null]);
    expect(emulatorsOn(dataDir)).toEqual([]);
  });
});

describe('one data directory', () => {
  it('serves one server; the second is told who has it, and the first goes on', async () => {
    const first = await startServer();
    await expect(startServer()).rejects.toThrow(
      `The data directory ${dataDir} is in use by another server, process ${first.process.pid ?? 0}: stop that one`,
    );
    const client = testClient(first.endpoint);
    await createTable(client);
    client.destroy();
  });

  it('goes to exactly one of six servers that start at once', async () => {
    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => startServer()));
    const started = starts.filter((start) => start.status === 'fulfilled');
    const reasons = starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []));
    expect(started).toHaveLength(1);
    expect(emulatorsOn(dataDir)).toHaveLength(1);
    for (const reason of reasons) expect(reason).toContain(`process ${started[0]?.value.process.pid ?? 0}`);
  });

  it('is free again after SIGTERM, with the data still there', async () => {
    const first = await startServer();
    const client = testClient(first.endpoint);
    await createTable(client);
    await client.send(new PutItemCommand({ TableName: tableName, Item: { id: { S: 'kept' } } }));
    client.destroy();
    first.process.kill('SIGTERM');
    expect(await once(first.process, 'close')).toEqual([0, null]);
    expect(readdirSync(dataDir).filter((name) => name.includes('.lock'))).toEqual([]);
    const reader = testClient((await startServer()).endpoint);
    expect(await missingRows(reader, ['kept'])).toEqual([]);
    reader.destroy();
  });

  const writeLock = (content: object): void => writeFileSync(join(dataDir, 'server-1-abc.lock'), JSON.stringify(content));
  const self = identifyProcess(process.pid)!;

  it.each([
    ['whose number nobody has', { pid: 2 ** 22 + 1, started: 'before' }],
    ['whose number another process has now', { pid: process.pid, started: 'before' }],
  ])('is taken over from a server %s', async (_, server) => {
    writeLock({ host: hostname(), server, children: [] });
    const lock = await lockDataDir(dataDir);
    expect(readdirSync(dataDir)).toEqual([expect.stringMatching(`^server-${process.pid}-`)]);
    lock.release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is not taken from a server that runs', async () => {
    writeLock({ host: hostname(), server: self, children: [] });
    await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${process.pid}`);
    expect(readdirSync(dataDir)).toEqual(['server-1-abc.lock']);
  });

  it.each([
    ['of another machine', { host: 'elsewhere', server: self, children: [] }, 'on the machine or in the container elsewhere'],
    ['that cannot be read', 'no object', 'delete the file'],
  ])('is not taken by guessing from a lock %s', async (_, content, words) => {
    if (typeof content === 'string') writeFileSync(join(dataDir, 'server-1-abc.lock'), content);
    else writeLock(content);
    const refused = lockDataDir(dataDir);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.toThrow(join(dataDir, 'server-1-abc.lock'));
  });

  it('that cannot be created is named', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    const refused = lockDataDir(join(dataDir, 'file', 'data'));
    await expect(refused).rejects.toThrow(EmbeddedDatabaseError);
    await expect(refused).rejects.toThrow(`The data directory ${join(dataDir, 'file', 'data')} cannot be used`);
  });

  it('has its emulator in a process group of its own, so that Ctrl-C reaches the server alone', async () => {
    const server = await startServer();
    const [pid] = emulatorsOn(dataDir);
    const groupOf = (one: number): string => execFileSync('ps', ['-o', 'pgid=', '-p', String(one)], { encoding: 'utf8' }).trim();
    expect(groupOf(pid!)).not.toBe(groupOf(server.process.pid!));
  });

  it('is taken only when the emulator of a killed server has ended, which is seen to', async () => {
    const leftOver = spawn('sleep', ['60'], { stdio: 'ignore' });
    const identity = identifyProcess(leftOver.pid!)!;
    writeLock({ host: hostname(), server: { pid: 2 ** 22 + 1, started: 'before' }, children: [identity] });
    const lock = await lockDataDir(dataDir);
    expect(isAlive(identity)).toBe(false);
    lock.release();
  });
});

describe('startEmbeddedDatabase', () => {
  let database: EmbeddedDatabase | undefined;
  afterEach(() => database?.stop());

  /** An executable that does `before` and then becomes the emulator. */
  function wrapper(before: string): string {
    const path = join(dataDir, 'wrapper.sh');
    writeFileSync(path, `#!/bin/sh\n${before}\nexec '${emulator}' "$@"\n`, { mode: 0o755 });
    return path;
  }

  it('keeps nothing in memory mode, and can be stopped twice', async () => {
    database = await startEmbeddedDatabase({ dataDir: 'memory', bin: emulator });
    const client = testClient(database.endpoint);
    await createTable(client);
    client.destroy();
    await database.stop();
    await database.stop();
    expect(await database.exited).toBeNull();
    expect(readdirSync('.')).not.toContain('memory');
  });

  it('tries another port when the first is taken', async () => {
    const bin = wrapper(`[ -e '${dataDir}/tried' ] || { touch '${dataDir}/tried'; echo "error: port 1 is already in use" >&2; exit 1; }`);
    database = await startEmbeddedDatabase({ dataDir, bin });
    const client = testClient(database.endpoint);
    await createTable(client);
    client.destroy();
  });

  it('gives the emulator nothing of the environment', async () => {
    const lines: string[] = [];
    database = await startEmbeddedDatabase({ dataDir: 'memory', bin: wrapper('env >&2'), log: (line) => lines.push(line) });
    const names = lines.map((line) => line.split('=')[0]);
    expect(names).toContain('PWD');
    expect(names.filter((name) => name === 'PATH' || name?.startsWith('SNAPINFRA') || name?.startsWith('JEST'))).toEqual([]);
  });

  it.each([
    ['says why', 'echo "error: the file is not a database" >&2; exit 1', 'did not start: error: the file is not a database'],
    ['is silent', 'exit 3', 'did not start: exit code 3'],
  ])('rejects and frees the directory when the emulator %s and ends', async (_, before, words) => {
    await expect(startEmbeddedDatabase({ dataDir, bin: wrapper(before) })).rejects.toThrow(words);
    expect(readdirSync(dataDir)).toEqual(['wrapper.sh']);
  });

  it.each([
    ['the package is missing', { platform: 'plan9', arch: 'mips' }, '@dynoxide/plan9-mips'],
    ['DYNOXIDE_BIN is wrong', { bin: '/nowhere/dynoxide' }, 'DYNOXIDE_BIN is /nowhere/dynoxide'],
    ['DYNOXIDE_BIN is not executable', { bin: 'package.json' }, 'DYNOXIDE_BIN is package.json'],
  ])('says what to do when %s', (_, search, words) => {
    const find = () => findEmulator(search);
    expect(find).toThrow(EmbeddedDatabaseError);
    expect(find).toThrow(words);
    expect(find).toThrow('docker run -p 8000:8000 amazon/dynamodb-local');
    expect(find).toThrow('DYNAMODB_ENDPOINT');
  });
});

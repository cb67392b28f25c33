/** What all measurements share: the tables, the owners, the proxy, the settings. */
import type { Contestant } from './contestants.ts';
import type { Identity, PageClient } from './pageClient.ts';
import { openClient } from './pageClient.ts';
import type { Proxy } from './proxy.ts';
import type { Owner } from './seed.ts';
import { startServer, type Folders, type ServerProcess, type Tables } from './serverProcess.ts';

/** Prefix of the benchmark's tables. */
export const tablePrefix = 'bench-';

/** How long and how often things are measured. */
export interface Settings {
  readonly rounds: number;
  /** Milliseconds with one request at a time, and with 16, in each round. */
  readonly singleMs: number;
  readonly manyMs: number;
  /**
   * CPU time that each server may spend on a task before it is measured, in milliseconds, or so many requests: V8 compiles
   * what runs often, and a server that needs few calls for a page would else be measured before that.
   */
  readonly warmUpCpuMs: number;
  readonly warmUpRequests: number;
  readonly startRounds: number;
  readonly growth: readonly number[];
  /** How many rows the larger of two counted projects has. */
  readonly manyRows: number;
}

/** Owners by what they are for. */
export type OwnerName = 'page' | 'bursts' | 'writer' | 'fewRows' | 'manyRows' | 'generations' | `projects${number}`;

/** A run of the benchmark. */
export interface Session {
  readonly folders: Folders;
  readonly tables: Tables;
  readonly proxy: Proxy;
  /** Number of the database's process; null where it cannot be found. */
  readonly databasePid: number | null;
  readonly settings: Settings;
  readonly contestants: readonly Contestant[];
  owner(name: OwnerName): Owner;
  /** Tells the person who waits what is being done. */
  progress(line: string): void;
}

/** Starts a server on the tables, directly or through the proxy, and waits until it answers something that needs no table. */
export async function startContestant(
  session: Session,
  contestant: Contestant,
  { viaProxy }: { viaProxy: boolean },
): Promise<ServerProcess> {
  const tables = viaProxy ? { ...session.tables, endpoint: session.proxy.endpoint } : session.tables;
  return startServer({ contestant, folders: session.folders, tables, probe: probeWithoutTables(contestant) });
}

/** Starts all contestants, one after the other. Stops what was started when one does not start. */
export async function startAll(session: Session, where: { viaProxy: boolean }): Promise<ServerProcess[]> {
  const servers: ServerProcess[] = [];
  try {
    for (const contestant of session.contestants) servers.push(await startContestant(session, contestant, where));
  } catch (error) {
    await stopAll(servers);
    throw error;
  }
  return servers;
}

/** Stops servers and waits for their end. */
export async function stopAll(servers: readonly ServerProcess[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

function probeWithoutTables(contestant: Contestant): (url: string) => Promise<unknown> {
  // Any answer of the two servers without GraphQL tells that they listen.
  if (contestant === 'bare' || contestant === 'rest') return (url) => fetch(`${url}/ready`).then((answer) => answer.text());
  return (url) => withClients({ contestant, url }, 1, ([client]) => client?.perform({ page: 'typename' }) ?? Promise.resolve(''));
}

/** Lends clients of a server; closes them afterwards. */
export async function withClients<T>(
  { contestant, url, identity }: { contestant: Contestant; url: string; identity?: Identity },
  count: number,
  use: (clients: readonly PageClient[]) => Promise<T>,
): Promise<T> {
  const clients = Array.from({ length: count }, () => openClient({ contestant, url, identity }));
  try {
    return await use(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

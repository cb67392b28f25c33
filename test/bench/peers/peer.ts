/** What every peer does at its start, and how it knows who asks. */
import type { IncomingHttpHeaders } from 'node:http';
import { openStore, type Store } from './store.ts';

/** Where a peer listens and where its tables are; the benchmark passes them as JSON in the first argument. */
export interface PeerOptions {
  readonly port: number;
  readonly endpoint: string;
  readonly prefix: string;
}

/** Address that the peers listen on. */
export const host = '127.0.0.1';

/** Reads the options of this process and opens the tables. Throws for a process that was not started by the benchmark. */
export function startPeer(): PeerOptions & { store: Store } {
  const [options] = process.argv.slice(2);
  if (options === undefined) throw new Error('a peer is started by `npm run bench`, with its port, endpoint and table prefix as JSON');
  const parsed = JSON.parse(options) as PeerOptions;
  return { ...parsed, store: openStore(parsed) };
}

/** Returns who asks. Nothing is verified: the peers take the header's word, which costs them nothing. */
export function userIdOf(headers: IncomingHttpHeaders): string {
  return String(headers['x-user-id'] ?? '');
}

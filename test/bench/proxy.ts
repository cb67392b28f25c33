/** The benchmark's side of the database proxy. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RecordedCall } from '../support/databaseProxy.ts';

/** What the proxy's process is told. */
export type ProxyCommand = { readonly kind: 'configure'; readonly delayMs: number; readonly record: boolean } | { readonly kind: 'take' };

/** A database proxy in another process. */
export interface Proxy {
  readonly endpoint: string;
  /** Holds every call back from now on, and records it or does not. */
  configure(settings: { delayMs: number; record: boolean }): Promise<void>;
  /** Returns what was recorded since the last time. */
  take(): Promise<RecordedCall[]>;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a database. */
export async function startProxy(built: string, target: string): Promise<Proxy> {
  const child = fork(join(built, 'proxyProcess.js'), [target], { env: {} });
  const [endpoint] = (await once(child, 'message')) as [string];
  const ask = async (command: ProxyCommand): Promise<unknown> => {
    const answered = once(child, 'message');
    child.send(command);
    const [answer] = (await answered) as [unknown];
    return answer;
  };
  return {
    endpoint,
    configure: async (settings) => {
      await ask({ kind: 'configure', ...settings });
    },
    take: async () => (await ask({ kind: 'take' })) as RecordedCall[],
    stop: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

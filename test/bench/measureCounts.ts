/** Counting DynamoDB calls: how many, how deep, at what price. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedCall } from '../support/databaseProxy.ts';
import type { PageCall } from './pages.ts';
import type { PageClient } from './pageClient.ts';
import type { Proxy } from './proxy.ts';
import type { Counts } from './results.ts';
import { tablePrefix } from './session.ts';
import { depthOf, tally } from './statistics.ts';

/**
 * While calls are counted each takes this long, so that calls that wait for none of the others overlap, however long the
 * server's one thread takes to send them: what begins after another's end has waited for it.
 */
const holdMs = 250;
/** A server that has made no call for so long does nothing in the background; its start has some to do. */
const quietMs = 1_000;
const warmUps = 2;

/** Calls that a server makes after its answer, if any, belong to the request. */
const settleMs = 20;

/** Returns what a call read, such as `Query schemas.UserIdIndex`, without the prefix of the tables. */
function targetOf({ operation, table, index }: RecordedCall): string {
  const name = table?.replace(tablePrefix, '');
  return [operation, ...(name === undefined ? [] : [index === null ? name : `${name}.${index}`])].join(' ');
}

const isWrite = ({ operation }: RecordedCall): boolean => /Write|Put|Update|Delete/.test(operation);

/** Returns what recorded calls amount to. */
export function countsOf(calls: readonly RecordedCall[]): Counts {
  const units = (some: readonly RecordedCall[]): number => some.reduce((sum, call) => sum + call.units, 0);
  return {
    calls: calls.length,
    depth: depthOf(calls),
    readUnits: units(calls.filter((call) => !isWrite(call))),
    writeUnits: units(calls.filter(isWrite)),
    bytes: calls.reduce((sum, { bytes }) => sum + bytes, 0),
    operations: tally(calls.map(({ operation }) => operation)),
    targets: tally(calls.map(targetOf)),
  };
}

/** Waits until the server does nothing in the background. */
async function waitForQuiet(proxy: Proxy): Promise<void> {
  for (let rounds = 0; rounds < 15; rounds += 1) {
    await proxy.take();
    await sleep(quietMs);
    if ((await proxy.take()).length === 0) return;
  }
}

async function countOnce(proxy: Proxy, client: PageClient, call: PageCall): Promise<Counts> {
  await proxy.configure({ delayMs: holdMs, record: true });
  await proxy.take();
  await client.perform(call);
  await sleep(settleMs);
  const counts = countsOf(await proxy.take());
  await proxy.configure({ delayMs: 0, record: false });
  return counts;
}

/**
 * Counts the calls of one request of a server that has never been asked for this owner's projects. The check of the session,
 * which a server makes every 30 seconds, is not among them.
 */
export async function countFirst(proxy: Proxy, client: PageClient, call: PageCall): Promise<Counts> {
  // Without a delay: a call that is held back would not be seen before it is over.
  await proxy.configure({ delayMs: 0, record: true });
  await waitForQuiet(proxy);
  await client.perform({ page: 'viewer' });
  return countOnce(proxy, client, call);
}

/** Counts the calls of a request after some like it; of several counts the smallest is taken, because background work can only add. */
export async function countKnown(proxy: Proxy, client: PageClient, call: PageCall, { times }: { times: number }): Promise<Counts> {
  for (let i = 0; i < warmUps; i += 1) await client.perform(call);
  let smallest = await countOnce(proxy, client, call);
  for (let i = 1; i < times; i += 1) {
    const counts = await countOnce(proxy, client, call);
    if (counts.calls < smallest.calls) smallest = counts;
  }
  return smallest;
}

/** What DynamoDB and the network do to calls on a bad day, for the proxy in front of the test database. */
import { seededRandom } from '../bench/statistics.ts';
import type { Intercept, Interception, ProxiedCall } from './databaseProxy.ts';

/** Kinds of faults; `lost` is a call that was done and never acknowledged. */
export type FaultKind = 'throttled' | 'internal' | 'dropped' | 'hanging' | 'lost' | 'unprocessed' | 'conflict' | 'throttled-transaction';

const ofAllCalls: readonly FaultKind[] = ['throttled', 'internal', 'dropped', 'hanging', 'lost'];
const ofBatches: readonly FaultKind[] = ['unprocessed', ...ofAllCalls];
const ofTransactions: readonly FaultKind[] = ['conflict', 'throttled-transaction', ...ofAllCalls];

/** Returns the faults that can happen to an operation. */
function faultsOf(operation: string): readonly FaultKind[] {
  if (operation === 'TransactWriteItems') return ofTransactions;
  return operation.startsWith('Batch') ? ofBatches : ofAllCalls;
}

/** Returns the answer to a transaction of which one item, the last, met something. */
export function cancelled({ input }: Pick<ProxiedCall, 'input'>, code: string): Interception {
  const items = input['TransactItems'] as unknown[];
  const reasons = items.map((_, i) => ({ Code: i === items.length - 1 ? code : 'None' }));
  return { status: 400, type: 'TransactionCanceledException', details: { CancellationReasons: reasons } };
}

function interceptionOf(kind: FaultKind, call: ProxiedCall): Interception {
  switch (kind) {
    case 'throttled':
      return { status: 400, type: 'ProvisionedThroughputExceededException' };
    case 'internal':
      return { status: 500, type: 'InternalServerError' };
    case 'dropped':
      return 'drop';
    case 'hanging':
      return 'hang';
    case 'lost':
      return 'drop-answer';
    case 'unprocessed':
      return 'unprocessed';
    case 'conflict':
      return cancelled(call, 'TransactionConflict');
    case 'throttled-transaction':
      return cancelled(call, 'ThrottlingError');
  }
}

/** Faults of every kind, mixed. */
export interface FaultMix {
  readonly intercept: Intercept;
  /** How many calls there were. */
  calls(): number;
  /** How many faults of each kind. */
  faults(): Readonly<Partial<Record<FaultKind, number>>>;
}

/** Returns faults that happen to this share of the calls: which calls is random, the kinds of an operation's faults take turns. */
export function mixFaults({ seed, share }: { seed: number; share: number }): FaultMix {
  const random = seededRandom(seed);
  const turns = new Map<string, number>();
  const counts: Partial<Record<FaultKind, number>> = {};
  let calls = 0;
  return {
    intercept: (call) => {
      calls += 1;
      if (random() >= share) return 'forward';
      const kinds = faultsOf(call.operation);
      const turn = turns.get(call.operation) ?? 0;
      turns.set(call.operation, turn + 1);
      const kind = kinds[turn % kinds.length] as FaultKind;
      counts[kind] = (counts[kind] ?? 0) + 1;
      return interceptionOf(kind, call);
    },
    calls: () => calls,
    faults: () => counts,
  };
}

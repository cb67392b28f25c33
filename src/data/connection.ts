/** One request's way to DynamoDB: reads and transactions in terms of the catalogue, cancelled with the request, each call observable. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isWriteOperation, type Database, type Operation, type Operations } from './client.ts';
import type { Changes, Condition, SortRange, Value } from './expressions.ts';
import { queryInput, respread, transactItem } from './inputs.ts';
import { tables, type IndexName, type KeyAttribute, type TableId } from './tables.ts';
import { isPossibleKey, isPossibleQuery } from './keyText.ts';
import { reasonOfKeys, reasonOfQuery, reasonOfRound, reasonOfWrites, type WrittenItem } from './callReasons.ts';
import { DatabaseBusy, isThrottling, isUnanswered, TransactionRejected } from './errors.ts';

/** An item as DynamoDB keeps it. */
export type Row = Record<string, Value>;

/** The primary key of an item of the table `T`. */
export type Key<T extends TableId = TableId> = Readonly<Record<KeyAttribute<T>, string>>;

/** A read of one partition, of a table or of one of its indexes. */
export type QueryRequest = { [T in TableId]: QueryRequestOf<T> }[TableId];

interface QueryRequestOf<T extends TableId> {
  table: T;
  index?: IndexName<T> | undefined;
  partition: string | number;
  range?: SortRange | undefined;
  descending?: boolean | undefined;
  limit?: number | undefined;
  start?: Row | undefined;
  /** Indexes are eventually consistent; DynamoDB refuses this for them. */
  consistent?: boolean | undefined;
  /** Attributes to answer with, all unless given. The price in read units is the same. */
  attributes?: readonly string[] | undefined;
  /** Why this is read, for `explain`, where it is not the plain reading of these rows: fixed words and numbers only. */
  reason?: string | undefined;
}

/** How items are read by their keys. */
export interface KeyReadOptions {
  consistent?: boolean | undefined;
  /** As in `QueryRequest`. */
  reason?: string | undefined;
}

/** One write of a transaction. */
export type Write =
  | { kind: 'put'; table: TableId; item: Row; condition?: Condition }
  /** `spill`: other items that can take the change as well, used once a transaction of others was at the first. */
  | { kind: 'update'; table: TableId; key: Row; changes: Changes; condition?: Condition; spill?: readonly Row[] }
  | { kind: 'delete'; table: TableId; key: Row; condition?: Condition }
  | { kind: 'check'; table: TableId; key: Row; condition: Condition };

/** One write without a condition. */
export type BatchedWrite = { table: TableId; put: Row } | { table: TableId; delete: Row };

/** What a call to DynamoDB was and what it cost; units as DynamoDB reports them. */
export interface DatabaseCall {
  operation: Operation;
  table: TableId | 'several';
  index?: string | undefined;
  /** Why it was made: what its caller said, else what table, index and keys tell. Found out when it is read: most are not. */
  readonly reason: string;
  /** Items that came back, or were written or checked. */
  items: number;
  /** Items that DynamoDB looked at: rows of a partition, or keys asked for, also of items that do not exist. */
  itemsRead: number;
  /** True when DynamoDB refused it, or no answer came: its cost is unknown then. */
  failed: boolean;
  readUnits: number;
  writeUnits: number;
  milliseconds: number;
  /** 1 for a call that waited for no other; else one more than the deepest that had been answered when it began. */
  depth: number;
}

/** A request's connection. Every method rejects with the SDK's error, or with an error of `data/errors.ts`. */
export interface Connection {
  /** Returns one item by its whole key, or null. */
  get(table: TableId, key: Row, options?: KeyReadOptions): Promise<Row | null>;
  /** Returns items in the order of the keys (100 at most), null for absent ones. */
  batchGet(table: TableId, keys: readonly Row[], options?: KeyReadOptions): Promise<(Row | null)[]>;
  /** Returns one page of a partition, where the next begins, and what it cost. */
  query(request: QueryRequest): Promise<{ items: Row[]; next: Row | null; readUnits: number }>;
  /** Writes all or nothing (100 writes at most). Rejects with `TransactionRejected` when a condition did not hold. */
  transact(writes: readonly Write[]): Promise<void>;
  /** Puts and deletes items without conditions, 25 a call, until every one is written. */
  writeAll(writes: readonly BatchedWrite[]): Promise<void>;
}

/** As many as DynamoDB takes (TransactWriteItems). Who may have more splits them or refuses the input, before anything is written. */
const maxTransaction = 100;

const maxRounds = 8;

/** How often a transaction whose acknowledgement did not come is sent again; the SDK has tried three times before each. */
const maxLostRounds = 2;

/** Waits before round `round` (0-based) of a retry: full jitter, 25 ms doubling, 1 s at most (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
async function backOff(round: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.random() * Math.min(1_000, 25 * 2 ** round), undefined, { signal });
}

interface Consumed {
  CapacityUnits?: number | undefined;
}

function sumOf(consumed: Consumed | readonly Consumed[] | undefined): number {
  const all = consumed === undefined ? [] : [consumed].flat();
  return all.reduce((sum, { CapacityUnits: units = 0 }) => sum + units, 0);
}

/** What a call is about; `reason` runs only where somebody reads it. */
interface CallPurpose extends Pick<DatabaseCall, 'table' | 'index'> {
  readonly reason: () => string;
  /** How many keys it asks for, where it reads by keys. */
  readonly keys?: number;
}

/** Returns the error that the request was ended with, if any: of deadlines and clients that left, DynamoDB's clients tell by themselves. */
function endedBy({ aborted, reason }: AbortSignal): Error | undefined {
  return aborted && reason instanceof Error && !(reason instanceof DOMException) ? reason : undefined;
}

/** Opens a request's connection. `onCall` sees every call after it was answered. */
export function connect(
  database: Database,
  options: { signal: AbortSignal; onCall?: ((call: DatabaseCall) => void) | undefined },
): Connection {
  const { signal, onCall } = options;
  // Each call of a page listens; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, signal);
  let answeredDepth = 0;

  /** Sends one call and reports it, also when it fails. */
  async function send<O extends Operation>(
    operation: O,
    input: Operations[O]['input'],
    call: CallPurpose & { itemsOf: (output: Operations[O]['output']) => number },
  ): Promise<Operations[O]['output']> {
    const started = performance.now();
    const depth = answeredDepth + 1;
    const report = (items: number | null, consumed: Consumed | readonly Consumed[] | undefined): void => {
      answeredDepth = Math.max(answeredDepth, depth);
      if (!onCall && !database.onCall) return;
      const { table, index, keys } = call;
      const isWrite = isWriteOperation(operation);
      const units = sumOf(consumed);
      const cost = isWrite ? { readUnits: 0, writeUnits: units } : { readUnits: units, writeUnits: 0 };
      const itemsRead = isWrite || items === null ? 0 : (keys ?? items);
      const counts = { items: items ?? 0, itemsRead, ...cost, failed: items === null };
      const milliseconds = performance.now() - started;
      const reported: DatabaseCall = {
        ...{ operation, table, index, ...counts, milliseconds, depth },
        get reason() {
          return call.reason();
        },
      };
      onCall?.(reported);
      database.onCall?.(reported);
    };
    try {
      const output = await database.send(operation, input, { abortSignal: signal });
      report(call.itemsOf(output), output.ConsumedCapacity);
      return output;
    } catch (error) {
      report(null, undefined);
      throw endedBy(signal) ?? error;
    }
  }

  const connection: Connection = {
    async get(table, key, { consistent = false, reason } = {}) {
      if (!isPossibleKey(table, key)) return null;
      const input = { TableName: database.name(table), Key: key, ConsistentRead: consistent, ReturnConsumedCapacity: 'TOTAL' } as const;
      const purpose: CallPurpose = { table, keys: 1, reason: () => reason ?? reasonOfKeys(table, [key]) };
      const { Item: item } = await send('GetItem', input, { ...purpose, itemsOf: (answer) => (answer.Item ? 1 : 0) });
      return item ?? null;
    },

    async batchGet(table, keys, { consistent = false, reason } = {}) {
      const name = database.name(table);
      const attributes = Object.values(tables[table].key);
      const text = (row: Row): string => JSON.stringify(attributes.map((attribute) => row[attribute] as string));
      const found = new Map<string, Row>();
      const possible = keys.filter((key) => isPossibleKey(table, key));
      let open: Row[] = [...new Map(possible.map((key) => [text(key), key])).values()];
      for (let round = 0; open.length > 0; round += 1) {
        if (round === maxRounds) throw new DatabaseBusy('BatchGetItem left keys unprocessed');
        if (round > 0) await backOff(round, signal);
        const input = { RequestItems: { [name]: { Keys: open, ConsistentRead: consistent } }, ReturnConsumedCapacity: 'TOTAL' } as const;
        const itemsOf = (output: Operations['BatchGetItem']['output']): Row[] => output.Responses?.[name] ?? [];
        const asked = open;
        const purpose: CallPurpose = {
          table,
          keys: asked.length,
          reason: () => reasonOfRound(reason ?? reasonOfKeys(table, asked), round),
        };
        const answer = await send('BatchGetItem', input, { ...purpose, itemsOf: (output) => itemsOf(output).length });
        for (const item of itemsOf(answer)) found.set(text(item), item);
        open = answer.UnprocessedKeys?.[name]?.Keys ?? [];
      }
      return keys.map((key) => found.get(text(key)) ?? null);
    },

    async query(request) {
      if (!isPossibleQuery(request)) return { items: [], next: null, readUnits: 0 };
      const { table, index } = request;
      const reason = (): string => request.reason ?? reasonOfQuery(request);
      const itemsOf = (output: Operations['Query']['output']): number => output.Items?.length ?? 0;
      const answer = await send('Query', queryInput(database, request), { table, index, reason, itemsOf });
      return { items: answer.Items ?? [], next: answer.LastEvaluatedKey ?? null, readUnits: sumOf(answer.ConsumedCapacity) };
    },

    async transact(writes) {
      if (writes.length > maxTransaction) throw new RangeError(`a transaction takes ${maxTransaction} writes, not ${writes.length}`);
      const input: Operations['TransactWriteItems']['input'] = {
        TransactItems: writes.map((write) => transactItem(database, write)),
        ReturnConsumedCapacity: 'TOTAL',
        // One token for all attempts: DynamoDB applies a transaction once per token for ten minutes (TransactWriteItems, "Idempotency").
        ClientRequestToken: crypto.randomUUID(),
      };
      const purpose = (round: number): CallPurpose => ({
        table: 'several',
        reason: () => reasonOfRound(reasonOfWrites(writes.map(written)), round),
      });
      let lost = 0;
      for (let round = 0; ; round += 1) {
        try {
          await send('TransactWriteItems', input, { ...purpose(round), itemsOf: () => writes.length });
          return;
        } catch (error) {
          const rejected = TransactionRejected.from(error);
          if (rejected && !rejected.isConflictOnly) throw rejected;
          if (rejected && respread(database, { writes, input, reasons: rejected.reasons })) input.ClientRequestToken = crypto.randomUUID();
          // Without an acknowledgement nobody knows whether it was applied: with the same token, sending it again is safe and tells.
          const isLost = !signal.aborted && isUnanswered(error) && lost < maxLostRounds;
          if (isLost) lost += 1;
          if (!rejected && !isThrottling(error) && !isLost) throw error;
          if (round === maxRounds) throw new DatabaseBusy('transaction kept conflicting with others', { cause: error });
          await backOff(round, signal);
        }
      }
    },

    async writeAll(writes) {
      for (let offset = 0; offset < writes.length; offset += 25) {
        let open: Record<string, Row[]> = {};
        const group = writes.slice(offset, offset + 25);
        for (const write of group) {
          const list = (open[database.name(write.table)] ??= []);
          list.push('put' in write ? { PutRequest: { Item: write.put } } : { DeleteRequest: { Key: write.delete } });
        }
        for (let round = 0; Object.keys(open).length > 0; round += 1) {
          if (round === maxRounds) throw new DatabaseBusy('BatchWriteItem left items unprocessed');
          if (round > 0) await backOff(round, signal);
          const count = Object.values(open).flat().length;
          const input = { RequestItems: open, ReturnConsumedCapacity: 'TOTAL' } as const;
          const reason = (): string => reasonOfRound(reasonOfWrites(group.map(written)), round);
          const answer = await send('BatchWriteItem', input, { table: 'several', reason, itemsOf: () => count });
          open = answer.UnprocessedItems ?? {};
        }
      }
    },
  };
  return connection;
}

/** Returns what a write is about, for its reason. */
function written(write: Write | BatchedWrite): WrittenItem {
  const { table } = write;
  if (!('kind' in write)) return 'put' in write ? { kind: 'put', table, item: write.put } : { kind: 'delete', table, item: write.delete };
  return { kind: write.kind, table, item: write.kind === 'put' ? write.item : write.key };
}

/** One request's way to DynamoDB: reads and transactions in terms of the catalogue, cancelled with the request, each call observable. */
import { BatchGetCommand, GetCommand, QueryCommand, TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './client.ts';
import {
  conditionExpression,
  keyExpression,
  Placeholders,
  updateExpression,
  type Changes,
  type Condition,
  type SortRange,
  type Value,
} from './expressions.ts';
import { keyOf, tables, type IndexName, type KeyAttribute, type TableId } from './tables.ts';
import { isPossibleKey, isPossibleQuery } from './keyText.ts';
import { DatabaseBusy, isThrottling, isTimeout, isUnavailable, TransactionRejected } from './errors.ts';

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
}

/** One write of a transaction. */
export type Write =
  | { kind: 'put'; table: TableId; item: Row; condition?: Condition }
  | { kind: 'update'; table: TableId; key: Row; changes: Changes; condition?: Condition }
  | { kind: 'delete'; table: TableId; key: Row; condition?: Condition }
  | { kind: 'check'; table: TableId; key: Row; condition: Condition };

/** What a call to DynamoDB was and what it cost; units as DynamoDB reports them. */
export interface DatabaseCall {
  operation: 'GetItem' | 'BatchGetItem' | 'Query' | 'TransactWriteItems' | 'BatchWriteItem';
  table: TableId | 'several';
  index?: string | undefined;
  items: number;
  readUnits: number;
  writeUnits: number;
  milliseconds: number;
}

/** A request's connection. Every method rejects with the SDK's error, or with an error of `data/errors.ts`. */
export interface Connection {
  /** Returns one item by its whole key, or null. */
  get(table: TableId, key: Row, options?: { consistent?: boolean }): Promise<Row | null>;
  /** Returns items in the order of the keys (100 at most), null for absent ones. */
  batchGet(table: TableId, keys: readonly Row[], options?: { consistent?: boolean }): Promise<(Row | null)[]>;
  /** Returns one page of a partition, and where the next begins. */
  query(request: QueryRequest): Promise<{ items: Row[]; next: Row | null }>;
  /** Writes all or nothing (100 writes at most). Rejects with `TransactionRejected` when a condition did not hold. */
  transact(writes: readonly Write[]): Promise<void>;
  /** Puts and deletes items without conditions, 25 a call, until every one is written. */
  writeAll(writes: readonly ({ table: TableId; put: Row } | { table: TableId; delete: Row })[]): Promise<void>;
}

const maxRounds = 8;

/** How often a transaction whose acknowledgement did not come is sent again; the SDK has tried three times before each. */
const maxLostRounds = 2;

/** Waits before round `round` (0-based) of a retry: full jitter, 25 ms doubling, 1 s at most (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
async function backOff(round: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.random() * Math.min(1_000, 25 * 2 ** round), undefined, { signal });
}

interface Consumed {
  CapacityUnits?: number | undefined;
  ReadCapacityUnits?: number | undefined;
  WriteCapacityUnits?: number | undefined;
}

/** Opens a request's connection. `onCall` sees every call after it was answered. */
export function connect(
  database: Database,
  options: { signal: AbortSignal; onCall?: ((call: DatabaseCall) => void) | undefined },
): Connection {
  const { documents } = database;
  const { signal, onCall } = options;
  const http = { abortSignal: signal };

  function report(
    call: Omit<DatabaseCall, 'readUnits' | 'writeUnits' | 'milliseconds'>,
    started: number,
    consumed: readonly Consumed[] | undefined,
  ): void {
    if (!onCall) return;
    const units = (consumed ?? []).reduce((sum, one) => sum + (one.CapacityUnits ?? 0), 0);
    const isWrite = call.operation === 'TransactWriteItems' || call.operation === 'BatchWriteItem';
    onCall({ ...call, readUnits: isWrite ? 0 : units, writeUnits: isWrite ? units : 0, milliseconds: performance.now() - started });
  }

  const connection: Connection = {
    async get(table, key, { consistent = false } = {}) {
      if (!isPossibleKey(table, key)) return null;
      const started = performance.now();
      const answer = await documents.send(
        new GetCommand({ TableName: database.name(table), Key: key, ConsistentRead: consistent, ReturnConsumedCapacity: 'TOTAL' }),
        http,
      );
      report({ operation: 'GetItem', table, items: answer.Item ? 1 : 0 }, started, answer.ConsumedCapacity && [answer.ConsumedCapacity]);
      return answer.Item ?? null;
    },

    async batchGet(table, keys, { consistent = false } = {}) {
      const name = database.name(table);
      const attributes = Object.values(tables[table].key);
      const text = (row: Row): string => JSON.stringify(attributes.map((attribute) => row[attribute] as string));
      const found = new Map<string, Row>();
      const possible = keys.filter((key) => isPossibleKey(table, key));
      let open: Row[] = [...new Map(possible.map((key) => [text(key), key])).values()];
      for (let round = 0; open.length > 0; round += 1) {
        if (round === maxRounds) throw new DatabaseBusy('BatchGetItem left keys unprocessed');
        if (round > 0) await backOff(round, signal);
        const started = performance.now();
        const answer = await documents.send(
          new BatchGetCommand({ RequestItems: { [name]: { Keys: open, ConsistentRead: consistent } }, ReturnConsumedCapacity: 'TOTAL' }),
          http,
        );
        const items = answer.Responses?.[name] ?? [];
        for (const item of items) found.set(text(item), item);
        report({ operation: 'BatchGetItem', table, items: items.length }, started, answer.ConsumedCapacity);
        open = answer.UnprocessedKeys?.[name]?.Keys ?? [];
      }
      return keys.map((key) => found.get(text(key)) ?? null);
    },

    async query(request) {
      if (!isPossibleQuery(request)) return { items: [], next: null };
      const started = performance.now();
      const answer = await documents.send(new QueryCommand(queryInput(database, request)), http);
      const items = answer.Items ?? [];
      report(
        { operation: 'Query', table: request.table, index: request.index, items: items.length },
        started,
        answer.ConsumedCapacity && [answer.ConsumedCapacity],
      );
      return { items, next: answer.LastEvaluatedKey ?? null };
    },

    async transact(writes) {
      const input: TransactWriteCommandInput = {
        TransactItems: writes.map((write) => transactItem(database, write)),
        ReturnConsumedCapacity: 'TOTAL',
        // One token for all attempts: DynamoDB applies a transaction once per token for ten minutes (TransactWriteItems, "Idempotency").
        ClientRequestToken: crypto.randomUUID(),
      };
      let lost = 0;
      for (let round = 0; ; round += 1) {
        const started = performance.now();
        try {
          const answer = await documents.send(new TransactWriteCommand(input), http);
          report({ operation: 'TransactWriteItems', table: 'several', items: writes.length }, started, answer.ConsumedCapacity);
          return;
        } catch (error) {
          report({ operation: 'TransactWriteItems', table: 'several', items: 0 }, started, undefined);
          const rejected = TransactionRejected.from(error);
          if (rejected && !rejected.isConflictOnly) throw rejected;
          // Without an acknowledgement nobody knows whether it was applied: with the same token, sending it again is safe and tells.
          const isLost = !signal.aborted && (isUnavailable(error) || isTimeout(error)) && lost < maxLostRounds;
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
        for (const write of writes.slice(offset, offset + 25)) {
          const list = (open[database.name(write.table)] ??= []);
          list.push('put' in write ? { PutRequest: { Item: write.put } } : { DeleteRequest: { Key: write.delete } });
        }
        for (let round = 0; Object.keys(open).length > 0; round += 1) {
          if (round === maxRounds) throw new DatabaseBusy('BatchWriteItem left items unprocessed');
          if (round > 0) await backOff(round, signal);
          const started = performance.now();
          const answer = await documents.send(new BatchWriteCommand({ RequestItems: open, ReturnConsumedCapacity: 'TOTAL' }), http);
          report({ operation: 'BatchWriteItem', table: 'several', items: writes.length }, started, answer.ConsumedCapacity);
          open = answer.UnprocessedItems ?? {};
        }
      }
    },
  };
  return connection;
}

function queryInput(database: Database, request: QueryRequest) {
  const { table, index } = request;
  const key = keyOf(table, index);
  const placeholders = new Placeholders();
  const expression = keyExpression(
    placeholders,
    { attribute: key.partition, value: request.partition },
    request.range && key.sort ? { attribute: key.sort, range: request.range } : undefined,
  );
  return {
    TableName: database.name(table),
    IndexName: index,
    KeyConditionExpression: expression,
    ...placeholders.maps(),
    ScanIndexForward: !request.descending,
    Limit: request.limit,
    ExclusiveStartKey: request.start,
    ConsistentRead: request.consistent ?? false,
    ReturnConsumedCapacity: 'TOTAL' as const,
  };
}

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

function transactItem(database: Database, write: Write): TransactItem {
  const TableName = database.name(write.table);
  const placeholders = new Placeholders();
  const partitionKey = tables[write.table].key.partition;
  const UpdateExpression = write.kind === 'update' ? updateExpression(placeholders, write.changes) : '';
  const ConditionExpression = write.condition ? conditionExpression(placeholders, partitionKey, write.condition) : undefined;
  const common = { TableName, ...(ConditionExpression && { ConditionExpression }), ...placeholders.maps() };
  switch (write.kind) {
    case 'put':
      return { Put: { ...common, Item: write.item } };
    case 'update':
      return { Update: { ...common, Key: write.key, UpdateExpression } };
    case 'delete':
      return { Delete: { ...common, Key: write.key } };
    case 'check':
      return { ConditionCheck: { ...common, Key: write.key, ConditionExpression: ConditionExpression ?? '' } };
  }
}

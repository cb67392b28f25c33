/**
 * Request-scoped loaders: rows by id, rows by whole key, pages of lists. Each gives one answer per key in the order of
 * the keys, null for what does not exist, and an error for the one key that failed.
 */
import DataLoader from 'dataloader';
import type { Connection, Row } from './connection.ts';
import type { Page } from './page.ts';
import { createPlanMemory } from './readPlan/memory.ts';
import { createReadPlan, type PageKey, type PlanOptions } from './readPlan/planner.ts';
import { keyOf, tables, type TableId } from './tables.ts';

/** An object's id and, where it is known, the value of its table's sort key (`userId`), which saves a query. */
export interface RowId {
  id: string;
  sort?: string | undefined;
}

/** The loaders of one request. */
export interface Loaders {
  /** Rows of a table with the partition key `id`. */
  byId(table: TableId): DataLoader<RowId, Row | null, string>;
  /** Rows by their whole primary key, read consistently in batches of 100. */
  byKey(table: TableId): DataLoader<Row, Row | null, string>;
  /** Pages of lists. */
  pages: DataLoader<PageKey, Page, string>;
  /** Starts to read what `lists` below all projects of an owner will need, where the read plan knows how. See `ReadPlan.lookAhead`. */
  lookAhead(owner: string, lists: readonly PageKey[], parents: number): void;
  /** Forgets everything that was read: what follows a write must not see what was before it. */
  clear(): void;
}

/** A row may move to a place that the search has passed already; so it is repeated where it skipped something and found nothing. */
const searchRounds = 3;

/** Largest number of keys that one BatchGetItem takes (DynamoDB API reference). */
const batchGetLimit = 100;

/** What loaders work with. */
export interface LoaderOptions {
  /** The time of the request in epoch seconds: it decides which rows have expired. */
  nowSeconds: () => number;
  /** How lists are read; one query each unless given. */
  plan?: Omit<PlanOptions, 'nowSeconds'>;
  /** Told how many keys were read together. Must not throw. */
  onBatch?: ((loader: 'byKey' | 'byId' | 'pages', size: number) => void) | undefined;
}

function perProject(): Omit<PlanOptions, 'nowSeconds'> {
  return { memory: createPlanMemory(), mode: 'per-project', sortsTiesByKey: false };
}

/** Makes the loaders of one request. */
export function createLoaders(connection: Connection, { nowSeconds, plan: planned = perProject(), onBatch }: LoaderOptions): Loaders {
  const idLoaders = new Map<TableId, DataLoader<RowId, Row | null, string>>();
  const keyLoaders = new Map<TableId, DataLoader<Row, Row | null, string>>();

  function byKey(table: TableId): DataLoader<Row, Row | null, string> {
    return getOrMake(keyLoaders, table, () => {
      const attributes = Object.values(tables[table].key);
      const read = (keys: readonly Row[]): Promise<(Row | null)[]> => {
        onBatch?.('byKey', keys.length);
        return connection.batchGet(table, keys, { consistent: true });
      };
      return new DataLoader<Row, Row | null, string>(read, {
        maxBatchSize: batchGetLimit,
        cacheKeyFn: (key) => JSON.stringify(attributes.map((attribute) => key[attribute] as string)),
      });
    });
  }

  function byId(table: TableId): DataLoader<RowId, Row | null, string> {
    const read = (ids: readonly RowId[]): Promise<(Row | null | Error)[]> => {
      onBatch?.('byId', ids.length);
      return settle(ids, (id) => findById(table, id));
    };
    return getOrMake(idLoaders, table, () => new DataLoader<RowId, Row | null, string>(read, { cacheKeyFn: ({ id }) => id }));
  }

  /**
   * Finds the object's own row. It is the first of its item collection, since the sort keys of the other items begin with
   * its own, then `#`. Only while a project changes hands may items of the former owner lie before it: those are skipped.
   */
  async function findById(table: TableId, { id, sort }: RowId): Promise<Row | null> {
    const key = keyOf(table);
    if (!key.sort) return byKey(table).load({ [key.partition]: id });
    const known = sort === undefined ? null : await byKey(table).load({ [key.partition]: id, [key.sort]: sort });
    if (known) return known;
    for (let round = 0; round < searchRounds; round += 1) {
      const { row, skipped } = await findFirst(table, id, key.sort);
      if (row !== null || !skipped) return row;
    }
    return null;
  }

  async function findFirst(table: TableId, id: string, sort: string): Promise<{ row: Row | null; skipped: boolean }> {
    for (let from: string | undefined; ;) {
      const range = from === undefined ? undefined : { from };
      const { items } = await connection.query({ table, partition: id, range, limit: 1, consistent: true });
      const sortKey = items[0]?.[sort];
      const end = typeof sortKey === 'string' ? sortKey.indexOf('#') : -1;
      if (end === -1) return { row: items[0] ?? null, skipped: from !== undefined };
      // '$' comes directly after '#'.
      from = `${String(sortKey).slice(0, end)}$`;
    }
  }

  const plan = createReadPlan(connection, { nowSeconds, ...planned });
  const readPages = async (keys: readonly PageKey[]): Promise<(Page | Error)[]> => {
    onBatch?.('pages', keys.length);
    return (await plan.pages(keys)).map(valueOrError);
  };
  const pages = new DataLoader<PageKey, Page, string>(readPages, { cacheKeyFn: nameOfPage });

  function lookAhead(owner: string, lists: readonly PageKey[], parents: number): void {
    // Nobody waits for these yet; who does later gets the error.
    for (const key of plan.lookAhead(owner, lists, parents)) pages.load(key).catch(() => undefined);
  }

  function clear(): void {
    for (const loader of [...idLoaders.values(), ...keyLoaders.values(), pages]) loader.clearAll();
    plan.clear();
  }

  return { byId, byKey, pages, lookAhead, clear };
}

/** Returns what tells pages apart. The owner is not part of it: it says how a page may be read, not which. */
function nameOfPage({ source, page }: PageKey): string {
  const { table, index, partition, range, descending, filterKey } = source;
  const { size, forward, from, attributes, needsEnd } = page;
  const rest = range || from || filterKey !== undefined ? JSON.stringify([range, from, filterKey]) : '';
  return `${table} ${index} ${descending} ${size} ${forward} ${needsEnd} ${attributes?.join() ?? '*'} ${rest} ${partition}`;
}

/** Runs all at once; a failure becomes the answer of its own key. */
async function settle<K, V>(keys: readonly K[], run: (key: K) => Promise<V>): Promise<(V | Error)[]> {
  return (await Promise.allSettled(keys.map(run))).map(valueOrError);
}

function valueOrError<V>(outcome: PromiseSettledResult<V>): V | Error {
  return outcome.status === 'fulfilled' ? outcome.value : toError(outcome.reason);
}

/** Returns an error that DataLoader takes for one: errors of another realm are wrapped, and keep what tells them apart. */
function toError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const { name, code, message } = (reason ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  const error = new Error(typeof message === 'string' ? message : String(reason), { cause: reason });
  return Object.assign(error, { ...(typeof name === 'string' && { name }), code });
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (!value) map.set(key, (value = make()));
  return value;
}

/**
 * Why a call to DynamoDB was made, in words for the developer who reads `explain`, as far as table, index and keys tell.
 * Only fixed words and numbers: no value of a key or row, and no physical name.
 */
import type { QueryRequest, Row } from './connection.ts';
import type { SortRange } from './expressions.ts';
import { keyOf, tables, type TableId } from './tables.ts';

interface Noun {
  readonly one: string;
  readonly many: string;
}

function noun(one: string, many = `${one}s`): Noun {
  return { one, many };
}

/** What the rows of each table are. */
const rows: Readonly<Record<TableId, Noun>> = {
  projects: noun('project'),
  schemas: noun('schema'),
  architectures: noun('architecture'),
  codeGenerations: noun('code generation'),
  deployments: noun('deployment'),
  analytics: noun('metric event'),
  activity: noun('activity entry', 'activity entries'),
  documentation: noun('documentation page'),
  teams: noun('membership'),
  settings: noun('settings row'),
  integrations: noun('integration'),
  users: noun('account'),
};

const counter = noun('counter');

/** Items that are something else than the rows of their table, by a mark in their keys; see the stores that write them. */
const companions: readonly { table?: TableId; key: 'partition' | 'sort'; mark: RegExp; what: Noun }[] = [
  { key: 'sort', mark: /#body(#|$)/, what: noun('part of a body', 'parts of bodies') },
  { table: 'projects', key: 'sort', mark: /#stats(#|$)/, what: counter },
  { table: 'projects', key: 'sort', mark: /^~#active#/, what: noun('note of the active deployment', 'notes of active deployments') },
  { table: 'projects', key: 'sort', mark: /^~#team$/, what: noun('number of members', 'numbers of members') },
  { table: 'projects', key: 'sort', mark: /^~#transfer$/, what: noun('note of a transfer', 'notes of transfers') },
  { table: 'settings', key: 'partition', mark: /^stats#/, what: counter },
  { table: 'schemas', key: 'partition', mark: /^name#/, what: noun('version number of a name', 'version numbers of names') },
  { table: 'deployments', key: 'sort', mark: /#log(#|~|$)/, what: noun('block of a log', 'blocks of logs') },
  { table: 'teams', key: 'sort', mark: /^invite#/, what: noun('invitation') },
  { table: 'teams', key: 'partition', mark: /^inv_/, what: noun('way from an id to its invitation', 'ways from ids to their invitations') },
  { table: 'activity', key: 'partition', mark: /^session#/, what: noun('session') },
  {
    table: 'activity',
    key: 'partition',
    mark: /^idempotency#/,
    what: noun('answer under an idempotency key', 'answers under idempotency keys'),
  },
  { table: 'users', key: 'partition', mark: /^email#/, what: noun('reserved e-mail address', 'reserved e-mail addresses') },
  { table: 'users', key: 'partition', mark: /^oidc#/, what: noun('external identity', 'external identities') },
  { table: 'users', key: 'partition', mark: /^key_/, what: noun('API key') },
];

/** Returns what an item is, by its key; `sort` may also be the beginning of a sort key. */
function kindOf(table: TableId, { partition, sort }: { partition: unknown; sort: unknown }): Noun {
  const parts = { partition, sort };
  const companion = companions.find(({ table: only, key, mark }) => {
    const part = parts[key];
    return (only === undefined || only === table) && typeof part === 'string' && mark.test(part);
  });
  return companion?.what ?? rows[table];
}

function kindOfItem(table: TableId, item: Row): Noun {
  const { partition, sort } = keyOf(table);
  return kindOf(table, { partition: item[partition], sort: sort && item[sort] });
}

/** Returns such as `2 projects, 1 counter`, each kind once, in the order of their first. */
function countKinds(kinds: readonly Noun[]): string {
  const counts = new Map<Noun, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${count === 1 ? kind.one : kind.many}`).join(', ');
}

/** Returns why items are read by their whole keys, such as `2 projects by their keys`. */
export function reasonOfKeys(table: TableId, keys: readonly Row[]): string {
  const kinds = keys.map((key) => kindOfItem(table, key));
  return kinds.length === 1 && kinds[0] ? `the ${kinds[0].one} by its key` : `${countKinds(kinds)} by their keys`;
}

/** How the partition of an index or table binds its rows together. */
const belonging: Readonly<Record<string, string>> = {
  userId: 'of one user',
  projectId: 'of one project',
  status: 'with one status',
  environment: 'of one environment',
  metric: 'of one metric',
  entityType: 'about one kind of object',
  type: 'of one type',
  email: 'with one e-mail address',
};

/** What ascending and descending mean for a sort key. */
const orders: Readonly<Record<string, readonly [string, string]>> = {
  createdAt: ['oldest first', 'newest first'],
  timestamp: ['oldest first', 'newest first'],
  updatedAt: ['longest unchanged first', 'last changed first'],
  version: ['lowest version first', 'highest version first'],
  order: ['in their order', 'in reverse order'],
};

/** Returns why a partition is read, such as `the deployments of one project, newest first`. */
export function reasonOfQuery({ table, index, partition, range, descending = false, limit }: QueryRequest): string {
  if (index === undefined) return reasonOfCollection({ table, partition, range, limit });
  const key = keyOf(table, index);
  const what = table === 'teams' ? { many: 'memberships and invitations' } : rows[table];
  const order = range && 'equals' in range ? `, those with one ${String(key.sort)}` : orderOf(key.sort, descending);
  return `the ${what.many} ${belonging[key.partition] ?? 'of one partition'}${order}`;
}

function orderOf(sort: string | undefined, descending: boolean): string {
  if (sort === undefined) return '';
  const [ascending, backwards] = orders[sort] ?? [`by ${sort}`, `by ${sort}, backwards`];
  return `, ${descending ? backwards : ascending}`;
}

/** Returns why items under one partition key of a table are read: an object and what is kept beside it. */
function reasonOfCollection({
  table,
  partition,
  range,
  limit,
}: {
  table: TableId;
  partition: string | number;
  range: SortRange | undefined;
  limit: number | undefined;
}): string {
  if (table === 'teams') return 'the members and invitations of one project';
  const row = rows[table].one;
  const kind = kindOf(table, { partition, sort: firstOf(range) });
  if (kind !== rows[table]) return `the ${kind.many} of one ${row}`;
  return limit === 1 ? `the ${row} by its id` : `one ${row} and what is kept beside it`;
}

function firstOf(range: SortRange | undefined): string | number | undefined {
  if (!range) return undefined;
  if ('equals' in range) return range.equals;
  return 'beginsWith' in range ? range.beginsWith : range.to;
}

/** One item that is written, or only checked, in a call. */
export interface WrittenItem {
  readonly kind: 'put' | 'update' | 'delete' | 'check';
  readonly table: TableId;
  /** The item or its key. */
  readonly item: Row;
}

const verbs: readonly (readonly [WrittenItem['kind'], string])[] = [
  ['put', 'puts'],
  ['update', 'updates'],
  ['delete', 'deletes'],
  ['check', 'checks'],
];

/** Returns what a call writes, such as `puts 1 activity entry, 1 deployment; updates 2 counters`. */
export function reasonOfWrites(items: readonly WrittenItem[]): string {
  return verbs
    .map(([wanted, verb]) => ({
      verb,
      kinds: items.filter(({ kind }) => kind === wanted).map(({ table, item }) => kindOfItem(table, item)),
    }))
    .filter(({ kinds }) => kinds.length > 0)
    .map(({ verb, kinds }) => `${verb} ${countKinds(kinds)}`)
    .join('; ');
}

/** Returns a reason for the repetition of a call: what DynamoDB left undone or refused for the moment. `round` is 0 for the first time. */
export function reasonOfRound(reason: string, round: number): string {
  return round === 0 ? reason : `${reason} (attempt ${round + 1})`;
}

/** Returns the name of a table without prefix, as `explain` shows it. */
export function tableLabel(table: TableId | 'several'): string {
  return table === 'several' ? table : tables[table].name;
}

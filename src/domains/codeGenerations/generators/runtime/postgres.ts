/** Sources of the generated data layer over PostgreSQL. */
export const postgresSource = String.raw`/** The store over PostgreSQL. Values travel as parameters only; names come from the tables' descriptions and are quoted. */
import { conflict, invalid, unavailable } from '../errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { columnOf, type Column, type Json, type Kind, type ListOptions, type Page, type Row, type Store, type Table } from './store.js';

/** What is needed of a driver; a pool of pg has it. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

const quote = (name: string): string => '"' + name.replaceAll('"', '""') + '"';

/** Every value is sent as text, so that no driver changes it on the way. */
function parameter(column: Column, value: Json, values: unknown[]): string {
  values.push(toText(column, value));
  const sent = '$' + String(values.length) + '::text';
  switch (column.kind) {
    case 'binary':
      return 'decode(' + sent + ", 'base64')";
    case 'array': {
      const items = column.element === 'json' ? 'jsonb_array_elements(' + sent + '::jsonb)' : 'jsonb_array_elements_text(' + sent + '::jsonb)';
      const item = column.element === 'binary' ? "decode(item.value, 'base64')" : 'item.value::text';
      return 'CASE WHEN ' + sent + ' IS NULL THEN NULL ELSE (ARRAY(SELECT ' + item + ' FROM ' + items + ' AS item(value)))::' + column.type + ' END';
    }
    default:
      return sent + '::' + column.type;
  }
}

function toText(column: Column, value: Json): string | null {
  if (value === null) return null;
  if (column.kind === 'json') return JSON.stringify(value);
  if (column.kind === 'array') {
    const items = Array.isArray(value) ? value : [];
    return JSON.stringify(column.element === 'timestamp' ? items.map((item) => toUtc(String(item))) : items);
  }
  return column.kind === 'timestamp' ? toUtc(String(value)) : String(value);
}

/** A column without a zone would take the clock of another zone as it stands. */
const toUtc = (value: string): string => (value.endsWith('Z') ? value : new Date(value).toISOString());

/** What is selected of a column: text wherever a driver or JSON could lose something. */
function selected({ kind, column, element, type }: Column): string {
  const name = quote(column);
  switch (kind) {
    case 'boolean':
    case 'json':
      return name;
    case 'binary':
      return "translate(encode(" + name + ", 'base64'), E'\\n', '')";
    case 'timestamp':
      return 'to_char(' + name + (type.includes('with time zone') ? " AT TIME ZONE 'UTC'" : '') + ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    case 'array':
      return ['integer', 'float', 'boolean', 'json'].includes(element ?? '') ? 'to_json(' + name + ')' : 'to_json(' + name + '::text[])';
    default:
      // A cast would add the mask of a single address.
      return type === 'inet' ? 'abbrev(' + name + ')' : name + '::text';
  }
}

const columnsOf = (table: Table): string => table.columns.map((column, index) => selected(column) + ' AS c' + String(index)).join(', ');

function fromDatabase(value: unknown, kind: Kind): Json {
  if (value === null || value === undefined) return null;
  return kind === 'integer' || kind === 'float' ? Number(value) : (value as Json);
}

function toRow(table: Table, found: Record<string, unknown>): Row {
  const row: Row = {};
  for (const [index, { property, kind }] of table.columns.entries()) row[property] = fromDatabase(found['c' + String(index)], kind);
  return row;
}

/** Messages for what PostgreSQL refuses, by class and code: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function translate(error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code === '23505') return conflict('There is a row with the same key already.');
  if (code === '23503') return conflict('A row that this one refers to does not exist, or other rows refer to this one.');
  if (code === '23502') return invalid('A required value is missing.');
  if (code.startsWith('23') || code.startsWith('22')) return invalid('The database refuses a value: it does not suit its column.');
  if (code === '42883') return invalid('Rows cannot be compared by this property.');
  if (/^(08|53|57P|40|ECONN|ENOTFOUND|ETIMEDOUT|EAI)/.test(code)) return unavailable('The database is not available now: try again.', error);
  return error;
}

export class PostgresStore implements Store {
  private readonly database: Queryable;
  private readonly end: () => Promise<void>;

  constructor(database: Queryable, end: () => Promise<void> = async () => {}) {
    this.database = database;
    this.end = end;
  }

  private async run(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    try {
      return (await this.database.query(text, values)).rows;
    } catch (error) {
      throw translate(error);
    }
  }

  private conditions(table: Table, wanted: Row, values: unknown[]): string[] {
    return Object.entries(wanted).map(([property, value]) => {
      const column = columnOf(table, property);
      return value === null ? quote(column.column) + ' IS NULL' : quote(column.column) + ' = ' + parameter(column, value, values);
    });
  }

  async list(table: Table, { filter, limit, cursor }: ListOptions): Promise<Page> {
    const values: unknown[] = [];
    const place = cursor === null ? null : decodeCursor(cursor, table.key);
    const key = table.key.map((property) => columnOf(table, property));
    const where = this.conditions(table, filter, values);
    if (Array.isArray(place)) {
      const after = key.map((column, index) => parameter(column, place[index] ?? null, values));
      where.push('(' + key.map(({ column }) => quote(column)).join(', ') + ') > (' + after.join(', ') + ')');
    }
    const order = key.length > 0 ? key.map(({ column }) => quote(column)) : table.columns.map(({ column }) => quote(column) + '::text');
    const start = typeof place === 'number' ? place : 0;
    const text =
      'SELECT ' + columnsOf(table) + ' FROM ' + quote(table.name) + (where.length > 0 ? ' WHERE ' + where.join(' AND ') : '') +
      ' ORDER BY ' + order.join(', ') + ' LIMIT ' + String(limit + 1) + ' OFFSET ' + String(start);
    const rows = (await this.run(text, values)).map((found) => toRow(table, found));
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? encodeCursor(last, table.key, start + items.length) : null };
  }

  async find(table: Table, key: Row): Promise<Row | null> {
    const values: unknown[] = [];
    const where = this.conditions(table, key, values).join(' AND ');
    const [found] = await this.run('SELECT ' + columnsOf(table) + ' FROM ' + quote(table.name) + ' WHERE ' + where, values);
    return found ? toRow(table, found) : null;
  }

  async findBy(table: Table, properties: string[], wanted: Json[][], limitEach: number): Promise<Row[]> {
    if (wanted.length === 0) return [];
    const values: unknown[] = [];
    const columns = properties.map((property) => columnOf(table, property));
    const names = columns.map(({ column }) => quote(column)).join(', ');
    const sets = wanted.map((set) => '(' + columns.map((column, index) => parameter(column, set[index] ?? null, values)).join(', ') + ')');
    let place = 'place';
    while (table.columns.some(({ column }) => column === place)) place += '_';
    const order = table.key.length > 0 ? table.key.map((property) => quote(columnOf(table, property).column)).join(', ') : names;
    const ranked =
      'SELECT *, row_number() OVER (PARTITION BY ' + names + ' ORDER BY ' + order + ') AS ' + quote(place) +
      ' FROM ' + quote(table.name) + ' WHERE (' + names + ') IN (' + sets.join(', ') + ')';
    const text = 'SELECT ' + columnsOf(table) + ' FROM (' + ranked + ') AS ranked WHERE ' + quote(place) + ' <= ' + String(limitEach) + ' ORDER BY ' + quote(place);
    return (await this.run(text, values)).map((found) => toRow(table, found));
  }

  async insert(table: Table, row: Row): Promise<Row> {
    const values: unknown[] = [];
    const entries = Object.entries(row).map(([property, value]) => ({ column: columnOf(table, property), value }));
    const names = entries.map(({ column }) => quote(column.column)).join(', ');
    const sent = entries.map(({ column, value }) => parameter(column, value, values)).join(', ');
    const what = entries.length > 0 ? ' (' + names + ') VALUES (' + sent + ')' : ' DEFAULT VALUES';
    const [found] = await this.run('INSERT INTO ' + quote(table.name) + what + ' RETURNING ' + columnsOf(table), values);
    if (!found) throw new Error('The database gave no row back.');
    return toRow(table, found);
  }

  async update(table: Table, key: Row, changes: Row): Promise<Row | null> {
    if (Object.keys(changes).length === 0) return this.find(table, key);
    const values: unknown[] = [];
    const set = Object.entries(changes).map(([property, value]) => {
      const column = columnOf(table, property);
      return quote(column.column) + ' = ' + parameter(column, value, values);
    });
    const where = this.conditions(table, key, values).join(' AND ');
    const text = 'UPDATE ' + quote(table.name) + ' SET ' + set.join(', ') + ' WHERE ' + where + ' RETURNING ' + columnsOf(table);
    const [found] = await this.run(text, values);
    return found ? toRow(table, found) : null;
  }

  async remove(table: Table, key: Row): Promise<boolean> {
    const values: unknown[] = [];
    const where = this.conditions(table, key, values).join(' AND ');
    return (await this.run('DELETE FROM ' + quote(table.name) + ' WHERE ' + where + ' RETURNING 1', values)).length > 0;
  }

  async check(): Promise<void> {
    await this.run('SELECT 1', []);
  }

  async close(): Promise<void> {
    await this.end();
  }
}
`;

export const connectPostgresSource = String.raw`/** Chooses the store: PostgreSQL where DATABASE_URL names one, else memory. */
import { MemoryStore } from './memory.js';
import { PostgresStore } from './postgres.js';
import type { Store } from './store.js';
import { tables } from '../models/index.js';

/** Returns the store that databaseUrl names; loads the driver only where it is needed. */
export async function openStore(databaseUrl: string | undefined): Promise<Store> {
  if (databaseUrl === undefined) return new MemoryStore(tables);
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000, statement_timeout: 10_000 });
  // A connection that breaks while nobody uses it must not end the process; the pool opens another one.
  pool.on('error', (error: Error) => process.stderr.write('Lost a connection to the database: ' + error.message + '\n'));
  return new PostgresStore(pool, () => pool.end());
}
`;

export const migratePostgresSource = String.raw`/** Brings the database to the newest migration: npm run migrate. Down: npm run migrate -- down (takes the last one back). */
import { readdirSync, readFileSync } from 'node:fs';
import pg, { type Client } from 'pg';

const folder = new URL('../migrations/', import.meta.url);
const names = (direction: 'up' | 'down'): string[] => readdirSync(folder).filter((name) => name.endsWith('.' + direction + '.sql')).sort();
const idOf = (name: string): string => name.replace(/\.(up|down)\.sql$/, '');

async function run(client: Client): Promise<void> {
  // Two instances that start at once must not both create the tables.
  await client.query('SELECT pg_advisory_xact_lock(20010601)');
  await client.query('CREATE TABLE IF NOT EXISTS "_migrations" (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())');
  const { rows } = await client.query<{ id: string }>('SELECT id FROM "_migrations" ORDER BY id');
  const applied = rows.map(({ id }) => id);
  if (process.argv[2] === 'down') {
    const last = applied.at(-1);
    if (last === undefined) return;
    await client.query(readFileSync(new URL(last + '.down.sql', folder), 'utf8'));
    await client.query('DELETE FROM "_migrations" WHERE id = $1', [last]);
    return;
  }
  for (const name of names('up').filter((one) => !applied.includes(idOf(one)))) {
    await client.query(readFileSync(new URL(name, folder), 'utf8'));
    await client.query('INSERT INTO "_migrations" (id) VALUES ($1)', [idOf(name)]);
  }
}

const connectionString = process.env['DATABASE_URL'];
if (connectionString === undefined || connectionString === '') throw new Error('Set DATABASE_URL, such as postgres://user:password@localhost:5432/app');
const client = new pg.Client({ connectionString });
await client.connect();
try {
  await client.query('BEGIN');
  await run(client);
  await client.query('COMMIT');
} finally {
  await client.end();
}
`;

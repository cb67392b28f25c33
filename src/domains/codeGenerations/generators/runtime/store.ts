import { wireKinds } from '../wire.ts';

/** Sources of the generated data layer that every store shares. */
export const storeSource = String.raw`/** What the API asks of a database. memory.ts and, with a database, its own module answer it. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Row = Record<string, Json>;

/** How values of a column travel; opaque is text that the database cannot compare. */
export type Kind =
${wireKinds.map((kind) => `  | '${kind}'`).join('\n')};

/** What a new row gets where it says nothing; only the database itself can compute the kind database. */
export type Default = { kind: 'value'; value: Json } | { kind: 'identity' | 'now' | 'today' | 'clock' | 'uuid' | 'database' };

export interface Column {
  /** Name in JSON. */
  property: string;
  /** Name in the database. */
  column: string;
  kind: Kind;
  /** Kind of the elements of an array. */
  element?: Kind;
  /** Type in the database. */
  type: string;
  nullable: boolean;
  default?: Default;
}

/** A foreign key: the properties refer to the targets of another table. */
export interface Reference {
  properties: string[];
  table: string;
  targets: string[];
  onDelete: 'no-action' | 'restrict' | 'cascade' | 'set-null' | 'set-default';
}

export interface Table {
  /** Name in the database. */
  name: string;
  columns: Column[];
  /** Properties that find one row; empty where the table can only be listed. */
  key: string[];
  uniques: string[][];
  references: Reference[];
}

export interface ListOptions {
  /** Values that rows must have, by property. */
  filter: Row;
  limit: number;
  /** Where the page before ended; null for the first one. */
  cursor: string | null;
}

export interface Page {
  items: Row[];
  /** Null after the last page. */
  nextCursor: string | null;
}

export interface Store {
  list(table: Table, options: ListOptions): Promise<Page>;
  find(table: Table, key: Row): Promise<Row | null>;
  /** Rows whose properties have one of the sets of values, at most limitEach of each set. */
  findBy(table: Table, properties: string[], values: Json[][], limitEach: number): Promise<Row[]>;
  insert(table: Table, values: Row): Promise<Row>;
  /** Changes the given properties only; null where there is no such row. */
  update(table: Table, key: Row, values: Row): Promise<Row | null>;
  /** Returns whether there was such a row. */
  remove(table: Table, key: Row): Promise<boolean>;
  /** Throws where the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Tells whether values of the column can be compared for equality. */
export const isComparable = ({ kind }: Column): boolean => !['json', 'array', 'opaque', 'binary'].includes(kind);

/** Returns the column of a property. */
export function columnOf(table: Table, property: string): Column {
  const column = table.columns.find((one) => one.property === property);
  if (!column) throw new Error('The table ' + table.name + ' has no property ' + property);
  return column;
}
`;

export const errorsSource = String.raw`/** Errors that clients see. */

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

export const invalid = (message: string): ApiError => new ApiError(400, 'INVALID', message);
export const notFound = (message: string): ApiError => new ApiError(404, 'NOT_FOUND', message);
export const conflict = (message: string): ApiError => new ApiError(409, 'CONFLICT', message);
export const unavailable = (message: string, cause: unknown): ApiError => new ApiError(503, 'UNAVAILABLE', message, cause);
`;

export const cursorSource = String.raw`/** Cursors of lists: the place where a page ended, opaque to clients. */
import { invalid } from '../errors.js';
import type { Json, Row } from './store.js';

/** Returns the cursor of the row with the key, or of so many rows where there is no key. */
export function encodeCursor(row: Row, key: string[], offset: number): string {
  const place = key.length > 0 ? key.map((property) => row[property] ?? null) : offset;
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** Returns the values of the key that a cursor stands for, or the number of rows. */
export function decodeCursor(cursor: string, key: string[]): Json[] | number {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw invalid('The cursor is none of this list: leave it out to begin at the first page.');
  }
  if (key.length === 0 && typeof place === 'number' && Number.isSafeInteger(place) && place >= 0) return place;
  if (key.length > 0 && Array.isArray(place) && place.length === key.length && place.every(isPlain)) return place as Json[];
  throw invalid('The cursor is none of this list: leave it out to begin at the first page.');
}
`;

/** Where there is no data layer for the database; `DATABASE` stands for its name. */
export const connectMemorySource = String.raw`/** Opens the store. */
import { tables } from '../models/index.js';
import { MemoryStore } from './memory.js';
import type { Store } from './store.js';

/** Returns a store in memory. To keep rows in DATABASE, implement Store over its driver and return that here. */
export async function openStore(databaseUrl: string | undefined): Promise<Store> {
  if (databaseUrl !== undefined) throw new Error('This server has no data layer for DATABASE yet: unset DATABASE_URL, or write one in src/data.');
  return new MemoryStore(tables);
}
`;

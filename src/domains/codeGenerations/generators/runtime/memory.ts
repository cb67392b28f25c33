/** Source of the generated store that keeps its rows in memory. */
export const memorySource = String.raw`/** A store without a database, for tests and a first start. It keeps keys and foreign keys as a database would; its rows end with the process. */
import { randomUUID } from 'node:crypto';
import { conflict, invalid } from '../errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { columnOf, type Column, type Json, type Kind, type ListOptions, type Page, type Reference, type Row, type Store, type Table } from './store.js';

const isSame = (a: Json | undefined, b: Json | undefined): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
const hasAll = (row: Row, values: Row): boolean => Object.entries(values).every(([property, value]) => isSame(row[property], value));
const pick = (row: Row, properties: string[]): Row => Object.fromEntries(properties.map((property) => [property, row[property] ?? null]));
const hasNull = (row: Row, properties: string[]): boolean => properties.some((property) => (row[property] ?? null) === null);

function compare(a: Json, b: Json, kind: Kind): number {
  if (kind === 'bigint') return Number(BigInt(String(a)) - BigInt(String(b)));
  if (kind === 'integer' || kind === 'float' || kind === 'decimal') return Number(a) - Number(b);
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function compareKeys(a: Json[], b: Json[], table: Table): number {
  for (const [index, property] of table.key.entries()) {
    const order = compare(a[index] ?? null, b[index] ?? null, columnOf(table, property).kind);
    if (order !== 0) return order;
  }
  return 0;
}

/** The value as text of the type, where the column holds text. */
function clockValue(kind: 'now' | 'today' | 'clock'): string {
  const now = new Date().toISOString();
  return kind === 'now' ? now : kind === 'today' ? now.slice(0, 10) : now.slice(11, 19);
}

export class MemoryStore implements Store {
  private readonly tables: Table[];
  private rows = new Map<string, Row[]>();
  private readonly counters = new Map<string, bigint>();

  constructor(tables: Table[]) {
    this.tables = tables;
  }

  private rowsOf(name: string): Row[] {
    const rows = this.rows.get(name) ?? [];
    this.rows.set(name, rows);
    return rows;
  }

  private defaultOf(table: Table, column: Column): Json {
    const fallback = column.default;
    if (!fallback) return null;
    switch (fallback.kind) {
      case 'value':
        return structuredClone(fallback.value);
      case 'identity':
        return this.nextNumber(table, column);
      case 'uuid':
        return randomUUID();
      case 'database':
        throw invalid(column.property + ' has a default that only the database can compute: say its value.');
      default:
        return clockValue(fallback.kind);
    }
  }

  private nextNumber(table: Table, column: Column): Json {
    const counter = JSON.stringify([table.name, column.property]);
    let next = (this.counters.get(counter) ?? 0n) + 1n;
    const taken = new Set(this.rowsOf(table.name).map((row) => String(row[column.property])));
    while (taken.has(next.toString())) next += 1n;
    this.counters.set(counter, next);
    return column.kind === 'integer' ? Number(next) : next.toString();
  }

  /** Throws where a row would break a key, a foreign key or a required column. */
  private checkRow(table: Table, row: Row, before: Row | null): void {
    for (const column of table.columns) {
      if (!column.nullable && (row[column.property] ?? null) === null) throw invalid(column.property + ' is required.');
    }
    for (const unique of [table.key, ...table.uniques]) {
      if (unique.length === 0 || hasNull(row, unique)) continue;
      const values = pick(row, unique);
      if (this.rowsOf(table.name).some((other) => other !== before && hasAll(other, values))) {
        throw conflict('There is a row with the same ' + unique.join(', ') + ' already.');
      }
    }
    for (const reference of table.references) this.checkReference(table, row, reference);
  }

  private checkReference(table: Table, row: Row, { properties, table: parent, targets }: Reference): void {
    if (hasNull(row, properties)) return;
    const wanted = Object.fromEntries(targets.map((target, index) => [target, row[properties[index] ?? ''] ?? null]));
    const found = this.rowsOf(parent).some((other) => hasAll(other, wanted)) || (parent === table.name && hasAll(row, wanted));
    if (!found) throw conflict(properties.join(', ') + ' refers to a row of ' + parent + ' that does not exist.');
  }

  async list(table: Table, { filter, limit, cursor }: ListOptions): Promise<Page> {
    const place = cursor === null ? null : decodeCursor(cursor, table.key);
    const matching = this.rowsOf(table.name).filter((row) => hasAll(row, filter));
    const keyOf = (row: Row): Json[] => table.key.map((property) => row[property] ?? null);
    const sorted = table.key.length > 0 ? matching.sort((a, b) => compareKeys(keyOf(a), keyOf(b), table)) : matching;
    const start = typeof place === 'number' ? place : 0;
    const after = Array.isArray(place) ? sorted.filter((row) => compareKeys(keyOf(row), place, table) > 0) : sorted.slice(start);
    const items = after.slice(0, limit);
    const last = items.at(-1);
    const more = after.length > limit && last !== undefined;
    return { items: structuredClone(items), nextCursor: more ? encodeCursor(last, table.key, start + items.length) : null };
  }

  async find(table: Table, key: Row): Promise<Row | null> {
    const row = this.rowsOf(table.name).find((one) => hasAll(one, key));
    return row ? structuredClone(row) : null;
  }

  async findBy(table: Table, properties: string[], values: Json[][], limitEach: number): Promise<Row[]> {
    return values.flatMap((set) => {
      const wanted = Object.fromEntries(properties.map((property, index) => [property, set[index] ?? null]));
      return structuredClone(
        this.rowsOf(table.name)
          .filter((row) => hasAll(row, wanted))
          .slice(0, limitEach),
      );
    });
  }

  async insert(table: Table, values: Row): Promise<Row> {
    const row: Row = {};
    for (const column of table.columns) row[column.property] = values[column.property] ?? this.initial(table, column, values);
    this.checkRow(table, row, null);
    this.rowsOf(table.name).push(row);
    return structuredClone(row);
  }

  /** An explicit null is no missing value. */
  private initial(table: Table, column: Column, values: Row): Json {
    return values[column.property] === null ? null : this.defaultOf(table, column);
  }

  async update(table: Table, key: Row, values: Row): Promise<Row | null> {
    const row = this.rowsOf(table.name).find((one) => hasAll(one, key));
    if (!row) return null;
    const changed = { ...row, ...values };
    this.checkRow(table, changed, row);
    Object.assign(row, changed);
    return structuredClone(row);
  }

  async remove(table: Table, key: Row): Promise<boolean> {
    const row = this.rowsOf(table.name).find((one) => hasAll(one, key));
    if (!row) return false;
    const before = structuredClone(this.rows);
    try {
      this.removeRow(table, row);
    } catch (error) {
      this.rows = before;
      throw error;
    }
    return true;
  }

  private removeRow(table: Table, row: Row): void {
    const rows = this.rowsOf(table.name);
    const place = rows.indexOf(row);
    if (place < 0) return;
    rows.splice(place, 1);
    for (const child of this.tables) {
      for (const reference of child.references) {
        if (reference.table === table.name) this.follow(child, reference, row);
      }
    }
  }

  /** Does to the rows that referred to a removed one what their foreign key says. */
  private follow(child: Table, { properties, targets, onDelete }: Reference, parent: Row): void {
    const wanted = Object.fromEntries(properties.map((property, index) => [property, parent[targets[index] ?? ''] ?? null]));
    if (hasNull(wanted, properties)) return;
    for (const row of this.rowsOf(child.name).filter((one) => hasAll(one, wanted))) {
      if (onDelete === 'cascade') this.removeRow(child, row);
      else if (onDelete === 'set-null' || onDelete === 'set-default') {
        const changed = { ...row };
        for (const property of properties) {
          changed[property] = onDelete === 'set-null' ? null : this.defaultOf(child, columnOf(child, property));
        }
        this.checkRow(child, changed, row);
        Object.assign(row, changed);
      } else throw conflict('Rows of ' + child.name + ' refer to this row: delete them first.');
    }
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}
}
`;

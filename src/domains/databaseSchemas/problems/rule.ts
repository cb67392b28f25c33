/** What a rule of the linter is, and what rules share. */
import type { SchemaField, SchemaIndex } from '../model.ts';
import type { ForeignKey, SchemaStructure, TableStructure } from '../export/structure.ts';

export type Severity = 'error' | 'warning' | 'info';

/** One finding: where (`tables.orders.fields.customer_id`), and what to do. */
export interface Finding {
  readonly path: string;
  readonly message: string;
}

export interface Rule {
  /** Stable name, such as `missing-primary-key`. */
  readonly name: string;
  /** error: a database refuses it or loses data; warning: likely a mistake; info: a matter of taste or of one dialect. */
  readonly severity: Severity;
  /** One sentence for a settings page. */
  readonly description: string;
  readonly find: (structure: SchemaStructure) => Finding[];
}

export const tablePath = (table: TableStructure): string => `tables.${table.table.name}`;
export const fieldPath = (table: TableStructure, field: Pick<SchemaField, 'name'>): string => `${tablePath(table)}.fields.${field.name}`;
export const indexPath = (table: TableStructure, index: Pick<SchemaIndex, 'name'>): string => `${tablePath(table)}.indexes.${index.name}`;

/** Path of a foreign key: its first column. */
export const foreignKeyPath = ({ child, columns }: ForeignKey): string => (columns[0] ? fieldPath(child, columns[0]) : tablePath(child));

/** `orders.customer_id → customers.id` for messages. */
export function describeForeignKey({ child, columns, parent, targetColumns }: ForeignKey): string {
  const side = (table: TableStructure, fields: readonly SchemaField[]): string =>
    fields.map(({ name }) => `${table.table.name}.${name}`).join(', ');
  return `${side(child, columns)} → ${side(parent, targetColumns)}`;
}

/** Findings of a rule that looks at each table alone. */
export const inEachTable = (find: (table: TableStructure, structure: SchemaStructure) => Finding[]) => (structure: SchemaStructure) =>
  structure.tables.flatMap((table) => find(table, structure));

/** Findings of a rule that looks at each field alone. */
export const inEachField = (find: (field: SchemaField, table: TableStructure, structure: SchemaStructure) => string | null) =>
  inEachTable((table, structure) =>
    table.table.fields.flatMap((field) => {
      const message = find(field, table, structure);
      return message === null ? [] : [{ path: fieldPath(table, field), message }];
    }),
  );

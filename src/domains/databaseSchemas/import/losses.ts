/** Warnings of constructs that every dialect has and the model does not say; one wording for all dialects. */
import type { Warnings } from './warnings.ts';

interface Place {
  table: string;
  column?: string;
  offset: number;
}

function where({ table, column }: Place): string {
  return column === undefined ? `the table "${table}"` : `"${table}.${column}"`;
}

/** A CHECK constraint; `text` is its SQL where that is at hand. */
export function warnOfCheck(warnings: Warnings, place: Place, text: string): void {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  const message = `The CHECK constraint ${shown} of ${where(place)} was dropped.`;
  warnings.add({ code: 'CHECK_CONSTRAINT', construct: 'CHECK constraint', message, offset: place.offset });
}

/** A column that the database computes. */
export function warnOfGenerated(warnings: Warnings, place: Place): void {
  const message = `The column ${where(place)} is computed by the database; it was kept as an ordinary column without its expression.`;
  warnings.add({ code: 'GENERATED_COLUMN', construct: 'Generated column', message, offset: place.offset });
}

/** A collation or character set of a column. */
export function warnOfCollation(warnings: Warnings, place: Place, what: string): void {
  const message = `${what} of ${where(place)} was dropped.`;
  warnings.add({ code: 'COLLATION', construct: 'Collation', message, offset: place.offset });
}

/** Anything else that a column says. */
export function warnOfColumnOption(warnings: Warnings, place: Place, option: string): void {
  const message = `${option} of ${where(place)} was dropped.`;
  warnings.add({ code: 'COLUMN_OPTION', construct: option, message, offset: place.offset });
}

/** Options of a table, such as its engine or tablespace. */
export function warnOfTableOptions(warnings: Warnings, place: Place, options: readonly string[]): void {
  if (options.length === 0) return;
  const message = `Options of ${where(place)} were dropped: ${options.join(', ')}.`;
  warnings.add({ code: 'TABLE_OPTION', construct: 'Table option', message, offset: place.offset });
}

/** Partitioning of a table, which is kept whole. */
export function warnOfPartitioning(warnings: Warnings, place: Place): void {
  const message = `The partitioning of ${where(place)} was dropped; it was kept as one table.`;
  warnings.add({ code: 'PARTITION', construct: 'Partitioning', message, offset: place.offset });
}

/** Tables that live for a session only. */
export function warnOfTemporary(warnings: Warnings, place: Place): void {
  const message = `The temporary table "${place.table}" was left out; it is no part of the stored schema.`;
  warnings.add({ code: 'TEMPORARY_TABLE', construct: 'Temporary table', message, offset: place.offset });
}

/** Tables whose columns only the database can tell. */
export function warnOfQueryTable(warnings: Warnings, place: Place): void {
  const message = `The table "${place.table}" takes its columns from a query, which only the database can tell; it was left out.`;
  warnings.add({ code: 'QUERY_TABLE', construct: 'CREATE TABLE AS', message, offset: place.offset });
}

/** Warns, once a table, that constraints lose their deferred checking. */
export function warnOfDeferrable(warnings: Warnings, table: string, offset: number): void {
  const message = (count: number) =>
    `The deferred checking of ${count === 1 ? 'a constraint' : `${count} constraints`} of the table "${table}" was dropped.`;
  warnings.count({ code: 'DEFERRABLE', construct: 'DEFERRABLE', group: table, message, offset });
}

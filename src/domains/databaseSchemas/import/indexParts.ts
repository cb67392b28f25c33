/** Indexes of any dialect: which of their parts the model can say. */
import type { KeySpec } from './specs.ts';
import type { Warnings } from './warnings.ts';

export interface IndexPart {
  /** Null for an expression. */
  column: string | null;
  /** What the model cannot say of this part, such as `descending order`. */
  dropped: string[];
}

export interface IndexSpec {
  table: string;
  name: string | null;
  type: string;
  parts: IndexPart[];
  /** True for an index with a WHERE clause. */
  partial: boolean;
  /** What the model cannot say of the index as a whole, such as `INCLUDE columns`. */
  dropped: string[];
  offset: number;
}

function describe({ name, table }: IndexSpec): string {
  return `The index ${name === null ? '' : `"${name}" `}of the table "${table}"`;
}

/** The plain columns before the first expression, which still serve the look-ups on them. */
function leadingColumns(parts: readonly IndexPart[]): string[] {
  const end = parts.findIndex(({ column }) => column === null);
  return (end < 0 ? parts : parts.slice(0, end)).flatMap(({ column }) => column ?? []);
}

function warnOfLosses(warnings: Warnings, spec: IndexSpec, { columns, cut }: { columns: string[]; cut: boolean }): void {
  const { offset } = spec;
  if (cut) {
    const outcome =
      columns.length === 0
        ? 'is built on an expression and was dropped'
        : `has expressions among its parts; only (${columns.join(', ')}) was kept, as a plain index`;
    warnings.add({ code: 'EXPRESSION_INDEX', construct: 'Expression index', message: `${describe(spec)} ${outcome}.`, offset });
  }
  if (spec.partial && columns.length > 0) {
    const message = `${describe(spec)} covers only some rows (WHERE); it was kept as a plain index of all rows.`;
    warnings.add({ code: 'PARTIAL_INDEX', construct: 'Partial index', message, offset });
  }
  const dropped = [...new Set([...spec.dropped, ...spec.parts.flatMap((part) => part.dropped)])];
  if (dropped.length > 0 && columns.length > 0) {
    warnings.add({ code: 'INDEX_OPTION', construct: 'Index option', message: `${describe(spec)} lost: ${dropped.join(', ')}.`, offset });
  }
}

/**
 * Returns the key that the model can say of an index, or null, after warnings for what it cannot.
 * A unique index on expressions or on some rows is kept without its uniqueness, which would claim too much.
 */
export function toIndexKey(warnings: Warnings, spec: IndexSpec): KeySpec | null {
  const columns = leadingColumns(spec.parts);
  const cut = columns.length < spec.parts.length;
  warnOfLosses(warnings, spec, { columns, cut });
  if (columns.length === 0) return null;
  const type = spec.type === 'unique' && (cut || spec.partial) ? 'btree' : spec.type;
  return { kind: 'key', type, name: spec.name, columns, offset: spec.offset };
}

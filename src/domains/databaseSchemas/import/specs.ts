/** What the parsers hand to the draft: one neutral description of each DDL statement. All offsets are UTF-16 offsets in the source. */
import type { IndexType, ReferentialAction } from '../model.ts';

/** A name with its optional schema (or database) qualifier. */
export interface QualifiedName {
  schema: string | null;
  name: string;
  offset: number;
}

export interface ColumnSpec {
  name: string;
  type: string;
  notNull: boolean;
  defaultValue: string | null;
  autoIncrement: boolean;
  description: string | null;
  offset: number;
}

/** A primary key, unique constraint or index. */
export interface KeySpec {
  kind: 'key';
  type: IndexType | (string & {});
  name: string | null;
  columns: string[];
  offset: number;
}

export interface ForeignKeySpec {
  kind: 'foreign';
  name: string | null;
  columns: string[];
  table: QualifiedName;
  /** Empty where the source names none: then it is the primary key of the table. */
  toColumns: string[];
  /** Absent for NO ACTION, which is what the databases do unless told otherwise. */
  onDelete?: ReferentialAction;
  onUpdate?: ReferentialAction;
  offset: number;
}

export type ConstraintSpec = KeySpec | ForeignKeySpec;

/** Another table whose columns a table takes over (`LIKE`, `INHERITS`), with its keys where `keys` is true. */
export interface CopySpec {
  table: QualifiedName;
  keys: boolean;
  defaults: boolean;
}

export interface TableSpec {
  table: QualifiedName;
  ifNotExists: boolean;
  description: string | null;
  columns: ColumnSpec[];
  constraints: ConstraintSpec[];
  copies: CopySpec[];
}

/** Where a column goes: at the end (null), first, or after another. */
export type ColumnPlace = { after: string } | 'first' | null;

interface Changes {
  addColumn: { column: ColumnSpec; constraints: ConstraintSpec[]; place: ColumnPlace; ifNotExists: boolean };
  /** MODIFY and CHANGE: the column is defined anew, its keys stay. */
  replaceColumn: { name: string; column: ColumnSpec; constraints: ConstraintSpec[]; place: ColumnPlace };
  dropColumn: { name: string };
  setDefault: { column: string; value: string | null };
  setRequired: { column: string; required: boolean };
  setType: { column: string; type: string };
  setAutoIncrement: { column: string; value: boolean };
  addConstraint: { constraint: ConstraintSpec };
  /** PostgreSQL's `ADD … USING INDEX`: an index becomes a key. */
  promoteIndex: { index: string; name: string | null; type: 'primary' | 'unique' };
  dropConstraint: { name: string };
  dropPrimaryKey: object;
  renameTable: { name: string };
  renameColumn: { from: string; to: string };
  renameConstraint: { from: string; to: string };
  describe: { description: string | null };
  describeColumn: { column: string; description: string | null };
}

/** One change of a table; `kind` is a key of `Changes`. */
export type TableChange = { [K in keyof Changes]: { kind: K; offset: number } & Changes[K] }[keyof Changes];

/** One change of the given kind. */
export type ChangeOf<K extends TableChange['kind']> = Extract<TableChange, { kind: K }>;

/**
 * The body of a database schema: tables with their fields and indexes, relationships between tables, and named enums.
 * Attribute names and the lower-case values are those of the rows in production; optional members came later.
 */

/** One column. `type` is SQL type text as its author wrote it, such as `VARCHAR(160)`, `uuid` or `numeric(10,2)`. */
export interface SchemaField {
  name: string;
  type: string;
  required: boolean;
  unique?: boolean;
  /** SQL expression text, such as `0`, `'draft'` or `now()`; absent or null where the column has no default. */
  defaultValue?: string | null;
  description?: string | null;
  /** True where the database numbers the rows itself (SERIAL, IDENTITY, AUTO_INCREMENT, INTEGER PRIMARY KEY AUTOINCREMENT). */
  autoIncrement?: boolean;
}

/** `primary` holds the columns of the primary key in order; `unique` is a unique constraint or index; the rest are access methods. */
export type IndexType = 'primary' | 'unique' | 'btree' | 'hash' | 'gin' | 'gist' | 'brin' | 'fulltext' | 'spatial';

/** One index or key of a table; `fields` are column names, most significant first. Old rows may carry other `type` texts. */
export interface SchemaIndex {
  name: string;
  fields: string[];
  type: IndexType | (string & {});
}

/** One table. `id` is unique within its schema and stable across edits. */
export interface SchemaTable {
  id: string;
  name: string;
  description?: string | null;
  fields: SchemaField[];
  indexes: SchemaIndex[];
}

export type RelationshipType = 'one-to-one' | 'one-to-many' | 'many-to-many' | 'many-to-one';

/** What the database does with the referring rows; SQL's referential actions. */
export type ReferentialAction = 'no-action' | 'restrict' | 'cascade' | 'set-null' | 'set-default';

/**
 * A relationship between two tables, named by table names. The `from` side holds the foreign key: `orders.customer_id`
 * → `customers.id` is `one-to-many` as old rows call it (one `to` row, many `from` rows), `one-to-one` where the foreign
 * key column is unique. `fromFields`/`toFields` are present for composite keys and then start with `fromField`/`toField`.
 */
export interface SchemaRelationship {
  id: string;
  fromTable: string;
  fromField: string;
  toTable: string;
  toField: string;
  type: RelationshipType | (string & {});
  /** Name of the constraint, where the source named it. */
  name?: string | null;
  fromFields?: string[];
  toFields?: string[];
  onDelete?: ReferentialAction | null;
  onUpdate?: ReferentialAction | null;
}

/** A named list of values that fields use as their type (PostgreSQL `CREATE TYPE … AS ENUM`, DBML `Enum`). */
export interface SchemaEnum {
  name: string;
  values: string[];
}

/** All that a schema designs. */
export interface SchemaBody {
  tables: SchemaTable[];
  relationships: SchemaRelationship[];
  enums?: SchemaEnum[];
}

/** SQL dialects that schemas are read from and written to. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite' | 'mssql';

/**
 * Something that an import or export could not carry over, or changed on the way.
 * `line` and `column` count from 1 and point into the source (imports only); `construct` names what it is about, such as `CHECK constraint`.
 */
export interface ConversionWarning {
  code: string;
  message: string;
  construct: string;
  line?: number;
  column?: number;
}

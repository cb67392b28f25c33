/** Keys, indexes and foreign keys of MySQL and SQLite, as they stand in CREATE TABLE, ALTER TABLE and CREATE INDEX. */
import { type IndexPart, toIndexKey } from '../indexParts.ts';
import { warnOfDeferrable } from '../losses.ts';
import type { ReferentialAction } from '../../model.ts';
import type { ConstraintSpec, ForeignKeySpec, QualifiedName } from '../specs.ts';
import type { TokenReader } from '../tokenReader.ts';
import { tokenValue } from '../tokenText.ts';
import type { Warnings } from '../warnings.ts';

/** What every parser of a table's parts needs. */
export interface TableContext {
  reader: TokenReader;
  warnings: Warnings;
  table: string;
}

/** Takes `name` or `qualifier.name`. */
export function expectQualifiedName(reader: TokenReader, what: string): QualifiedName {
  const { offset } = reader;
  const first = reader.expectName(what);
  if (!reader.takeSymbol('.')) return { schema: null, name: first, offset };
  return { schema: first, name: reader.expectName(what), offset };
}

/** Takes `(a, b)`, plain names. */
export function expectColumnNames(reader: TokenReader): string[] {
  reader.expectSymbol('(');
  const names: string[] = [];
  do {
    names.push(reader.expectName('a column name'));
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  return names;
}

/** Reads what follows a column in an index; null where the part turns out to be an expression. */
function partOptions(reader: TokenReader): string[] | null {
  const dropped: string[] = [];
  if (reader.dialect === 'mysql' && reader.isSymbol('(')) {
    reader.expectBrackets();
    dropped.push('prefix length');
  }
  if (reader.takeWords('COLLATE')) {
    reader.expectName('a collation');
    dropped.push('collation');
  }
  if (reader.takeOneOf('ASC', 'DESC') === 'DESC') dropped.push('descending order');
  return reader.isSymbol(',') || reader.isSymbol(')') ? dropped : null;
}

function expectIndexPart(reader: TokenReader): IndexPart {
  if (reader.isName && (reader.dialect === 'mysql' || !reader.isSymbol('(', 1))) {
    const column = tokenValue(reader.source, reader.next(), reader.dialect);
    const dropped = partOptions(reader);
    if (dropped) return { column, dropped };
    if (reader.dialect === 'mysql') reader.fail('"," or ")"');
  } else if (reader.dialect === 'mysql' && !reader.isSymbol('(')) reader.fail('a column name');
  if (reader.takeItem().length === 0) reader.fail('a column name');
  return { column: null, dropped: [] };
}

/** Takes the bracketed parts of a key or index. */
export function expectIndexParts(reader: TokenReader): IndexPart[] {
  reader.expectSymbol('(');
  const parts: IndexPart[] = [];
  do {
    parts.push(expectIndexPart(reader));
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  return parts;
}

interface IndexOptions {
  method: string | null;
  dropped: string[];
}

/** Takes MySQL's options before and after the parts of an index. */
export function takeIndexOptions(reader: TokenReader): IndexOptions {
  const options: IndexOptions = { method: null, dropped: [] };
  for (;;) {
    if (reader.takeWords('USING') || reader.takeWords('TYPE')) options.method = reader.expectName('BTREE or HASH').toLowerCase();
    else if (reader.takeWords('COMMENT')) {
      reader.expectString('a comment in quotes');
      options.dropped.push('comment');
    } else if (reader.takeWords('WITH', 'PARSER')) options.dropped.push(`parser ${reader.expectName('a parser')}`);
    else if (reader.takeOneOf('VISIBLE', 'NOT_IGNORED') !== undefined) continue;
    else if (reader.takeOneOf('INVISIBLE', 'IGNORED') !== undefined) options.dropped.push('invisibility');
    else if (reader.takeOneOf('KEY_BLOCK_SIZE', 'ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE_ATTRIBUTE', 'ALGORITHM', 'LOCK') !== undefined) {
      reader.takeSymbol('=');
      reader.next();
    } else return options;
  }
}

/** Takes SQLite's `ON CONFLICT …`, which the model does not say. */
export function takeConflictClause({ reader, warnings, table }: TableContext): void {
  const { offset } = reader;
  if (reader.dialect !== 'sqlite' || !reader.takeWords('ON', 'CONFLICT')) return;
  if (reader.takeOneOf('ROLLBACK', 'ABORT', 'FAIL', 'IGNORE', 'REPLACE') === undefined)
    reader.fail('a conflict resolution such as REPLACE');
  const message = (count: number) => `ON CONFLICT clauses of the table "${table}" were dropped (${count}).`;
  warnings.count({ code: 'CONFLICT_CLAUSE', construct: 'ON CONFLICT', group: table, message, offset });
}

interface KeyKind {
  type: string;
  /** Name of a CONSTRAINT clause before it. */
  constraintName: string | null;
  offset: number;
}

/** Takes an index or key after its introducing words: optional name, options, parts, options. */
export function expectKey(context: TableContext, { type, constraintName, offset }: KeyKind): ConstraintSpec | null {
  const { reader, warnings, table } = context;
  const named = reader.isName && !reader.isWords('USING') && !reader.isSymbol('(') ? reader.expectName('an index name') : null;
  const before = takeIndexOptions(reader);
  const parts = expectIndexParts(reader);
  const after = takeIndexOptions(reader);
  takeConflictClause(context);
  const method = before.method ?? after.method;
  // In MySQL the index name wins over the constraint's.
  const name = named ?? constraintName;
  const indexType = type === 'btree' && method === 'hash' ? 'hash' : type;
  return toIndexKey(warnings, {
    table,
    name,
    type: indexType,
    parts,
    partial: false,
    dropped: [...before.dropped, ...after.dropped],
    offset,
  });
}

function expectAction(reader: TokenReader): ReferentialAction | undefined {
  if (reader.takeWords('NO', 'ACTION')) return undefined;
  if (reader.takeWords('SET', 'NULL')) return 'set-null';
  if (reader.takeWords('SET', 'DEFAULT')) return 'set-default';
  if (reader.takeWords('CASCADE')) return 'cascade';
  if (reader.takeWords('RESTRICT')) return 'restrict';
  return reader.fail('CASCADE, RESTRICT, SET NULL, SET DEFAULT or NO ACTION');
}

/** Takes `[NOT] DEFERRABLE [INITIALLY …]`, of which the model says nothing. */
function takeDeferrable({ reader, warnings, table }: TableContext): boolean {
  const { offset } = reader;
  const immediate = reader.takeWords('NOT', 'DEFERRABLE');
  const deferrable = !immediate && reader.takeWords('DEFERRABLE');
  const initially = reader.takeWords('INITIALLY');
  if (initially && reader.takeOneOf('DEFERRED', 'IMMEDIATE') === undefined) reader.fail('DEFERRED or IMMEDIATE');
  if (deferrable) warnOfDeferrable(warnings, table, offset);
  return immediate || deferrable || initially;
}

/** Takes `REFERENCES t [(columns)]` with its actions. */
export function expectReferences(context: TableContext, key: { name: string | null; columns: string[]; offset: number }): ForeignKeySpec {
  const { reader, warnings, table } = context;
  reader.expectWords('REFERENCES');
  const target = expectQualifiedName(reader, 'the name of the table referred to');
  const toColumns = reader.isSymbol('(') ? expectColumnNames(reader) : [];
  const spec: ForeignKeySpec = { kind: 'foreign', ...key, table: target, toColumns };
  for (;;) {
    const { offset } = reader;
    const event = reader.isWords('ON', 'DELETE') || reader.isWords('ON', 'UPDATE') ? reader.word(1) : '';
    if (event !== '') {
      reader.takeWords('ON', event);
      const action = expectAction(reader);
      if (action) spec[event === 'DELETE' ? 'onDelete' : 'onUpdate'] = action;
    } else if (reader.takeWords('MATCH')) {
      const kind = reader.expectName('FULL, PARTIAL or SIMPLE').toUpperCase();
      if (kind === 'SIMPLE') continue;
      const message = `MATCH ${kind} of a foreign key of the table "${table}" was dropped.`;
      warnings.add({ code: 'FOREIGN_KEY_OPTION', construct: 'MATCH', message, offset });
    } else if (!takeDeferrable(context)) return spec;
  }
}

/** Takes a table-level FOREIGN KEY after its two words. */
export function expectForeignKey(context: TableContext, { name, offset }: { name: string | null; offset: number }): ForeignKeySpec {
  const { reader } = context;
  const indexName = reader.dialect === 'mysql' && !reader.isSymbol('(') ? reader.expectName('"("') : null;
  const columns = expectColumnNames(reader);
  return expectReferences(context, { name: name ?? indexName, columns, offset });
}

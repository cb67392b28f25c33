/** DBML, read by the parser of dbdiagram.io. https://dbml.dbdiagram.io/docs */
import { Compiler, DEFAULT_ENTRY, MemoryProjectLayout, type Database, type Enum } from '@dbml/parse';
import { createTable, type Draft } from '../draft.ts';
import { SourceError } from '../result.ts';
import { addReferences, type ManyToManyLink } from './references.ts';
import { toTable } from './table.ts';

/** Parses, and throws a SourceError at the first error of the source. */
function parse(source: string): Database {
  const compiler = new Compiler(new MemoryProjectLayout({ [DEFAULT_ENTRY.absolute]: source }));
  const report = compiler.interpretFile(DEFAULT_ENTRY);
  const [first] = [...report.getErrors()].sort((a, b) => a.start - b.start);
  if (first) throw new SourceError(`DBML: ${first.message.replace(/\.?$/u, '.')}`, first.start);
  const database = report.getValue();
  if (!database) throw new SourceError('The DBML could not be read.', 0);
  return database;
}

function addEnum(draft: Draft, { name, schemaName, values, token }: Enum): void {
  const offset = token.start.offset;
  if (draft.enums.has(name))
    throw new SourceError(`Two enums are named "${name}", and a schema here has one name space: rename one.`, offset);
  draft.enums.set(name, { name, values: values.map((value) => value.name) });
  if (schemaName !== null && schemaName !== 'public') {
    const message = `The qualifier "${schemaName}." of the enum "${name}" was dropped; it keeps its bare name.`;
    draft.warnings.add({ code: 'SCHEMA_QUALIFIER', construct: 'Schema qualifier', message, offset });
  }
  for (const value of values) {
    if (!value.note) continue;
    const message = `The note of the value "${value.name}" of the enum "${name}" was dropped.`;
    draft.warnings.add({ code: 'ENUM_VALUE_NOTE', construct: 'Note', message, offset: value.note.token.start.offset });
  }
}

/** What belongs to diagrams, documents and data, not to a schema. */
function warnOfRest({ warnings }: Draft, database: Database): void {
  const { project, tableGroups, notes, records, deps, diagramViews } = database;
  const rest = [
    ['Project', project ? [project] : []],
    ['TableGroup', tableGroups],
    ['Note', notes],
    ['Records', records],
    ['Dep', deps],
    ['DiagramView', diagramViews],
  ] as const;
  for (const [construct, elements] of rest) {
    for (const { token, ...element } of elements) {
      const name = 'name' in element && element.name ? ` "${element.name}"` : '';
      const message = `${construct}${name} was dropped; a schema has no place for it.`;
      warnings.add({ code: 'NOT_PART_OF_SCHEMA', construct, message, offset: token.start.offset });
    }
  }
}

/** Reads DBML into the draft and returns its many-to-many references. Throws a SourceError for what is not DBML. */
export function readDbml(draft: Draft, source: string): ManyToManyLink[] {
  const database = parse(source);
  for (const one of database.enums) addEnum(draft, one);
  const partials = new Map(database.tablePartials.map((partial) => [partial.name, partial]));
  for (const table of database.tables) createTable(draft, toTable(table, { draft, source, partials }));
  const links = addReferences(draft, database.refs);
  warnOfRest(draft, database);
  return links;
}

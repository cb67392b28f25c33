/** Many-to-many relationships need a table between the two; this adds those that are not there, and says so. */
import type { SchemaBody, SchemaField, SchemaRelationship, SchemaTable } from '../model.ts';
import { isKey, resolveStructure, type ManyToMany, type SchemaStructure, type TableStructure } from './structure.ts';
import type { WarningSink } from './warnings.ts';

/** The key column that a junction refers to: the one that the relationship names where it is a key, else the primary key. */
function keyColumn(table: TableStructure, named: SchemaField): SchemaField | undefined {
  if (isKey(table, [named.name])) return named;
  return table.primaryKey.length === 1 ? table.fields.get(table.primaryKey[0] ?? '') : undefined;
}

/** Names of the tables that already refer to both tables, such as a hand-made junction. */
function existingJunction(structure: SchemaStructure, { left, right }: ManyToMany): string | undefined {
  const referring = new Map<string, number>();
  for (const { child, parent } of structure.foreignKeys) {
    if (child === left || child === right || (parent !== left && parent !== right)) continue;
    const bits = (parent === left ? 1 : 0) | (parent === right ? 2 : 0);
    const before = referring.get(child.table.name) ?? 0;
    const both = left === right ? before > 0 : (before | bits) === 3;
    if (both) return child.table.name;
    referring.set(child.table.name, before | bits);
  }
  return undefined;
}

/** A column of the junction: the key's type, numbered by nobody. */
function junctionField(name: string, key: SchemaField): SchemaField {
  const type = key.type.replace(/\b(big|small)?serial(\d?)\b/iu, (_, size: string | undefined, bytes: string) =>
    (size?.toLowerCase() ?? '') === 'big' || bytes === '8' ? 'bigint' : size || bytes === '2' ? 'smallint' : 'integer',
  );
  return { name, type: type.replace(/\s+identity\b.*$/iu, ''), required: true };
}

interface Junction {
  readonly table: SchemaTable;
  readonly relationships: readonly SchemaRelationship[];
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}_${count}`;
  return name;
}

function makeJunction(pair: ManyToMany, keys: readonly [SchemaField, SchemaField], taken: ReadonlySet<string>): Junction {
  const [left, right] = [pair.left.table.name, pair.right.table.name];
  const name = freeName(`${left}_${right}`, taken);
  const leftName = `${left}_${keys[0].name}`;
  const rightName = freeName(`${right}_${keys[1].name}`, new Set([leftName]));
  const side = (field: string, toTable: string, toField: string): SchemaRelationship => ({
    id: `${pair.relationship.id}:${field}`,
    fromTable: name,
    fromField: field,
    toTable,
    toField,
    type: 'one-to-many',
    onDelete: 'cascade',
  });
  return {
    table: {
      id: `${pair.relationship.id}:junction`,
      name,
      fields: [junctionField(leftName, keys[0]), junctionField(rightName, keys[1])],
      indexes: [
        { name: `${name}_pkey`, fields: [leftName, rightName], type: 'primary' },
        { name: `${name}_${rightName}_idx`, fields: [rightName], type: 'btree' },
      ],
    },
    relationships: [side(leftName, left, keys[0].name), side(rightName, right, keys[1].name)],
  };
}

/**
 * Returns the structure with a junction table for every many-to-many relationship that none of the tables serves yet.
 * Every table that is added, and every relationship that is left out, is reported.
 */
export function withJunctions(body: SchemaBody, warnings: WarningSink): SchemaStructure {
  const structure = resolveStructure(body);
  if (structure.manyToMany.length === 0) return structure;
  const tables = [...body.tables];
  const relationships = [...body.relationships];
  const taken = new Set(tables.map(({ name }) => name));
  for (const pair of structure.manyToMany) {
    const between = `The many-to-many relationship between "${pair.left.table.name}" and "${pair.right.table.name}"`;
    const existing = existingJunction(structure, pair);
    const [left, right] = [keyColumn(pair.left, pair.leftColumn), keyColumn(pair.right, pair.rightColumn)];
    if (existing !== undefined)
      warnings.add('JUNCTION_EXISTS', 'relationship', `${between} is served by the table "${existing}"; nothing is added.`);
    else if (!left || !right) {
      warnings.add(
        'RELATIONSHIP_DROPPED',
        'relationship',
        `${between} is left out: both tables need a primary key of one column for a junction table.`,
      );
    } else {
      const junction = makeJunction(pair, [left, right], taken);
      tables.push(junction.table);
      relationships.push(...junction.relationships);
      taken.add(junction.table.name);
      warnings.add('JUNCTION_ADDED', 'relationship', `${between} needs a table of its own: "${junction.table.name}" is added.`);
    }
  }
  return resolveStructure({ ...body, tables, relationships: relationships.filter(({ type }) => type !== 'many-to-many') });
}

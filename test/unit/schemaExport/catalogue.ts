/** What a database's catalogue must hold after an export of a body whose names every target takes as they are. */
import type { SchemaBody, SchemaRelationship } from '../../../src/domains/databaseSchemas/model.ts';

export interface CatalogueForeignKey {
  table: string;
  columns: string[];
  parent: string;
  parentColumns: string[];
}

/** Tables by `t:` + name (so that `__proto__` is a key like any other), columns in order. */
export interface Catalogue {
  tables: Record<string, { name: string; required: boolean }[]>;
  primaryKeys: Record<string, string[]>;
  foreignKeys: CatalogueForeignKey[];
}

const byText = (a: CatalogueForeignKey, b: CatalogueForeignKey): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Sorts the foreign keys, so that catalogues compare. */
export function sorted(catalogue: Catalogue): Catalogue {
  return { ...catalogue, foreignKeys: [...catalogue.foreignKeys].sort(byText) };
}

function foreignKeyOf(relationship: SchemaRelationship): CatalogueForeignKey {
  return {
    table: relationship.fromTable,
    columns: relationship.fromFields ?? [relationship.fromField],
    parent: relationship.toTable,
    parentColumns: relationship.toFields ?? [relationship.toField],
  };
}

/** Written independently of the exporter: straight from the model. */
export function expectedCatalogue(body: SchemaBody): Catalogue {
  const catalogue: Catalogue = { tables: {}, primaryKeys: {}, foreignKeys: [] };
  for (const table of body.tables) {
    const primary = table.indexes.find(({ type }) => type === 'primary')?.fields ?? [];
    catalogue.tables[`t:${table.name}`] = table.fields.map((field) => ({
      name: field.name,
      required: field.required || primary.includes(field.name),
    }));
    if (primary.length > 0) catalogue.primaryKeys[`t:${table.name}`] = [...primary];
  }
  const seen = new Set<string>();
  for (const relationship of body.relationships) {
    const foreignKey = foreignKeyOf(relationship);
    if (!seen.has(JSON.stringify(foreignKey))) catalogue.foreignKeys.push(foreignKey);
    seen.add(JSON.stringify(foreignKey));
  }
  return sorted(catalogue);
}

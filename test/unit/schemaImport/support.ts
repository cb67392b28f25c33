/** What the import tests share: samples, and results that must have succeeded. */
import { readFileSync } from 'node:fs';
import type { ImportResult } from '../../../src/domains/databaseSchemas/import/index.ts';
import type { SchemaBody, SchemaTable } from '../../../src/domains/databaseSchemas/model.ts';
import { validateSchemaBody } from '../../../src/domains/databaseSchemas/validation.ts';

export const sample = (name: string): string => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');

/** Returns a successful result, whose body the rules for writes must accept; throws with the failure otherwise. */
export function succeed(result: ImportResult): Extract<ImportResult, { ok: true }> {
  if (!result.ok) throw new Error(`${result.line}:${result.column} ${result.message}`);
  const issues = validateSchemaBody(result.body);
  if (issues.length > 0) throw new Error(JSON.stringify(issues[0]));
  return result;
}

export function tableOf(body: SchemaBody, name: string): SchemaTable {
  const table = body.tables.find((candidate) => candidate.name === name);
  if (!table) throw new Error(`no table ${name} among ${body.tables.map((candidate) => candidate.name).join(', ')}`);
  return table;
}

/** Relationships in one line each: `orders(customer_id) > customers(id) one-to-many cascade/-`. */
export function links(body: SchemaBody): string[] {
  return body.relationships
    .map((link) => {
      const from = (link.fromFields ?? [link.fromField]).join();
      const to = (link.toFields ?? [link.toField]).join();
      return `${link.fromTable}(${from}) > ${link.toTable}(${to}) ${link.type} ${link.onDelete ?? '-'}/${link.onUpdate ?? '-'}`;
    })
    .sort();
}

/** Fields in one line each: name, type, then what is said of it. */
export function fields(table: SchemaTable): string[] {
  return table.fields.map((field) =>
    [
      field.name,
      field.type,
      ...(field.required ? ['required'] : []),
      ...(field.unique ? ['unique'] : []),
      ...(field.autoIncrement ? ['auto'] : []),
      ...(field.defaultValue == null ? [] : [`= ${field.defaultValue}`]),
    ].join(' | '),
  );
}

/** Indexes in one line each, sorted. */
export function indexes(table: SchemaTable): string[] {
  return table.indexes.map(({ name, type, fields: columns }) => `${name} ${type} (${columns.join()})`).sort();
}

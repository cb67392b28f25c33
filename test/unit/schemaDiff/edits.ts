/** Random pairs of schema versions: a body with hostile names, and what a few random edits make of it. */
import fc from '../../support/fastCheck.ts';
import type { SchemaBody, SchemaField, SchemaTable } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary, types } from '../schemaExport/arbitrary.ts';

interface Edit {
  readonly kind: keyof typeof edits;
  readonly pick: number;
  readonly other: number;
}

const at = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(list.length, 1)];

const replaceTable = (body: SchemaBody, old: SchemaTable, ...tables: SchemaTable[]): SchemaBody => ({
  ...body,
  tables: body.tables.flatMap((table) => (table === old ? tables : [table])),
});

function withField(body: SchemaBody, { pick, other }: Edit, change: (field: SchemaField) => SchemaField): SchemaBody {
  const table = at(body.tables, pick);
  const chosen = table && at(table.fields, other);
  if (!table) return body;
  return replaceTable(body, table, { ...table, fields: table.fields.map((field) => (field === chosen ? change(field) : field)) });
}

/** One small change each; all of them leave a body of the right shape. */
const edits = {
  removeTable: (body: SchemaBody, { pick }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    return table && body.tables.length > 1 ? replaceTable(body, table) : body;
  },
  copyTable: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    return table ? { ...body, tables: [...body.tables, { ...table, id: `copy${other}`, name: `copy ${other}` }] } : body;
  },
  renameTable: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    if (!table) return body;
    const name = `renamed ${other}`;
    const renamed = (old: string): string => (old === table.name ? name : old);
    const relationships = body.relationships.map((one) => ({ ...one, fromTable: renamed(one.fromTable), toTable: renamed(one.toTable) }));
    return { ...replaceTable(body, table, { ...table, name }), relationships };
  },
  swapTables: (body: SchemaBody, { pick }: Edit): SchemaBody => ({
    ...body,
    tables: [...body.tables.slice(pick % body.tables.length), ...body.tables.slice(0, pick % body.tables.length)],
  }),
  addField: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    const field = { name: `added ${other}`, type: at(types, other) ?? 'int', required: other % 2 === 0 };
    if (!table || table.fields.some(({ name }) => name === field.name)) return body;
    const place = other % (table.fields.length + 1);
    return replaceTable(body, table, { ...table, fields: table.fields.toSpliced(place, 0, field) });
  },
  removeField: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    return table && table.fields.length > 1
      ? replaceTable(body, table, { ...table, fields: table.fields.toSpliced(other % table.fields.length, 1) })
      : body;
  },
  reverseFields: (body: SchemaBody, { pick }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    return table ? replaceTable(body, table, { ...table, fields: table.fields.toReversed() }) : body;
  },
  changeType: (body: SchemaBody, edit: Edit) =>
    withField(body, edit, (field) => ({
      ...field,
      type: at([...types, ...(body.enums ?? []).map(({ name }) => name)], edit.pick * 7 + edit.other)!,
    })),
  toggleRequired: (body: SchemaBody, edit: Edit) => withField(body, edit, (field) => ({ ...field, required: !field.required })),
  toggleUnique: (body: SchemaBody, edit: Edit) => withField(body, edit, (field) => ({ ...field, unique: field.unique !== true })),
  toggleNumbering: (body: SchemaBody, edit: Edit) =>
    withField(body, edit, (field) => ({ ...field, autoIncrement: field.autoIncrement !== true })),
  changeDefault: (body: SchemaBody, edit: Edit) =>
    withField(body, edit, (field) => ({ ...field, defaultValue: at([null, '0', "'x'", 'now()', 'true', "'draft'"], edit.other) ?? null })),
  describe: (body: SchemaBody, edit: Edit) =>
    withField(body, edit, (field) => ({ ...field, description: at([null, "what's it", 'x; -- y'], edit.other) ?? null })),
  removeIndex: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    return table && table.indexes.length > 0
      ? replaceTable(body, table, { ...table, indexes: table.indexes.toSpliced(other % table.indexes.length, 1) })
      : body;
  },
  addIndex: (body: SchemaBody, { pick, other }: Edit): SchemaBody => {
    const table = at(body.tables, pick);
    const field = table && at(table.fields, other);
    const index = { name: `index ${other}`, fields: [field?.name ?? ''], type: at(['btree', 'unique', 'primary', 'gin'], other)! };
    return table ? replaceTable(body, table, { ...table, indexes: [...table.indexes, index] }) : body;
  },
  removeRelationship: (body: SchemaBody, { pick }: Edit): SchemaBody => ({
    ...body,
    relationships: body.relationships.toSpliced(pick % Math.max(body.relationships.length, 1), 1),
  }),
  changeAction: (body: SchemaBody, { pick }: Edit): SchemaBody => ({
    ...body,
    relationships: body.relationships.map((one, index) =>
      index === pick % body.relationships.length ? { ...one, onDelete: one.onDelete === 'cascade' ? null : 'cascade' } : one,
    ),
  }),
  addValue: (body: SchemaBody, { pick, other }: Edit): SchemaBody => ({
    ...body,
    enums: (body.enums ?? []).map((one, index) => {
      const isChosen = index === pick % (body.enums?.length ?? 1) && !one.values.includes('new');
      return isChosen ? { ...one, values: one.values.toSpliced(other % (one.values.length + 1), 0, 'new') } : one;
    }),
  }),
  removeValue: (body: SchemaBody, { pick }: Edit): SchemaBody => ({
    ...body,
    enums: (body.enums ?? []).map((one, index) =>
      index === pick % (body.enums?.length ?? 1) && one.values.length > 1 ? { ...one, values: one.values.slice(1) } : one,
    ),
  }),
  removeEnum: (body: SchemaBody): SchemaBody => {
    const [gone, ...enums] = body.enums ?? [];
    const retype = (field: SchemaField): SchemaField => (field.type === gone?.name ? { ...field, type: 'text' } : field);
    return { ...body, enums, tables: body.tables.map((table) => ({ ...table, fields: table.fields.map(retype) })) };
  },
} satisfies Record<string, (body: SchemaBody, edit: Edit) => SchemaBody>;

const editArbitrary: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(...(Object.keys(edits) as (keyof typeof edits)[])),
  pick: fc.nat({ max: 50 }),
  other: fc.nat({ max: 50 }),
});

/** A body, and the body after one to six edits; now and then a body that has nothing to do with the first. */
export const pairArbitrary: fc.Arbitrary<{ base: SchemaBody; head: SchemaBody }> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(bodyArbitrary, fc.array(editArbitrary, { minLength: 1, maxLength: 6 })).map(([base, list]) => {
      return { base, head: list.reduce((body, edit) => edits[edit.kind](body, edit), base) };
    }),
  },
  { weight: 1, arbitrary: fc.record({ base: bodyArbitrary, head: bodyArbitrary }) },
);

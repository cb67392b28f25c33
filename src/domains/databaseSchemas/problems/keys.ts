/** Rules about keys, foreign keys and indexes. */
import type { SchemaIndex } from '../model.ts';
import { sameColumns, type ForeignKey, type SchemaStructure, type TableStructure } from '../export/structure.ts';
import { postgres } from '../export/sql/postgres.ts';
import type { ReferenceSide } from '../export/sql/dialect.ts';
import { components } from './components.ts';
import { describeForeignKey, fieldPath, foreignKeyPath, indexPath, inEachTable, tablePath, type Finding, type Rule } from './rule.ts';

const fromForeignKeys = (message: (foreignKey: ForeignKey, structure: SchemaStructure) => string | null) => (structure: SchemaStructure) =>
  structure.foreignKeys.flatMap((foreignKey): Finding[] => {
    const text = message(foreignKey, structure);
    return text === null ? [] : [{ path: foreignKeyPath(foreignKey), message: text }];
  });

/** Both sides of each column pair, as PostgreSQL, the strictest about families, would see them. */
function sides(foreignKey: ForeignKey, structure: SchemaStructure): (readonly [ReferenceSide, ReferenceSide])[] {
  const side = (field: ForeignKey['columns'][number] | undefined): ReferenceSide | null => {
    if (!field) return null;
    const type = structure.typeOf(field);
    const enumType = type.kind === 'enum' ? type.name : undefined;
    return { type, sql: postgres.columnType(type, { keyed: true, autoIncrement: false, enumType }).sql };
  };
  return foreignKey.columns.flatMap((column, index) => {
    const [child, parent] = [side(column), side(foreignKey.targetColumns[index])];
    return child && parent ? [[child, parent] as const] : [];
  });
}

const typeMismatch = fromForeignKeys((foreignKey, structure) => {
  const pair = sides(foreignKey, structure).find(([child, parent]) => !postgres.canReference(child, parent));
  if (!pair) return null;
  return `${describeForeignKey(foreignKey)}: ${pair[0].type.text} cannot refer to ${pair[1].type.text}. Give both fields the same type.`;
});

const sizeDiffers = fromForeignKeys((foreignKey, structure) => {
  const pair = sides(foreignKey, structure).find(([child, parent]) => child.sql !== parent.sql && postgres.canReference(child, parent));
  if (!pair) return null;
  return `${describeForeignKey(foreignKey)}: ${pair[0].type.text} and ${pair[1].type.text} differ; MySQL and SQL Server may refuse this. Give both fields the same type.`;
});

/** All column lists that a lookup can use, most significant column first. */
const lookups = (table: TableStructure): (readonly string[])[] => [
  table.primaryKey,
  ...table.uniques.map(({ columns }) => columns),
  ...table.indexes.filter(isOrdered).map(({ fields }) => fields),
];

const isOrdered = ({ type }: Pick<SchemaIndex, 'type'>): boolean => !['gin', 'gist', 'brin', 'fulltext', 'spatial', 'hash'].includes(type);

const notIndexed = fromForeignKeys((foreignKey) => {
  const { child, columns } = foreignKey;
  const names = columns.map(({ name }) => name);
  const hashed = child.indexes.some(({ type, fields }) => type === 'hash' && sameColumns(fields, names));
  if (hashed || lookups(child).some((list) => sameColumns(list.slice(0, names.length), names))) return null;
  return `The foreign key ${describeForeignKey(foreignKey)} has no index: joins and deletes read the whole table. Add an index on ${names.join(', ')}.`;
});

const targetNotUnique = fromForeignKeys((foreignKey) =>
  foreignKey.targetIsKey
    ? null
    : `${describeForeignKey(foreignKey)} refers to fields that are neither a primary nor a unique key; databases refuse it. Make them unique or refer to the primary key.`,
);

const setNullOnRequired = fromForeignKeys((foreignKey) => {
  const { onDelete, onUpdate } = foreignKey.relationship;
  const required = foreignKey.columns.find((column) => column.required || foreignKey.child.primaryKey.includes(column.name));
  if ((onDelete !== 'set-null' && onUpdate !== 'set-null') || !required) return null;
  return `${describeForeignKey(foreignKey)} would set "${required.name}" to NULL, but it is required. Make it optional or choose another action.`;
});

/** Finds foreign keys on cycles in which every step is required: no first row could ever be inserted. */
function circularRequired(structure: SchemaStructure): Finding[] {
  const required = structure.foreignKeys.filter(({ columns, child }) =>
    columns.every((column) => column.required || child.primaryKey.includes(column.name)),
  );
  const component = components(structure.tables, required);
  return required
    .filter(({ child, parent }) => child === parent || component.get(child) === component.get(parent))
    .map((foreignKey) => ({
      path: foreignKeyPath(foreignKey),
      message: `${describeForeignKey(foreignKey)} is part of a circle of required foreign keys: no first row can be inserted. Make one of them optional.`,
    }));
}

interface NamedList {
  readonly name: string;
  readonly columns: readonly string[];
  /** True where it enforces something, so that it cannot go. */
  readonly isKey: boolean;
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index]);

/** Keys first, then indexes, in the order of the table. */
function lists(table: TableStructure): NamedList[] {
  const keys = table.table.indexes.filter(({ type }) => type === 'primary' || type === 'unique');
  const plain = table.indexes.filter(isOrdered);
  return [
    ...keys.map(({ name, fields }) => ({ name, columns: fields, isKey: true })),
    ...table.table.fields
      .filter(({ unique }) => unique === true)
      .map(({ name }) => ({ name: `unique ${name}`, columns: [name], isKey: true })),
    ...plain.map(({ name, fields }) => ({ name, columns: fields, isKey: false })),
  ];
}

const duplicateIndex = inEachTable((table) => {
  const all = lists(table);
  return table.table.indexes.flatMap((index): Finding[] => {
    const own = all.findIndex(({ name, columns }) => name === index.name && sameList(columns, index.fields));
    const other = all.slice(0, Math.max(own, 0)).find(({ columns }) => sameList(columns, index.fields));
    return other
      ? [
          {
            path: indexPath(table, index),
            message: `The index "${index.name}" repeats "${other.name}" on ${index.fields.join(', ')}. Remove one.`,
          },
        ]
      : [];
  });
});

const redundantPrefix = inEachTable((table) => {
  const all = lists(table);
  return all.flatMap((index): Finding[] => {
    const longer = index.isKey
      ? undefined
      : all.find(({ columns }) => columns.length > index.columns.length && sameList(columns.slice(0, index.columns.length), index.columns));
    return longer
      ? [
          {
            path: indexPath(table, index),
            message: `"${longer.name}" begins with the fields of the index "${index.name}" and serves its lookups too. Remove the shorter one.`,
          },
        ]
      : [];
  });
});

const duplicateRelationship = (structure: SchemaStructure): Finding[] => {
  const seen = new Set<string>();
  return structure.body.relationships.flatMap((relationship): Finding[] => {
    const { fromTable, fromField, fromFields, toTable, toField, toFields } = relationship;
    const identity = JSON.stringify([fromTable, fromFields ?? [fromField], toTable, toFields ?? [toField]]);
    const repeated = seen.has(identity);
    seen.add(identity);
    return repeated
      ? [
          {
            path: `relationships.${relationship.id}`,
            message: `The relationship from ${fromTable}.${fromField} to ${toTable}.${toField} is there twice. Remove one.`,
          },
        ]
      : [];
  });
};

export const keyRules: readonly Rule[] = [
  {
    name: 'missing-primary-key',
    severity: 'warning',
    description: 'Every table has a primary key.',
    find: inEachTable((table) =>
      table.primaryKey.length > 0 || table.fields.size === 0
        ? []
        : [{ path: tablePath(table), message: `Table "${table.table.name}" has no primary key: its rows cannot be told apart. Add one.` }],
    ),
  },
  {
    name: 'nullable-primary-key',
    severity: 'warning',
    description: 'Fields of a primary key are required.',
    find: inEachTable((table) =>
      table.table.fields
        .filter((field) => table.primaryKey.includes(field.name) && !field.required)
        .map((field) => ({
          path: fieldPath(table, field),
          message: `"${field.name}" belongs to the primary key but is optional. Mark it as required.`,
        })),
    ),
  },
  {
    name: 'foreign-key-type-mismatch',
    severity: 'error',
    description: 'A foreign key and the field that it refers to have comparable types.',
    find: typeMismatch,
  },
  {
    name: 'foreign-key-size-differs',
    severity: 'warning',
    description: 'A foreign key has exactly the type of the field that it refers to.',
    find: sizeDiffers,
  },
  { name: 'foreign-key-not-indexed', severity: 'warning', description: 'Foreign keys are indexed.', find: notIndexed },
  {
    name: 'foreign-key-target-not-unique',
    severity: 'error',
    description: 'Foreign keys refer to a primary or unique key.',
    find: targetNotUnique,
  },
  {
    name: 'set-null-on-required-field',
    severity: 'error',
    description: 'SET NULL needs an optional foreign key.',
    find: setNullOnRequired,
  },
  {
    name: 'circular-required-foreign-keys',
    severity: 'error',
    description: 'Required foreign keys form no circle.',
    find: circularRequired,
  },
  { name: 'duplicate-index', severity: 'warning', description: 'No index repeats another one.', find: duplicateIndex },
  { name: 'redundant-prefix-index', severity: 'info', description: 'No index is the beginning of another one.', find: redundantPrefix },
  { name: 'duplicate-relationship', severity: 'warning', description: 'No relationship is there twice.', find: duplicateRelationship },
  {
    name: 'nullable-unique',
    severity: 'info',
    description: 'Unique fields are required.',
    find: inEachTable((table) =>
      table.uniques.flatMap(({ columns }) => {
        const field = columns.length === 1 ? table.fields.get(columns[0] ?? '') : undefined;
        return field && !field.required
          ? [
              {
                path: fieldPath(table, field),
                message: `"${field.name}" is unique but optional: most databases allow any number of NULLs, SQL Server one. Mark it as required if every row has it.`,
              },
            ]
          : [];
      }),
    ),
  },
  {
    name: 'broken-relationship',
    severity: 'error',
    description: 'Relationships name tables and fields that exist.',
    find: (structure) =>
      structure.broken.map(({ relationship, reason }) => ({
        path: `relationships.${relationship.id}`,
        message: `The relationship leads nowhere: ${reason}. Correct or remove it.`,
      })),
  },
  {
    name: 'many-to-many-without-table',
    severity: 'info',
    description: 'Many-to-many relationships have a table of their own.',
    find: (structure) =>
      structure.manyToMany.map(({ relationship, left, right }) => ({
        path: `relationships.${relationship.id}`,
        message: `"${left.table.name}" and "${right.table.name}" are related many-to-many, which SQL keeps in a third table. Exports add one unless a table refers to both.`,
      })),
  },
  {
    name: 'isolated-table',
    severity: 'info',
    description: 'Every table is related to another one.',
    find: (structure) => {
      const related = new Set(structure.body.relationships.flatMap(({ fromTable, toTable }) => [fromTable, toTable]));
      const isolated = structure.tables.length > 1 ? structure.tables.filter(({ table }) => !related.has(table.name)) : [];
      return isolated.map((table) => ({
        path: tablePath(table),
        message: `Table "${table.table.name}" is related to no other table. Add a relationship, if there is one.`,
      }));
    },
  },
];

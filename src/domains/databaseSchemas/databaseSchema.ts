/** A database schema as a row: its record, and how input becomes a body. The body's own rules are in validation.ts and problems.ts. */
import type { BodyReference } from '../../data/body.ts';
import { withIds } from '../missingIds.ts';
import type { Edit } from '../projects/project.ts';
import type { IndexType, ReferentialAction, SchemaBody, SchemaRelationship, SchemaTable } from './model.ts';

/** A row of the schemas table. A small body is inline in `tables`, `relationships` and `enums`; see data/body.ts. */
export type DatabaseSchemaRecord = BodyReference & {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  name: string;
  version: number;
  description?: string | null;
  tables?: SchemaTable[];
  relationships?: SchemaRelationship[];
  enums?: SchemaBody['enums'];
  tableCount?: number;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
};

/** Attributes that make up the body. */
export const bodyAttributes = ['tables', 'relationships', 'enums'] as const;

/** How many versions one name may have. */
export const maxVersions = 100;

/** Input of a table, as the SDL's SchemaTableInput. */
export interface TableInput {
  id?: string | null;
  name: string;
  description?: string | null;
  fields: readonly {
    name: string;
    type: string;
    required?: boolean;
    unique?: boolean;
    defaultValue?: string | null;
    description?: string | null;
    autoIncrement?: boolean;
  }[];
  indexes?: readonly { name?: string | null; fields: readonly string[]; type?: string }[];
}

/** Input of a relationship, as the SDL's SchemaRelationshipInput. */
export interface RelationshipInput {
  id?: string | null;
  fromTable: string;
  fromField: string;
  toTable: string;
  toField: string;
  type?: string;
  name?: string | null;
  fromFields?: readonly string[] | null;
  toFields?: readonly string[] | null;
  onDelete?: string | null;
  onUpdate?: string | null;
}

/** Input of a body; what is absent keeps what `current` has. */
export interface BodyInput {
  tables?: readonly TableInput[] | null;
  relationships?: readonly RelationshipInput[] | null;
  enums?: readonly { name: string; values: readonly string[] }[] | null;
}

/** Returns the body that an input makes of the current one. Tables and relationships without an id get one that follows from their names. */
export function bodyFrom(input: BodyInput, current: SchemaBody = { tables: [], relationships: [] }): SchemaBody {
  return {
    tables: input.tables ? withIds(input.tables.map(tableFrom), 'tbl', ({ name }) => name) : current.tables,
    relationships: input.relationships
      ? withIds(
          input.relationships.map(relationshipFrom),
          'rel',
          ({ fromTable, fromField, toTable }) => `${fromTable}_${fromField}_${toTable}`,
        )
      : current.relationships,
    enums: input.enums ? input.enums.map(({ name, values }) => ({ name, values: [...values] })) : (current.enums ?? []),
  };
}

function tableFrom({ id, name, description, fields, indexes }: TableInput): SchemaTable {
  return {
    id: id ?? '',
    name,
    ...(description != null && { description }),
    fields: fields.map((field) => ({
      name: field.name,
      type: field.type,
      required: field.required ?? false,
      unique: field.unique ?? false,
      ...(field.defaultValue != null && { defaultValue: field.defaultValue }),
      ...(field.description != null && { description: field.description }),
      ...(field.autoIncrement && { autoIncrement: true }),
    })),
    indexes: (indexes ?? []).map((index) => ({
      name: index.name ?? indexName(name, index),
      fields: [...index.fields],
      type: (index.type ?? 'btree') as IndexType,
    })),
  };
}

function indexName(table: string, { fields, type }: { fields: readonly string[]; type?: string }): string {
  return type === 'primary' ? `${table}_pkey` : `${table}_${fields.join('_')}_${type === 'unique' ? 'key' : 'idx'}`;
}

function relationshipFrom(input: RelationshipInput): SchemaRelationship {
  return {
    id: input.id ?? '',
    fromTable: input.fromTable,
    fromField: input.fromField,
    toTable: input.toTable,
    toField: input.toField,
    type: input.type ?? 'one-to-many',
    ...(input.name != null && { name: input.name }),
    ...(input.fromFields && { fromFields: [...input.fromFields] }),
    ...(input.toFields && { toFields: [...input.toFields] }),
    ...(input.onDelete != null && { onDelete: input.onDelete as ReferentialAction }),
    ...(input.onUpdate != null && { onUpdate: input.onUpdate as ReferentialAction }),
  };
}

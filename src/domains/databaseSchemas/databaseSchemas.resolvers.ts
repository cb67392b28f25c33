import type {
  DatabaseSchemaResolvers,
  MutationResolvers,
  ProjectResolvers,
  QueryResolvers,
  SchemaFieldResolvers,
  SchemaDiffResolvers,
  SchemaRelationshipResolvers,
  SchemaTableResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { exportSchemaAs, importSchema, problemsOf } from './conversion.service.ts';
import { createSchema, createSchemaVersion, deleteSchema, updateSchema } from './databaseSchemaChanges.service.ts';
import { countTables, findSchema, findSchemaByName, listProjectSchemas, listUserSchemas, listVersions } from './databaseSchemas.service.ts';
import type { SchemaField, SchemaTable } from './model.ts';
import { diffSchemas } from './schemaDiff.service.ts';
import { loadSchemaBody } from './databaseSchemas.store.ts';

export const databaseSchemasResolvers = {
  Query: {
    databaseSchema: (_, { id }, context) => findSchema(context, id),
    schemaDiff: (_, args, context) => diffSchemas(context, args),
  } satisfies QueryResolvers,

  Mutation: {
    schemaCreate: (_, args, context) => payload(() => createSchema(context, args)),
    schemaUpdate: (_, args, context) => payload(() => updateSchema(context, args)),
    schemaVersionCreate: (_, args, context) => payload(() => createSchemaVersion(context, args)),
    schemaDelete: (_, args, context) => payload(() => deleteSchema(context, args)),
    schemaImport: async (_, args, context) => {
      const answer = await payload(() => importSchema(context, args));
      return { ...answer, warnings: answer.warnings ?? [] };
    },
  } satisfies MutationResolvers,

  Project: {
    schemas: (project, args, context) => listProjectSchemas(context, project, args),
    schema: (project, args, context) => findSchemaByName(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    schemas: (user, args, context) => listUserSchemas(context, user, args),
  } satisfies UserResolvers,

  DatabaseSchema: {
    revision: (schema) => schema.revision ?? 1,
    tables: async (schema, _, context) => (await loadSchemaBody(context, schema)).tables,
    relationships: async (schema, _, context) => (await loadSchemaBody(context, schema)).relationships,
    enums: async (schema, _, context) => (await loadSchemaBody(context, schema)).enums ?? [],
    tableCount: (schema, _, context) => countTables(context, schema),
    versions: (schema, args, context) => listVersions(context, schema, args),
    export: (schema, args, context) => exportSchemaAs(context, schema, args),
    problems: (schema, _, context) => problemsOf(context, schema),
    project: (schema, _, context) => findProject(context, schema.projectId),
    createdBy: (schema, _, context) => findUser(context, schema.createdById ?? schema.userId),
  } satisfies DatabaseSchemaResolvers,

  // Rows of the earlier backend may lack whatever was optional there.
  SchemaTable: {
    fields: ({ fields }: Partial<SchemaTable>) => fields ?? [],
    indexes: ({ indexes }: Partial<SchemaTable>) => indexes ?? [],
  } satisfies SchemaTableResolvers,

  SchemaField: {
    required: ({ required }: Partial<SchemaField>) => required ?? false,
    unique: (field) => field.unique ?? false,
    autoIncrement: (field) => field.autoIncrement ?? false,
  } satisfies SchemaFieldResolvers,

  SchemaDiff: {
    forwardSql: (diff) => diff.migration().forwardSql,
    backwardSql: (diff) => diff.migration().backwardSql,
    warnings: (diff) => diff.migration().warnings,
  } satisfies SchemaDiffResolvers,

  SchemaRelationship: {
    fromFields: (relationship) => relationship.fromFields ?? [relationship.fromField],
    toFields: (relationship) => relationship.toFields ?? [relationship.toField],
  } satisfies SchemaRelationshipResolvers,
};

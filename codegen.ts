import { readdirSync, readFileSync } from 'node:fs';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { Kind, parse } from 'graphql';
import clientExample from './examples/client/codegen.ts';
import { storedEnumValue } from './src/graphql/enums.ts';

const model = (module: string, name: string): string => `import('../domains/${module}').${name}`;

/** The record behind each object type that has one. Connections and edges of these types follow by name. */
const records: Record<string, string> = {
  ApiKey: model('users/apiKey.ts', 'ApiKeyRecord'),
  Architecture: model('architectures/architecture.ts', 'ArchitectureRecord'),
  Activity: model('activity/activity.ts', 'ActivityRecord'),
  CodeGeneration: model('codeGenerations/codeGeneration.ts', 'CodeGenerationRecord'),
  GeneratedFile: model('codeGenerations/codeGeneration.ts', 'GeneratedFileRecord'),
  MetricEvent: model('analytics/metricEvent.ts', 'MetricEventRecord'),
  DatabaseSchema: model('databaseSchemas/databaseSchema.ts', 'DatabaseSchemaRecord'),
  Integration: model('integrations/integration.ts', 'IntegrationRecord'),
  Invitation: model('teams/invitation.ts', 'InvitationRecord'),
  Member: model('teams/member.ts', 'MemberRecord'),
  Deployment: model('deployments/deployment.ts', 'DeploymentRecord'),
  DocumentationPage: model('documentation/documentationPage.ts', 'DocumentationPageRecord'),
  DocumentationSearchHit: model('documentation/search.ts', 'SearchHit'),
  Project: model('projects/project.ts', 'ProjectRecord'),
  Settings: model('settings/settings.ts', 'SettingsRecord'),
  User: model('users/user.ts', 'UserRecord'),
};

/** Types whose model is not a record of a table. */
const models: Record<string, string> = {
  Admin: model('admin/admin.service.ts', 'AdminModel'),
  Home: model('home/home.service.ts', 'HomeModel'),
  Dashboard: model('dashboard/dashboard.service.ts', 'DashboardModel'),
  DashboardStats: model('projects/stats.ts', 'Stats'),
  ProjectStats: model('projects/stats.ts', 'Stats'),
  ProjectTrends: model('analytics/trends.service.ts', 'ProjectTrends'),
  Usage: model('dashboard/dashboard.service.ts', 'UsageModel'),
  DeletedCounts: model('payload.ts', 'DeletedCounts'),
  ArchitectureNode: model('architectures/model.ts', 'ArchitectureNode'),
  // Not the edge of a list: that is ArchitectureConnectionEdge.
  ArchitectureEdge: model('architectures/model.ts', 'ArchitectureEdge'),
  ArchitectureConnectionEdge: model('list.ts', `Edge<${model('architectures/architecture.ts', 'ArchitectureRecord')}>`),
  SchemaDiff: model('databaseSchemas/schemaDiff.service.ts', 'SchemaDiffModel'),
  SchemaTable: model('databaseSchemas/model.ts', 'SchemaTable'),
  SchemaField: model('databaseSchemas/model.ts', 'SchemaField'),
  SchemaRelationship: model('databaseSchemas/model.ts', 'SchemaRelationship'),
  PageInfo: model('list.ts', 'PageInfo'),
  Ai: model('ai/chat.service.ts', 'AiModel'),
  AiSchemaProposal: model('ai/generateSchema.service.ts', 'SchemaProposal'),
  DeploymentLogConnection: model('deployments/deploymentLogs.service.ts', 'LogConnection'),
  DeploymentLogLine: model('deployments/deploymentLogFollow.service.ts', 'LogLine'),
  DeploymentLogEdge: model('list.ts', `Edge<${model('deployments/deploymentLog.ts', 'LogEntry')}>`),
  BoundedCount: model('list.ts', 'BoundedCount'),
  Node: `{ __typename: string; id: string }`,
  UserError: `import('../errors.ts').UserErrorEntry`,
  ValidationError: `import('../errors.ts').UserErrorEntry`,
  ConflictError: `import('../errors.ts').UserErrorEntry`,
  GenericError: `import('../errors.ts').UserErrorEntry`,
};

const definitions = readdirSync('schema')
  .filter((file) => file.endsWith('.graphql'))
  .flatMap((file) => parse(readFileSync(`schema/${file}`, 'utf8')).definitions);

const lists: Record<string, string> = {};
const enumValues: Record<string, Record<string, string>> = {};
/** A row may hold a value that no enum has: resolvers return text, the enum turns it into a name or UNKNOWN. */
const enumModels: Record<string, string> = {};
for (const definition of definitions) {
  if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
    enumValues[definition.name.value] = Object.fromEntries(
      (definition.values ?? []).map(({ name }) => [name.value, storedEnumValue(name.value)]),
    );
    enumModels[definition.name.value] = 'string';
  }
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
  const [, type = '', kind = ''] = /^(.+)(Connection|Edge)$/.exec(definition.name.value) ?? [];
  const record = records[type];
  if (record) lists[`${type}${kind}`] = `import('../domains/list.ts').${kind}<${record}>`;
}

const config: CodegenConfig = {
  schema: 'schema/*.graphql',
  errorsOnly: true,
  generates: {
    // The published contract, for consumers: committed, and held against the SDL by `npm run check`.
    'schema.graphql': { plugins: ['schema-ast'], config: { sort: true } },
    'examples/client/src/gql/': {
      ...(clientExample.generates['src/gql/'] as object),
      documents: ['examples/client/src/**/*.ts', '!examples/client/src/gql/**'],
    },
    'src/graphql/generated.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: '../context.ts#Context',
        useTypeImports: true,
        enumsAsTypes: true,
        enumValues,
        mappers: { ...records, ...lists, ...models, ...enumModels },
        defaultScalarType: 'unknown',
        scalars: {
          ID: { input: 'string', output: 'string' },
          DateTime: { input: 'string', output: 'string' },
          URL: { input: 'string', output: 'string' },
          EmailAddress: { input: 'string', output: 'string' },
          JSON: { input: 'unknown', output: 'unknown' },
          JSONObject: { input: 'Record<string, unknown>', output: 'Record<string, unknown>' },
        },
        resolversNonOptionalTypename: false,
        makeResolverTypeCallable: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
      },
    },
  },
};

export default config;

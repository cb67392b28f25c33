/**
 * The twelve tables as production has them, written out by hand: the catalogue and the stack are tested
 * against this list, so it takes nothing from them. A change here is a migration of production data.
 */

/** One table; a key is written `partition:type sort:type`. */
export interface ProductionTable {
  readonly logicalId: string;
  readonly output: string;
  readonly name: string;
  readonly key: string;
  readonly indexes: Readonly<Record<string, string>>;
  readonly stream?: 'NEW_AND_OLD_IMAGES';
  readonly ttl?: 'ttl';
}

export const productionTables: readonly ProductionTable[] = [
  {
    logicalId: 'ProjectsTableAA0A2089',
    output: 'ProjectsTableName',
    name: 'snapinfra-projects',
    key: 'id:S userId:S',
    indexes: { UserIdIndex: 'userId:S createdAt:S', StatusIndex: 'status:S updatedAt:S' },
    stream: 'NEW_AND_OLD_IMAGES',
  },
  {
    logicalId: 'SchemasTable1DC069C3',
    output: 'SchemasTableName',
    name: 'snapinfra-schemas',
    key: 'id:S userId:S',
    indexes: { UserIdIndex: 'userId:S createdAt:S', ProjectIdIndex: 'projectId:S version:N', ProjectIdNameIndex: 'projectId:S name:S' },
  },
  {
    logicalId: 'ArchitecturesTable4088814E',
    output: 'ArchitecturesTableName',
    name: 'snapinfra-architectures',
    key: 'id:S userId:S',
    indexes: { UserIdIndex: 'userId:S createdAt:S', ProjectIdIndex: 'projectId:S updatedAt:S' },
  },
  {
    logicalId: 'CodeGenerationsTable2FC390A7',
    output: 'CodeGenerationsTableName',
    name: 'snapinfra-code-generations',
    key: 'id:S userId:S',
    indexes: {
      UserIdIndex: 'userId:S createdAt:S',
      ProjectIdIndex: 'projectId:S createdAt:S',
      StatusIndex: 'status:S updatedAt:S',
    },
    ttl: 'ttl',
  },
  {
    logicalId: 'DeploymentsTable5D087E52',
    output: 'DeploymentsTableName',
    name: 'snapinfra-deployments',
    key: 'id:S userId:S',
    indexes: {
      UserIdIndex: 'userId:S createdAt:S',
      ProjectIdIndex: 'projectId:S createdAt:S',
      UserIdStatusIndex: 'userId:S status:S',
      EnvironmentIndex: 'environment:S createdAt:S',
    },
    stream: 'NEW_AND_OLD_IMAGES',
  },
  {
    logicalId: 'AnalyticsTable3F84C304',
    output: 'AnalyticsTableName',
    name: 'snapinfra-analytics',
    key: 'id:S timestamp:S',
    indexes: {
      UserIdTimestampIndex: 'userId:S timestamp:S',
      ProjectIdIndex: 'projectId:S timestamp:S',
      MetricIndex: 'metric:S timestamp:S',
    },
    ttl: 'ttl',
  },
  {
    logicalId: 'ActivityTable0B58B12C',
    output: 'ActivityTableName',
    name: 'snapinfra-activity',
    key: 'id:S createdAt:S',
    indexes: {
      UserIdIndex: 'userId:S createdAt:S',
      ProjectIdIndex: 'projectId:S createdAt:S',
      EntityTypeIndex: 'entityType:S createdAt:S',
    },
    ttl: 'ttl',
  },
  {
    logicalId: 'DocumentationTable6C45F44E',
    output: 'DocumentationTableName',
    name: 'snapinfra-documentation',
    key: 'id:S userId:S',
    indexes: {
      UserIdIndex: 'userId:S createdAt:S',
      ProjectIdIndex: 'projectId:S order:N',
      ProjectIdCategoryIndex: 'projectId:S category:S',
    },
  },
  {
    logicalId: 'TeamsTableE80F987E',
    output: 'TeamsTableName',
    name: 'snapinfra-teams',
    key: 'projectId:S userId:S',
    indexes: { UserIdIndex: 'userId:S createdAt:S' },
  },
  {
    logicalId: 'SettingsTable4DB0CCD0',
    output: 'SettingsTableName',
    name: 'snapinfra-settings',
    key: 'userId:S',
    indexes: {},
  },
  {
    logicalId: 'IntegrationsTable781EC78A',
    output: 'IntegrationsTableName',
    name: 'snapinfra-integrations',
    key: 'id:S userId:S',
    indexes: { UserIdIndex: 'userId:S createdAt:S', ProjectIdIndex: 'projectId:S type:S', TypeIndex: 'type:S enabled:S' },
  },
  {
    logicalId: 'UsersTable9725E9C8',
    output: 'UsersTableName',
    name: 'snapinfra-users',
    key: 'id:S',
    indexes: { EmailIndex: 'email:S' },
  },
];

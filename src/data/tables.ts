/**
 * The table catalogue: every DynamoDB table, key, index, stream and TTL attribute of Snapinfra, once.
 * The provisioner, the stores, the CDK stack and the tests read it; it imports nothing.
 * The physical layout is fixed, because production data lives in it.
 */

/** Name of the attribute that carries an item's expiry time, in epoch seconds, where a table has TTL switched on. */
export const ttlAttribute = 'ttl';

/** Every index projects all attributes; this is what a key attribute may be: a string or a number. */
export type AttributeType = 'S' | 'N';

/** The shape of a key: attribute names and types of the partition key and, where there is one, of the sort key. */
export interface KeyDefinition {
  readonly partition: string;
  readonly sort?: string;
}

/** One table of the catalogue. */
export interface TableDefinition {
  /** Name without the configurable prefix (`snapinfra-` by default). */
  readonly name: string;
  /** Stem of the CDK construct id (`<construct>Table`) and of the stack output (`<construct>TableName`). */
  readonly construct: string;
  readonly key: KeyDefinition;
  readonly indexes: Readonly<Record<string, KeyDefinition & { readonly sort?: string }>>;
  /** True where the production table has a stream of new and old images. */
  readonly stream: boolean;
  /** True where items with a `ttl` attribute expire. */
  readonly ttl: boolean;
}

const idAndOwner = { partition: 'id', sort: 'userId' } as const;
const byUser = { partition: 'userId', sort: 'createdAt' } as const;

export const tables = {
  projects: {
    name: 'projects',
    construct: 'Projects',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      StatusIndex: { partition: 'status', sort: 'updatedAt' },
    },
    stream: true,
    ttl: false,
  },
  schemas: {
    name: 'schemas',
    construct: 'Schemas',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'version' },
      ProjectIdNameIndex: { partition: 'projectId', sort: 'name' },
    },
    stream: false,
    ttl: false,
  },
  architectures: {
    name: 'architectures',
    construct: 'Architectures',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'updatedAt' },
    },
    stream: false,
    ttl: false,
  },
  codeGenerations: {
    name: 'code-generations',
    construct: 'CodeGenerations',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'createdAt' },
      StatusIndex: { partition: 'status', sort: 'updatedAt' },
    },
    stream: false,
    ttl: true,
  },
  deployments: {
    name: 'deployments',
    construct: 'Deployments',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'createdAt' },
      UserIdStatusIndex: { partition: 'userId', sort: 'status' },
      EnvironmentIndex: { partition: 'environment', sort: 'createdAt' },
    },
    stream: true,
    ttl: false,
  },
  analytics: {
    name: 'analytics',
    construct: 'Analytics',
    key: { partition: 'id', sort: 'timestamp' },
    indexes: {
      UserIdTimestampIndex: { partition: 'userId', sort: 'timestamp' },
      ProjectIdIndex: { partition: 'projectId', sort: 'timestamp' },
      MetricIndex: { partition: 'metric', sort: 'timestamp' },
    },
    stream: false,
    ttl: true,
  },
  activity: {
    name: 'activity',
    construct: 'Activity',
    key: { partition: 'id', sort: 'createdAt' },
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'createdAt' },
      EntityTypeIndex: { partition: 'entityType', sort: 'createdAt' },
    },
    stream: false,
    ttl: true,
  },
  documentation: {
    name: 'documentation',
    construct: 'Documentation',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'order' },
      ProjectIdCategoryIndex: { partition: 'projectId', sort: 'category' },
    },
    stream: false,
    ttl: false,
  },
  teams: {
    name: 'teams',
    construct: 'Teams',
    key: { partition: 'projectId', sort: 'userId' },
    indexes: { UserIdIndex: byUser },
    stream: false,
    ttl: false,
  },
  settings: {
    name: 'settings',
    construct: 'Settings',
    key: { partition: 'userId' },
    indexes: {},
    stream: false,
    ttl: false,
  },
  integrations: {
    name: 'integrations',
    construct: 'Integrations',
    key: idAndOwner,
    indexes: {
      UserIdIndex: byUser,
      ProjectIdIndex: { partition: 'projectId', sort: 'type' },
      TypeIndex: { partition: 'type', sort: 'enabled' },
    },
    stream: false,
    ttl: false,
  },
  users: {
    name: 'users',
    construct: 'Users',
    key: { partition: 'id' },
    indexes: { EmailIndex: { partition: 'email' } },
    stream: false,
    ttl: false,
  },
} as const satisfies Record<string, TableDefinition>;

/** The catalogue itself, as a type. */
export type Tables = typeof tables;

/** Key of a table in the catalogue, such as `codeGenerations`. */
export type TableId = keyof Tables;

/** Name of an index of the table `T`; a name that the table does not have does not compile. */
export type IndexName<T extends TableId> = keyof Tables[T]['indexes'] & string;

type AttributeOf<K> = K extends { partition: infer P extends string; sort: infer S extends string }
  ? P | S
  : K extends { partition: infer P extends string }
    ? P
    : never;

/** Attributes of the primary key of the table `T`. */
export type KeyAttribute<T extends TableId> = AttributeOf<Tables[T]['key']>;

/** Returns the key of a table, or of one of its indexes. Throws for an index that the table does not have. */
export function keyOf(table: TableId, index?: string): KeyDefinition {
  const definition: TableDefinition = tables[table];
  const key = index === undefined ? definition.key : definition.indexes[index];
  if (!key) throw new Error(`The catalogue has no index ${String(index)} of ${table}.`);
  return key;
}

/** Key attributes that hold numbers; every other key attribute is a string. */
const numericKeys: ReadonlySet<string> = new Set(['schemas.version', 'documentation.order']);

/** Returns the DynamoDB type of a key attribute: `N` for a schema's version and a page's order, `S` for all others. */
export function keyAttributeType(table: TableId, attribute: string): AttributeType {
  return numericKeys.has(`${table}.${attribute}`) ? 'N' : 'S';
}

/** Returns the physical name of a table, such as `snapinfra-code-generations` for the prefix `snapinfra-`. */
export function tableName(table: TableId, prefix: string): string {
  return `${prefix}${tables[table].name}`;
}

/**
 * Returns the index that lists all rows of a project, or undefined for tables without one. For documentation that is not
 * ProjectIdIndex: rows of the earlier backend may lack `order`, and then they are in no index that sorts by it.
 */
export function projectRowsIndex(table: TableId): 'ProjectIdIndex' | 'ProjectIdCategoryIndex' | undefined {
  if (table === 'documentation') return 'ProjectIdCategoryIndex';
  return 'ProjectIdIndex' in tables[table].indexes ? 'ProjectIdIndex' : undefined;
}

/** Returns the index that lists all rows of an owner by time, newest or oldest first, or undefined for tables without one. */
export function ownerRowsIndex(table: TableId): 'UserIdIndex' | 'UserIdTimestampIndex' | undefined {
  if ('UserIdTimestampIndex' in tables[table].indexes) return 'UserIdTimestampIndex';
  return 'UserIdIndex' in tables[table].indexes ? 'UserIdIndex' : undefined;
}

/** All table ids, in the order of the catalogue. */
export const tableIds = Object.keys(tables) as TableId[];

/** Prefixes of the identifiers that this API gives out, and where the objects behind them live. */
export const idPrefixes = {
  prj: 'projects',
  sch: 'schemas',
  arc: 'architectures',
  gen: 'codeGenerations',
  dep: 'deployments',
  evt: 'analytics',
  act: 'activity',
  doc: 'documentation',
  inv: 'teams',
  int: 'integrations',
  usr: 'users',
  key: 'users',
} as const satisfies Record<string, TableId>;

/** Prefix of an id of this API, such as `prj`. */
export type IdPrefix = keyof typeof idPrefixes;

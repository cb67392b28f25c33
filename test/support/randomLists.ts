/** The lists of a project, as random queries select from them. */

interface ChildList {
  /** Everything that can be selected of a row and follows from its attributes. */
  fields: readonly string[];
  /** Orders and filters. `@0` stands for the id of a person of the world. */
  args: readonly string[];
  /** Whether it has `totalCount`, and `countUpTo`. */
  total: boolean;
  counts: boolean;
}

const shared = ['id', 'createdAt', 'updatedAt', 'createdBy { id }', 'project { id name }'] as const;

export const childLists = {
  schemas: {
    fields: [...shared, 'name', 'version', 'revision', 'description', 'tableCount', 'tables { name }', 'relationships { id }'],
    args: ['orderBy: { direction: ASC }', 'orderBy: { field: VERSION, direction: DESC }'],
    total: true,
    counts: true,
  },
  architectures: {
    fields: [...shared, 'name', 'revision', 'description', 'nodeCount', 'edgeCount', 'nodes { id }', 'metadata'],
    args: ['orderBy: { direction: ASC }'],
    total: true,
    counts: true,
  },
  codeGenerations: {
    fields: [...shared, 'type', 'prompt', 'status', 'progress', 'error', 'expiresAt', 'files(first: 1) { nodes { path size } }'],
    args: [''],
    total: false,
    counts: true,
  },
  deployments: {
    fields: [
      ...[...shared, 'status', 'environment', 'provider', 'version', 'url', 'metadata', 'revision', 'allowedTransitions'],
      ...['timing { queuedAt startedAt finishedAt durationSeconds }', 'codeGenerationId'],
    ],
    args: [
      ...['orderBy: { direction: ASC }', 'filter: { status: SUCCESS }', 'filter: { environment: STAGING }'],
      'orderBy: { direction: ASC }, filter: { environment: PRODUCTION, status: FAILED }',
    ],
    total: false,
    counts: true,
  },
  activity: {
    fields: ['id', 'createdAt', 'action', 'entityType', 'entityId', 'entityName', 'changedFields', 'metadata', 'actorId', 'project { id }'],
    args: ['filter: { entityType: DEPLOYMENT }', 'filter: { actorId: "@0" }', 'filter: { action: "created", actorId: "@1" }'],
    total: false,
    counts: true,
  },
  metricEvents: {
    fields: ['id', 'metric', 'value', 'timestamp', 'dimensions', 'expiresAt', 'project { id }'],
    args: [
      ...['metric: "errors"', 'from: "2026-01-01T00:00:00.010Z"', 'to: "2026-01-01T00:00:00.030Z"'],
      'metric: "http.requests", from: "2026-01-01T00:00:00.005Z", to: "2026-01-01T00:00:00.120Z"',
    ],
    total: false,
    counts: true,
  },
  documentation: {
    fields: [...shared, 'title', 'content', 'contentBytes', 'excerpt', 'category', 'tags', 'order', 'revision'],
    args: ['category: "guides"', 'category: "nothing"'],
    total: true,
    counts: true,
  },
  integrations: {
    fields: [...shared, 'type', 'name', 'enabled', 'config', 'syncState', 'lastSyncedAt', 'revision'],
    args: ['type: GITHUB', 'type: STRIPE'],
    total: true,
    counts: false,
  },
} as const satisfies Record<string, ChildList>;

/** Name of a list of `Project`. */
export type ListName = keyof typeof childLists;

/** The lists that pages of projects show most come most often. */
export const listNames: readonly ListName[] = [
  ...(Object.keys(childLists) as ListName[]),
  ...(['schemas', 'deployments', 'activity', 'activity', 'deployments'] as const),
];

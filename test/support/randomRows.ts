/** Random rows of the child tables, in the shapes that this API and the earlier backend write. */
import fc from './fastCheck.ts';
import type { Row } from '../../src/data/connection.ts';
import type { IdPrefix, TableId } from '../../src/data/tables.ts';

/** Tables whose rows projects list. */
export const childTables = [
  'schemas',
  'architectures',
  'codeGenerations',
  'deployments',
  'analytics',
  'activity',
  'documentation',
  'integrations',
] as const satisfies readonly TableId[];

export type ChildTable = (typeof childTables)[number];

/** What is random about a row; every table takes from it what it needs. */
export interface RowPlan {
  /** Milliseconds since the beginning of the world: few, so that many rows have the same time. */
  tick: number;
  /** When it was changed, likewise. */
  changed: number;
  /** A version or an order. */
  number: number;
  /** Chooses names and enum values. */
  word: number;
  creator: number;
  /** Decides the order of rows with the same sort key. */
  suffix: number;
  /** Expired, or under deletion, where the table has that. */
  isGone: boolean;
  /** As the earlier backend wrote it. */
  isOld: boolean;
}

export const rowPlan = fc.record<RowPlan>({
  tick: fc.nat({ max: 60 }),
  changed: fc.nat({ max: 20 }),
  number: fc.integer({ min: 1, max: 5 }),
  word: fc.nat({ max: 23 }),
  creator: fc.nat({ max: 11 }),
  suffix: fc.nat({ max: 0xffff }),
  isGone: fc.nat({ max: 5 }).map((value) => value === 0),
  isOld: fc.boolean(),
});

const start = Date.parse('2026-01-01T00:00:00.000Z');

/** Returns a time of the world in ISO 8601. */
export function timeAt(tick: number): string {
  return new Date(start + tick).toISOString();
}

/** What a row's surroundings give it. */
export interface RowPlace {
  /** Makes its id unique. */
  tag: string;
  projectId: string;
  userId: string;
  createdById: string;
}

const prefixes: Record<ChildTable, IdPrefix> = {
  ...{ schemas: 'sch', architectures: 'arc', codeGenerations: 'gen', deployments: 'dep' },
  ...{ analytics: 'evt', activity: 'act', documentation: 'doc', integrations: 'int' },
};

/** Returns the row of a plan. */
export function rowFrom(table: ChildTable, plan: RowPlan, { tag, projectId, userId, createdById }: RowPlace): Row {
  const suffix = plan.suffix.toString(16).padStart(4, '0');
  const id = plan.isOld ? `${suffix}-${tag}` : `${prefixes[table]}_${suffix}${tag}`;
  const times = { createdAt: timeAt(plan.tick), updatedAt: timeAt(plan.tick + plan.changed) };
  const ours = plan.isOld ? {} : { createdById, revision: plan.number };
  return { id, userId, projectId, ...(table === 'analytics' || table === 'activity' ? {} : { ...times, ...ours }), ...fields[table](plan) };
}

const word = <T>(words: readonly T[], place: number): T => words[place % words.length] as T;
const farFuture = 4_000_000_000;
const longAgo = 1_000;

/** Rows of the earlier backend never expire. */
function ttlOf({ isGone, isOld }: RowPlan): Row {
  return isGone ? { ttl: longAgo } : isOld ? {} : { ttl: farFuture };
}

const fields: Record<ChildTable, (plan: RowPlan) => Row> = {
  schemas: ({ number, word: place, isOld }) => ({
    name: `schema-${place % 3}`,
    version: number,
    ...(place % 2 === 0 && { description: `About ${place}` }),
    tables: Array.from({ length: place % 3 }, (_, i) => ({ id: `t${i}`, name: `table_${i}`, fields: [{ name: 'id', type: 'uuid' }] })),
    relationships: [],
    ...(!isOld && { tableCount: place % 3, enums: [] }),
  }),
  architectures: ({ word: place, isOld }) => ({
    name: `System ${place % 4}`,
    nodes: [{ id: 'api', type: 'api', label: 'API' }],
    edges: [],
    ...(isOld ? {} : { nodeCount: 1, edgeCount: 0, description: 'Drawn' }),
  }),
  codeGenerations: (plan) => ({
    type: word(['api', 'model', 'full-stack', 'of-another-time'], plan.word),
    prompt: `Prompt ${plan.word}`,
    status: word(['pending', 'generating', 'completed', 'failed'], plan.word),
    ...(plan.word % 4 === 1 && { progress: 0.5 }),
    ...(plan.word % 4 === 3 && { error: 'It failed' }),
    generatedCode: [{ path: `src/${plan.word}.ts`, content: 'export {};\n', language: 'typescript' }],
    ...ttlOf(plan),
  }),
  deployments: ({ tick, number, word: place, isGone, isOld }) => ({
    environment: word(['development', 'staging', 'production'], place),
    status: isGone ? 'deleting' : word(['pending', 'deploying', 'success', 'failed', 'rolled-back'], place),
    provider: word(['aws', 'vercel', 'heroku'], place),
    version: `${number}.0`,
    ...(place % 2 === 0 && { url: 'https://example.com/', metadata: { commit: `c${place}` } }),
    ...(!isOld && { startedAt: timeAt(tick + 1), finishedAt: timeAt(tick + number) }),
  }),
  analytics: (plan) => ({
    timestamp: timeAt(plan.tick),
    metric: word(['http.requests', 'errors'], plan.word),
    value: plan.number / 2,
    ...(plan.isOld ? {} : { dimensions: { region: `r${plan.word}` } }),
    ...ttlOf(plan),
  }),
  activity: (plan) => ({
    createdAt: timeAt(plan.tick),
    action: word(['created', 'updated', 'deployed the shop'], plan.word),
    entityType: word(['schema', 'deployment', 'custom'], plan.word),
    entityId: `entity-${plan.word}`,
    ...(!plan.isOld && { metadata: { entityName: `Thing ${plan.word}`, changedFields: ['name'] }, ipAddress: '203.0.113.7' }),
    ...ttlOf(plan),
  }),
  documentation: ({ number, word: place, isOld }) => ({
    title: `Page ${place}`,
    content: `# Page ${place}`,
    category: word(['guides', 'reference', 'general'], place),
    // Such rows are in no index that sorts by order, but in the one of their owner.
    ...(!(isOld && place % 3 === 0) && { order: number * 512 }),
    ...(!isOld && { tags: ['one'], excerpt: `Page ${place}`, contentBytes: 8 }),
  }),
  integrations: ({ number, word: place, isOld }) => ({
    type: word(['github', 'slack', 'of-another-time'], place),
    name: `Integration ${number}`,
    enabled: place % 2 === 0 ? 'true' : 'false',
    config: { owner: 'octocat' },
    ...(!isOld && { syncState: { repositories: number }, lastSyncedAt: timeAt(number) }),
  }),
};

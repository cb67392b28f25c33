/** The rows of the seed: what a project's members would have made in three months, in the shape that the API writes. */
import { TypeID } from 'typeid-js';
import type { Row } from '../../src/data/connection.ts';
import type { TableId } from '../../src/data/tables.ts';

/** How work is spread over the projects of an owner: all of them all the time, or one after the other. */
export type Spread = 'interleaved' | 'bursts';

/** Rows by table, as they are put. */
export type SeedRow = { readonly table: TableId; readonly put: Row };

/** What is made for one owner. */
export interface SeedPlan {
  readonly ownerId: string;
  readonly projectIds: readonly string[];
  readonly spread: Spread;
  /** The end of the three months, in epoch milliseconds. */
  readonly now: number;
  readonly random: () => number;
}

/** How many of each relation a project has: more than any page shows. */
const perProject = { least: 8, most: 12 };
const days = 90;
const msPerDay = 86_400_000;
const secondsPerYear = 365 * 86_400;

/** When a project's object came to be, and the how many-th of its kind it is, from 0. */
interface Moment {
  readonly projectId: string;
  readonly nth: number;
  readonly at: number;
}

function whole(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

function oneOf<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

/** Returns when each project's objects were made. Every moment is another one, and every project's are in order. */
export function spreadMoments({ projectIds, spread, now, random }: Omit<SeedPlan, 'ownerId'>): Moment[] {
  const counts = projectIds.map((projectId) => ({ projectId, count: whole(random, perProject.least, perProject.most) }));
  const slots =
    spread === 'bursts'
      ? counts.flatMap(({ projectId, count }) => Array.from({ length: count }, (_, nth) => ({ projectId, nth })))
      : interleave(counts, random);
  const step = (days * msPerDay) / slots.length;
  return slots.map((slot, i) => ({ ...slot, at: Math.floor(now - days * msPerDay + step * (i + 0.1 + 0.8 * random())) }));
}

/** Gives every project its turns in random order; what a project has more or less of than others is spread over the whole time. */
function interleave(counts: readonly { projectId: string; count: number }[], random: () => number): { projectId: string; nth: number }[] {
  const turns = counts.flatMap(({ projectId, count }) =>
    Array.from({ length: count }, (_, nth) => ({ projectId, nth, place: (nth + random()) / count })),
  );
  return turns.sort((a, b) => a.place - b.place).map(({ projectId, nth }) => ({ projectId, nth }));
}

/** Returns an id with the time of a moment in it, as the API makes them (TypeID over UUIDv7, RFC 9562 5.7). */
function idAt(prefix: string, at: number, random: () => number): string {
  const time = at.toString(16).padStart(12, '0');
  const digits = Array.from({ length: 18 }, () => whole(random, 0, 15).toString(16)).join('');
  const uuid = `${time.slice(0, 8)}-${time.slice(8)}-7${digits.slice(0, 3)}-8${digits.slice(3, 6)}-${digits.slice(6)}`;
  return TypeID.fromUUID(prefix, uuid).toString();
}

type RowMaker = (plan: SeedPlan, moment: Moment) => Row;

/** What every row of a child table has. */
function common({ ownerId, random }: SeedPlan, prefix: string, { projectId, at }: Moment): Row {
  const createdAt = new Date(at).toISOString();
  return { id: idAt(prefix, at, random), userId: ownerId, createdById: ownerId, projectId, createdAt, updatedAt: createdAt, revision: 1 };
}

const columns = ['email', 'name', 'status', 'total', 'currency', 'created_at', 'updated_at', 'note'];

const schemaRow: RowMaker = (plan, moment) => {
  const tables = ['customers', 'orders'].map((name) => ({
    id: `tbl_${name}`,
    name,
    fields: [
      { name: 'id', type: 'uuid', required: true, unique: true },
      ...columns
        .slice(0, whole(plan.random, 3, columns.length))
        .map((column) => ({ name: column, type: 'text', required: false, unique: false })),
    ],
    indexes: [{ name: `${name}_pkey`, fields: ['id'], type: 'primary' }],
  }));
  return {
    ...common(plan, 'sch', moment),
    name: 'main',
    version: moment.nth + 1,
    tables,
    relationships: [],
    enums: [],
    tableCount: tables.length,
  };
};

const deploymentRow: RowMaker = (plan, moment) => {
  const { random } = plan;
  const row = common(plan, 'dep', moment);
  const status = oneOf(random, ['success', 'success', 'success', 'failed', 'cancelled']);
  const at = (minutes: number): string => new Date(moment.at + minutes * 60_000).toISOString();
  return {
    ...row,
    status,
    environment: oneOf(random, ['production', 'staging', 'development']),
    provider: oneOf(random, ['aws', 'vercel', 'gcp']),
    version: `1.${moment.nth}.0`,
    metadata: { commit: String(row['id']).slice(-12), branch: 'main' },
    ...{ startedAt: at(1), finishedAt: at(4), updatedAt: at(4), revision: 3 },
  };
};

const activityRow: RowMaker = (plan, moment) => {
  const { id, userId, projectId, createdAt } = common(plan, 'act', moment);
  const entityType = oneOf(plan.random, ['schema', 'deployment']);
  const entityId = idAt(entityType === 'schema' ? 'sch' : 'dep', moment.at, plan.random);
  return {
    ...{ id, userId, projectId, createdAt, entityType, entityId },
    action: oneOf(plan.random, ['created', 'updated']),
    metadata: { entityName: 'main', changedFields: ['name', 'description'] },
    ipAddress: '192.0.2.10',
    ttl: Math.floor(moment.at / 1000) + secondsPerYear,
  };
};

/** Returns the rows of an owner's projects. The same plan with the same random numbers gives the same rows. */
export function seedRows(plan: SeedPlan): SeedRow[] {
  const make = (table: TableId, maker: RowMaker): SeedRow[] => spreadMoments(plan).map((moment) => ({ table, put: maker(plan, moment) }));
  const schemas = make('schemas', schemaRow);
  return [...schemas, ...versionCounters(schemas), ...make('deployments', deploymentRow), ...make('activity', activityRow)];
}

/** Returns the items that count the versions of each schema name (see databaseSchemas.store.ts). */
function versionCounters(schemas: readonly SeedRow[]): SeedRow[] {
  const versions = new Map<string, number>();
  for (const { put } of schemas)
    versions.set(String(put['projectId']), Math.max(Number(put['version']), versions.get(String(put['projectId'])) ?? 0));
  return [...versions].map(([projectId, latest]) => ({
    table: 'schemas',
    put: { id: `name#${projectId}#main`, userId: '-', latest, versions: latest },
  }));
}

/** Returns deployments of one project, all in the past, for lists that are long. */
export function manyDeployments(plan: SeedPlan, count: number): SeedRow[] {
  const [projectId = ''] = plan.projectIds;
  return Array.from({ length: count }, (_, nth) => ({
    table: 'deployments',
    put: deploymentRow(plan, { projectId, nth, at: plan.now - days * msPerDay + nth * 100 }),
  }));
}

/** Returns the row of a code generation without its body, and the body: one file of `bytes` random characters, which do not compress. */
export function generationOf(plan: SeedPlan, nth: number, bytes: number): { row: Row & { id: string; userId: string }; body: Row } {
  const moment = { projectId: plan.projectIds[0] ?? '', nth, at: plan.now - nth * msPerDay };
  const { id, userId, createdById, projectId, createdAt, updatedAt } = common(plan, 'gen', moment);
  const row = {
    ...{ id, userId, createdById, projectId, createdAt, updatedAt },
    type: 'api',
    prompt: 'A web shop',
    status: 'completed',
    ttl: Math.floor(plan.now / 1000) + 30 * 86_400,
  };
  const content = Array.from({ length: bytes }, () => String.fromCharCode(whole(plan.random, 33, 126))).join('');
  return {
    row: row as unknown as Row & { id: string; userId: string },
    body: { generatedCode: [{ path: 'src/index.ts', content, language: 'typescript' }] },
  };
}

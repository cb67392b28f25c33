/**
 * Counting generations down when they expire. DynamoDB removes expired rows by itself, within days, and no counter hears of it.
 * So each counted generation that expires has a marker, which StatusIndex sorts by the time of expiry. Who removes the
 * marker counts the generation down in the same transaction: so that happens once, whoever deletes it, and also where
 * DynamoDB has removed the row long before. The marker itself never expires.
 */
import type { Services } from '../../context.ts';
import { connect, type Connection, type Row, type Write } from '../../data/connection.ts';
import { countWrites } from '../../data/counters.ts';
import { createLoaders } from '../../data/loaders.ts';
import { walkPartition } from '../../data/page.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { projectStays, readVisibleProject } from '../projects/projects.store.ts';
import { deletingStatus, type CodeGenerationRecord } from './codeGeneration.ts';
import { removeGeneration } from './codeGenerations.store.ts';

const markerStatus = 'expiring';

/** A marker as it is stored. Its names keep it out of the indexes of projects and users, and out of every list. */
interface ExpiryMarker extends Row {
  generationId: string;
  status: typeof markerStatus;
  /** When the generation expires, ISO 8601: what StatusIndex sorts by. */
  updatedAt: string;
  ofProject: string;
}

/** Returns the key of the marker of a generation: in a partition of its own, since its row moves to new owners. */
export function expiryKey(generationId: string): Row {
  return { id: `expiry#${generationId}`, userId: '-' };
}

/** Returns the writes that leave a marker for a counted generation, in place of an earlier one; none for one that never expires. */
export function putExpiry({ id, projectId, ttl }: Row): Write[] {
  if (typeof ttl !== 'number') return [];
  const updatedAt = new Date(ttl * 1000).toISOString();
  const generationId = String(id);
  const item = { ...expiryKey(generationId), generationId, status: markerStatus, updatedAt, ofProject: projectId };
  return [{ kind: 'put', table: 'codeGenerations', item }];
}

/** Returns the write that takes the marker of a generation away, if there is one; for who counts it down. */
export function removeExpiry(id: string): Write {
  return { kind: 'delete', table: 'codeGenerations', key: expiryKey(id) };
}

/** So much later than its expiry a generation is counted down: by then it is gone for instances whose clock is behind, too. */
const clockDifferenceMs = 60_000;

/** Counts down and removes all generations that have expired. Run at the start of the process and now and then. */
export async function removeExpired(services: Services, signal: AbortSignal): Promise<void> {
  const connection = connect(services.database, { signal });
  await countDownExpired(connection, new Date(Date.now() - clockDifferenceMs));
}

/** Counts down and removes the generations that expired before `time`. */
export async function countDownExpired(connection: Connection, time: Date): Promise<void> {
  const range = { to: time.toISOString() };
  const request = { table: 'codeGenerations', index: 'StatusIndex', partition: markerStatus, range, limit: 100 } as const;
  for await (const markers of walkPartition(connection, request)) {
    for (const marker of markers) await expire(connection, marker as ExpiryMarker);
  }
}

/** Where something else was written meanwhile (it is kept longer, deleted, its project has another owner), the next run looks again. */
async function expire(connection: Connection, { generationId: id, updatedAt, ofProject: projectId }: ExpiryMarker): Promise<void> {
  const generation = await readGeneration(connection, id);
  const project = await readVisibleProject(connection, projectId);
  const taken: Write = { kind: 'delete', table: 'codeGenerations', key: expiryKey(id), condition: { exists: true, equals: { updatedAt } } };
  const counted = project
    ? [projectStays(project), ...countWrites([{ ownerId: project.userId, projectId, by: { codeGenerations: -1 } }])]
    : [];
  if (!(await tryTransact(connection, [taken, ...hide(generation), ...counted]))) return;
  if (generation) await removeGeneration(connection, generation);
}

/** Returns the row of a generation, expired or not, or null where DynamoDB has removed it. */
async function readGeneration(connection: Connection, id: string): Promise<CodeGenerationRecord | null> {
  const loaders = createLoaders(connection, { nowSeconds: () => Math.floor(Date.now() / 1000) });
  return (await loaders.byId('codeGenerations').load({ id })) as CodeGenerationRecord | null;
}

/** Gone for everyone, as if deleted: what a stop leaves behind is found by the maintenance. */
function hide(generation: CodeGenerationRecord | null): Write[] {
  if (!generation) return [];
  const { id, userId, status, ttl } = generation;
  const condition = { exists: true, equals: { status, ttl } };
  return [{ kind: 'update', table: 'codeGenerations', key: { id, userId }, changes: { set: { status: deletingStatus } }, condition }];
}

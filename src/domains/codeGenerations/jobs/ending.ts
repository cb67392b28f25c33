/** How jobs end: with their files, or with a sentence that says why there are none. Each is one transaction with its activity row. */
import type { Services } from '../../../context.ts';
import { BodyTooLarge, removeBody, storeBody, type StoredBody } from '../../../data/body.ts';
import type { Connection, Write } from '../../../data/connection.ts';
import { newId } from '../../../data/ids.ts';
import { readPartition } from '../../../data/page.ts';
import { ttlAttribute } from '../../../data/tables.ts';
import { tryTransact } from '../../../data/tryTransact.ts';
import { projectStays, readVisibleProject } from '../../projects/projects.store.ts';
import { titleOf, type ArchiveFacts, type CodeGenerationRecord, type GeneratedFileRecord } from '../codeGeneration.ts';
import { keyOf } from '../codeGenerations.store.ts';
import { GenerationFailed } from './failure.ts';
import { endJob, type ClaimedJob } from './jobs.store.ts';

/** The job is not this worker's any more: it was cancelled, deleted, or taken up by another one; or its project is gone. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** What an ending needs. */
export interface EndingScope {
  services: Services;
  connection: Connection;
}

/** What a completed job has made. */
export interface GenerationProduct {
  generatedCode: GeneratedFileRecord[];
  archive: ArchiveFacts;
  note: string | undefined;
}

/** Stores the files and completes the job in one step: nobody sees one without the other. Throws LeaseLost, GenerationFailed. */
export async function complete(scope: EndingScope, job: ClaimedJob, product: GenerationProduct): Promise<void> {
  const { generatedCode, archive, note } = product;
  await end(scope, job, async (current) => {
    const stored = await store(scope.connection, current, { generatedCode });
    const attributes = Object.entries(stored.attributes);
    const set = { status: 'completed', progress: 1, archive, ...(note !== undefined && { note }) };
    return {
      set: { ...set, ...Object.fromEntries(attributes.filter(([, value]) => value !== null)) },
      remove: attributes.flatMap(([name, value]) => (value === null ? [name] : [])),
      stored,
    };
  });
}

/** Ends a job without files. Throws LeaseLost. */
export async function fail(scope: EndingScope, job: ClaimedJob, message: string): Promise<void> {
  await end(scope, job, () => Promise.resolve({ set: { status: 'failed', error: message }, remove: ['bodyId', 'bodyChunks'] }));
}

async function store(connection: Connection, job: ClaimedJob, body: { generatedCode: GeneratedFileRecord[] }): Promise<StoredBody> {
  try {
    return await storeBody(connection, 'codeGenerations', job, body);
  } catch (error) {
    if (error instanceof BodyTooLarge) throw new GenerationFailed(tooLargeMessage(error.bytes), { cause: error });
    throw error;
  }
}

function tooLargeMessage(bytes: number): string {
  const megabytes = (bytes / 1024 / 1024).toFixed(1);
  return `The generated files have ${megabytes} MB; at most 4 MB can be kept. Generate from a smaller schema, or a single target.`;
}

interface Ending {
  set: Partial<CodeGenerationRecord>;
  remove: readonly string[];
  stored?: StoredBody;
}

const maxEndings = 5;

/** Ends a job as `make` says. Refused for another reason than a lost lease (its expiry or its project's owner changed), it reads the row again. */
async function end(scope: EndingScope, job: ClaimedJob, make: (job: ClaimedJob) => Promise<Ending>): Promise<void> {
  const { connection } = scope;
  let current = job;
  for (let attempt = 1; ; attempt += 1) {
    const { stored, ...ending } = await make(current);
    await stored?.write();
    if (await commit(scope, current, ending)) break;
    await stored?.discard();
    const row = (await connection.get('codeGenerations', keyOf(job), { consistent: true })) as ClaimedJob | null;
    if (row?.leaseOwner !== job.leaseOwner || row.status !== job.status || attempt === maxEndings) throw new LeaseLost();
    current = row;
  }
  // The copy of what the code was made from.
  await removeBody(connection, 'codeGenerations', current);
  if (job.attempts > 1) await removeOldFiles(connection, job);
}

/** Removes files that an earlier worker had stored when it died, and which no row names. */
async function removeOldFiles(connection: Connection, job: ClaimedJob): Promise<void> {
  const row = await connection.get('codeGenerations', keyOf(job), { consistent: true });
  const prefix = `${job.userId}#body#`;
  const request = { table: 'codeGenerations', partition: job.id, range: { beginsWith: prefix }, attributes: ['id', 'userId'] } as const;
  const keys = await readPartition(connection, { ...request, consistent: true, reason: 'files that nobody can see' });
  const unused = keys.filter(({ userId }) => row !== null && !String(userId).startsWith(`${prefix}${String(row['bodyId'])}#`));
  await connection.writeAll(unused.map((key) => ({ table: 'codeGenerations', delete: key })));
}

/** Writes an ending with its activity; false when something was changed since it was read. */
async function commit(
  { services, connection }: EndingScope,
  job: ClaimedJob,
  { set, remove }: Pick<Ending, 'set' | 'remove'>,
): Promise<boolean> {
  const project = await readVisibleProject(connection, job.projectId);
  if (!project) return false;
  return tryTransact(connection, [endJob(job, set, remove), projectStays(project), activityWrite(services, job, set)]);
}

function activityWrite({ settings }: Services, job: ClaimedJob, set: Partial<CodeGenerationRecord>): Write {
  const { id: entityId, projectId, createdById, userId } = job;
  const now = new Date();
  const changes = { changedFields: ['status'], from: job.status, to: set.status };
  const item = {
    id: newId('act'),
    createdAt: now.toISOString(),
    // Who asked for it; nobody else has had a hand in it.
    userId: createdById ?? userId,
    action: set.status,
    entityType: 'code-generation',
    entityId,
    projectId,
    metadata: { entityName: titleOf(job), ...changes, ...(set.error != null && { error: set.error }) },
    [ttlAttribute]: Math.floor(now.getTime() / 1000) + settings.ttlDays.activity * 86_400,
  };
  return { kind: 'put', table: 'activity', item, condition: { exists: false } };
}

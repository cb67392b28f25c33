/** Logs of deployments: reading with cursors and filters, appending. */
import { findProjectAccess, findViewer, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import { pageSizes } from '../../limits/limits.ts';
import type { Edge, PageInfo } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { titleOf, withoutLogs, type DeploymentRecord } from './deployment.ts';
import { prepareEntries, type LogEntry, type LogEntryInput } from './deploymentLog.ts';
import { appendWrites, readLog, type LogPosition } from './deploymentLogs.store.ts';
import { requireDeployment } from './deployments.service.ts';
import { checkDeployment } from './deployments.store.ts';

/** Arguments of the log of a deployment. */
export interface ListLogsArgs {
  first?: number | null;
  after?: string | null;
  level?: string | null;
  contains?: string | null;
}

/** A page of log entries. */
export interface LogConnection {
  nodes: LogEntry[];
  edges: Edge<LogEntry>[];
  pageInfo: PageInfo;
}

const maxSearchLength = 200;

/** Lists log entries of a deployment that the viewer may read, oldest first; null when they may not. Throws BAD_USER_INPUT or BAD_CURSOR. */
export async function listDeploymentLogs(
  context: Context,
  deployment: DeploymentRecord,
  args: ListLogsArgs,
): Promise<LogConnection | null> {
  if (!(await findProjectAccess(context, deployment.projectId, 'project.read'))) return null;
  const size = args.first ?? pageSizes.usual;
  if (size < 1 || size > pageSizes.most)
    throw new RequestError('BAD_USER_INPUT', `first must be from 1 to ${pageSizes.most}; it is ${size}.`);
  if ((args.contains?.length ?? 0) > maxSearchLength)
    throw new RequestError('BAD_USER_INPUT', `contains has ${maxSearchLength} characters at most.`);
  const filter = { level: args.level, contains: args.contains };
  const cursors = logCursors(context, deployment, filter);
  const from = args.after == null ? null : cursors.decode(args.after);
  const page = await readLog(context, deployment, { size, after: from?.position ?? null, filter });
  const cursorOf = (position: LogPosition): string => cursors.encode(position, true);
  const [first, last] = [page.entries[0], page.entries.at(-1)];
  return {
    nodes: page.entries.map(({ entry }) => entry),
    edges: page.entries.map(({ entry, position }) => ({ node: entry, cursor: () => cursorOf(position) })),
    pageInfo: {
      hasNextPage: () => page.hasMore,
      hasPreviousPage: () => from?.hasMatch ?? false,
      startCursor: () => (first ? cursorOf(first.position) : null),
      endCursor: () => {
        // A page that the scan budget ended goes on where the reading stopped, not at its last match.
        if (page.scanLimitReached && page.readTo) return cursors.encode(page.readTo, last !== undefined || (from?.hasMatch ?? false));
        return last ? cursorOf(last.position) : null;
      },
      scannedCount: page.scannedCount,
      scanLimitReached: page.scanLimitReached,
    },
  };
}

/** Cursors of one log, filter and reader. Each also says whether the list had an entry up to there. */
export function logCursors(context: Context, deployment: DeploymentRecord, filter: object) {
  const { cursors } = context.services;
  const scope = JSON.stringify([findViewer(context)?.id ?? null, 'deployment.logs', deployment.id, filter]);
  return {
    encode: ({ block, entry }: LogPosition, hasMatch: boolean): string => cursors.encode([block, entry, hasMatch ? 1 : 0], scope),
    decode(cursor: string): { position: LogPosition; hasMatch: boolean } {
      const [block, entry, hasMatch] = cursors.decode(cursor, scope);
      return { position: { block: String(block), entry: Number(entry) }, hasMatch: hasMatch === 1 };
    },
  };
}

/** What appending did. */
export interface AppendResult {
  deployment: DeploymentRecord;
  appendedCount: number;
  redactedCount: number;
}

/** Appends entries to the log of a deployment, all or none, without the secrets in them. */
export async function appendDeploymentLog(
  context: Context,
  args: MutationArgs & { id: string; entries: readonly LogEntryInput[] },
): Promise<AppendResult> {
  const viewer = requireViewer(context, 'account.read');
  let attempts = 0;
  return mutate(context, { name: 'deploymentLogAppend', viewer, args, input: [args.id, args.entries], plan });

  async function plan(): Promise<MutationPlan<AppendResult>> {
    const { deployment } = await requireDeployment(context, args.id);
    const { entries, redactedCount } = prepareEntries(args.entries, context.now());
    const logWrites = await appendWrites(context, { deployment, entries, attempts });
    attempts += 1;
    const result = { deployment: withoutLogs(deployment), appendedCount: entries.length, redactedCount };
    return {
      result,
      writes: [checkDeployment(deployment), ...logWrites],
      activity: [
        {
          action: 'logged',
          entityType: 'deployment',
          entityId: deployment.id,
          projectId: deployment.projectId,
          entityName: titleOf(deployment),
          metadata: { entries: entries.length, redacted: redactedCount },
        },
      ],
    };
  }
}

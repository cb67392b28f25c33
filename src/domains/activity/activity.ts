/** Activity: one row for each thing that somebody did. */
import type { AnonymousContext } from '../../context.ts';
import { ttlAttribute } from '../../data/tables.ts';

/** What activities are about, as stored. */
export type EntityType =
  | 'project'
  | 'schema'
  | 'architecture'
  | 'code-generation'
  | 'deployment'
  | 'metric'
  | 'documentation'
  | 'member'
  | 'invitation'
  | 'integration'
  | 'settings'
  | 'user'
  | 'session'
  | 'api-key'
  | 'custom';

/** What a service says about a write; actor, time, address and expiry are added when it is committed. */
export interface ActivityEntry {
  /** Given where the answer shows the row itself; else made when it is committed. */
  id?: string | undefined;
  createdAt?: string | undefined;
  /** What was done, in the past tense: `created`, `updated`, `deleted`, … */
  action: string;
  entityType: EntityType;
  entityId: string;
  /** Who did it, where planning finds that out; else the mutation's viewer. */
  actorId?: string | undefined;
  projectId?: string | undefined;
  /** Name of the object at that time, so that the feed can be read after it is gone. */
  entityName?: string | undefined;
  /** Names of the fields that changed. */
  changedFields?: readonly string[] | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A row of the activity table; rows of the earlier backend have other words in `action` and `entityType`. */
export type ActivityRecord = {
  id: string;
  createdAt: string;
  /** Who did it. */
  userId: string;
  action: string;
  entityType: string;
  entityId: string;
  projectId?: string;
  metadata?: Record<string, unknown>;
  ipAddress?: string;
  ttl?: number;
};

const secondsPerDay = 86_400;

/** Returns the row of an entry. */
export function activityRow(context: AnonymousContext, actor: { id: string }, entry: ActivityEntry): ActivityRecord {
  const days = context.services.settings.ttlDays.activity;
  return {
    id: entry.id ?? context.newId('act'),
    createdAt: entry.createdAt ?? context.now(),
    userId: entry.actorId ?? actor.id,
    action: entry.action,
    entityType: entry.entityType,
    entityId: entry.entityId,
    ...(entry.projectId && { projectId: entry.projectId }),
    metadata: {
      ...(entry.entityName !== undefined && { entityName: entry.entityName }),
      ...(entry.changedFields && { changedFields: [...entry.changedFields] }),
      ...entry.metadata,
    },
    ipAddress: context.request.ip,
    [ttlAttribute]: context.nowSeconds() + days * secondsPerDay,
  };
}

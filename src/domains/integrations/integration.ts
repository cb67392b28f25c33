/** An integration: the connection of a project with a provider. Its record and its rules. */
import type { Row } from '../../data/connection.ts';
import type { Edit } from '../projects/project.ts';

/** Providers that this version knows, as stored. */
export const integrationTypes = ['github', 'aws', 'slack', 'vercel', 'stripe', 'sendgrid'] as const;

/** A provider that this version knows. */
export type IntegrationType = (typeof integrationTypes)[number];

/** `enabled` as stored: a key of TypeIndex can not be a boolean. */
export type EnabledText = 'true' | 'false';

/** A row of the integrations table. Rows of the earlier backend lack `revision`, `createdById` and `edits`, and hold secrets as plain text. */
export type IntegrationRecord = {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  type: string;
  name: string;
  enabled: EnabledText | (string & {});
  /** Secrets in it are encrypted, see `secrets.ts`. Never shown as it is. */
  config: Record<string, unknown>;
  /** What the last synchronization found; no secrets. */
  syncState?: Record<string, unknown> | null;
  lastSyncedAt?: string | null;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
};

/** Returns the type if this version knows it, else null. */
export function knownType(type: string): IntegrationType | null {
  return integrationTypes.find((known) => known === type) ?? null;
}

/** True for a row that is an integration. */
export function isIntegration(row: Row | null): row is IntegrationRecord {
  return typeof row?.['projectId'] === 'string' && typeof row['type'] === 'string';
}

/** Returns whether an integration is in use. */
export function isEnabled({ enabled }: Pick<IntegrationRecord, 'enabled'>): boolean {
  return enabled === 'true';
}

/** Returns how `enabled` is stored. */
export function enabledText(enabled: boolean): EnabledText {
  return enabled ? 'true' : 'false';
}

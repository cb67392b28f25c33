/** The DynamoDB side of integrations. */
import type { Context } from '../../context.ts';
import type { Row, Write } from '../../data/connection.ts';
import type { ListSource } from '../../data/page.ts';
import type { RecordEdit } from '../revision.ts';
import { isIntegration, type EnabledText, type IntegrationRecord } from './integration.ts';

function keyOf({ id, userId }: IntegrationRecord): Row {
  return { id, userId };
}

/** Returns the write that creates an integration. */
export function putIntegration(integration: IntegrationRecord): Write {
  return { kind: 'put', table: 'integrations', item: integration, condition: { exists: false } };
}

/** Returns the write that edits an integration, if nobody else has edited it since it was read. */
export function updateIntegrationRow(
  integration: IntegrationRecord,
  edit: Pick<RecordEdit<IntegrationRecord>, 'changes' | 'condition'>,
): Write {
  return { kind: 'update', table: 'integrations', key: keyOf(integration), changes: edit.changes, condition: edit.condition };
}

/** Returns the write that deletes an integration, if nobody else has edited it since it was read. */
export function deleteIntegrationRow(integration: IntegrationRecord): Write {
  const condition = { exists: true, equals: { revision: integration.revision } };
  return { kind: 'delete', table: 'integrations', key: keyOf(integration), condition };
}

/** Returns an integration's row whoever may see it, or null. */
export async function loadIntegration(context: Context, id: string): Promise<IntegrationRecord | null> {
  const row = await context.loaders.byId('integrations').load({ id });
  return isIntegration(row) ? row : null;
}

/** The integrations of a project, by type; those of one type where it is given. */
export function integrationsOfProject(projectId: string, type: string | null): ListSource {
  const range = type === null ? undefined : { equals: type };
  return { table: 'integrations', index: 'ProjectIdIndex', partition: projectId, range, descending: false, filter: isIntegration };
}

/** The integrations that are kept under a user, by time of creation. */
export function integrationsOfUser(userId: string): ListSource {
  return { table: 'integrations', index: 'UserIdIndex', partition: userId, descending: false, filter: isIntegration };
}

/** All integrations of a type, of all tenants, disabled ones first; for operators. */
export function integrationsByType(type: string, enabled: EnabledText | null = null): ListSource {
  const range = enabled === null ? undefined : { equals: enabled };
  return { table: 'integrations', index: 'TypeIndex', partition: type, range, descending: false, filter: isIntegration };
}

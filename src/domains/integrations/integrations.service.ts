/** Reading and writing integrations: authorize → rules → write, with one activity row. Calls to providers are in providerCalls.service.ts. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { isCounted } from '../../data/counters.ts';
import { countRows } from '../../data/page.ts';
import { notFound, refused } from '../../errors.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision, type RecordEdit } from '../revision.ts';
import { Checks } from '../text.ts';
import { changeConfig } from './configChange.ts';
import { enabledText, type IntegrationRecord } from './integration.ts';
import {
  deleteIntegrationRow,
  integrationsOfProject,
  integrationsOfUser,
  loadIntegration,
  putIntegration,
  updateIntegrationRow,
} from './integrations.store.ts';
import { maskConfig, sealConfig } from './secrets.ts';

/** What makes a project's list of integrations stay small enough to be counted whenever it is read. */
const maxPerProject = 100;

/** Returns an integration that the viewer may read, or null. */
export async function findIntegration(context: Context, id: string): Promise<IntegrationRecord | null> {
  const integration = await loadIntegration(context, id);
  if (!integration) return null;
  return (await findProjectAccess(context, integration.projectId, 'integration.read')) && integration;
}

/** Returns an integration that the viewer may write, with its project. Throws NOT_FOUND or FORBIDDEN. */
export async function requireIntegration(context: Context, id: string): Promise<ProjectAccess & { integration: IntegrationRecord }> {
  const integration = await loadIntegration(context, id);
  if (!integration) throw notFound('integration', id);
  const access = await requireProjectAccess(context, integration.projectId, 'integration.write', { kind: 'integration', id });
  return { ...access, integration };
}

/** Arguments of a list of a project's integrations. */
export interface ListIntegrationsArgs extends PageArgs {
  type?: string | null;
}

/** Returns the list of a project's integrations, by type. */
export function integrationList(projectId: string, args: ListIntegrationsArgs): ListSource {
  return integrationsOfProject(projectId, args.type ?? null);
}

/** Lists the integrations of a project by type; null for those who are no admins of it. */
export async function listProjectIntegrations(
  context: Context,
  project: ProjectRecord,
  args: ListIntegrationsArgs,
): Promise<Connection<IntegrationRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'integration.read', project))) return null;
  const source = { ...integrationList(project.id, args), owner: ownerOfRows(project, 'children') };
  return listConnection(context, 'project.integrations', source, args);
}

/** Lists the integrations of the projects that a user owns, for that user; null for everyone else. */
export async function listUserIntegrations(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<IntegrationRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const source = { ...integrationsOfUser(viewer.id), visible: readableRows(context, 'integration.read') };
  return listConnection(context, 'user.integrations', source, args);
}

/** Returns an integration's configuration as clients may see it. */
export function shownConfig(context: Context, integration: IntegrationRecord): Record<string, unknown> {
  return maskConfig(context.services.integrations.encryption, integration);
}

/** Input of a new integration, as the SDL's IntegrationCreateInput. */
export interface IntegrationInput {
  projectId: string;
  type: string;
  name: string;
  enabled?: boolean | null;
  config: Record<string, unknown>;
}

/** Creates an integration. Its result holds secrets in encrypted form only, because an idempotency key keeps it. */
export async function createIntegration(
  context: Context,
  args: MutationArgs & { input: IntegrationInput },
): Promise<{ integration: IntegrationRecord }> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  return mutate(context, { name: 'integrationCreate', viewer, args, input: withoutSecrets(context, input), plan });

  async function plan(): Promise<MutationPlan<{ integration: IntegrationRecord }>> {
    const { project } = await requireProjectAccess(context, input.projectId, 'integration.write');
    checkFields({ ...input, enabled: input.enabled ?? undefined });
    const integration = newIntegration(context, { project, viewer, input });
    await checkQuota(context, project);
    return {
      result: { integration },
      writes: [putIntegration(integration)],
      activity: [activityOf('created', integration)],
      counts: [{ ownerId: project.userId, projectId: project.id, by: { integrations: 1 } }],
    };
  }
}

function newIntegration(
  context: Context,
  { project, viewer, input }: { project: ProjectRecord; viewer: Viewer; input: IntegrationInput },
): IntegrationRecord {
  const id = context.newId('int');
  const now = context.now();
  const { type, name } = input;
  return {
    id,
    userId: project.userId,
    createdById: viewer.id,
    projectId: project.id,
    type,
    name,
    enabled: enabledText(input.enabled ?? true),
    config: changeConfig(context.services.integrations.encryption, { integration: { id, type }, input: input.config }),
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

/** A soft limit: two creations at the same moment may pass it together. */
async function checkQuota(context: Context, project: ProjectRecord): Promise<void> {
  const { value } = await countRows(context.connection, integrationsOfProject(project.id, null), maxPerProject, context.nowSeconds());
  if (value >= maxPerProject)
    throw refused('QUOTA_EXCEEDED', `A project has at most ${maxPerProject} integrations. Delete one that is not used any more.`);
}

/** Names a mutation of one integration. */
export interface ChangeIntegrationArgs extends MutationArgs {
  id: string;
  expectedRevision?: number | null;
}

/** What an update may change. */
export interface IntegrationChanges {
  name?: string | null | undefined;
  enabled?: boolean | null | undefined;
  config?: Record<string, unknown> | null | undefined;
}

/** Changes an integration. */
export async function updateIntegration(
  context: Context,
  args: ChangeIntegrationArgs & { input: IntegrationChanges },
): Promise<{ integration: IntegrationRecord }> {
  return editIntegration(context, args, { name: 'integrationUpdate', action: 'updated', input: args.input });
}

/** Enables an integration; one that is enabled stays as it is. */
export async function enableIntegration(context: Context, args: ChangeIntegrationArgs): Promise<{ integration: IntegrationRecord }> {
  return editIntegration(context, args, { name: 'integrationEnable', action: 'enabled', input: { enabled: true } });
}

/** Disables an integration; one that is disabled stays as it is. */
export async function disableIntegration(context: Context, args: ChangeIntegrationArgs): Promise<{ integration: IntegrationRecord }> {
  return editIntegration(context, args, { name: 'integrationDisable', action: 'disabled', input: { enabled: false } });
}

async function editIntegration(
  context: Context,
  args: ChangeIntegrationArgs,
  { name, action, input }: { name: string; action: string; input: IntegrationChanges },
): Promise<{ integration: IntegrationRecord }> {
  const viewer = requireViewer(context, 'account.read');
  const identity = [args.id, withoutSecrets(context, input), args.expectedRevision];
  return mutate(context, { name, viewer, args, input: identity, plan });

  async function plan(): Promise<MutationPlan<{ integration: IntegrationRecord }>> {
    const { integration } = await requireIntegration(context, args.id);
    requireRevision('Integration', integration, args.expectedRevision);
    checkFields(input);
    const edit = editOf(context, integration, input);
    if (!edit) return { result: { integration }, writes: [], activity: [] };
    return {
      result: { integration: edit.record },
      writes: [updateIntegrationRow(integration, edit)],
      activity: [activityOf(action, edit.record, edit.changedFields)],
    };
  }
}

/** Returns the edit of an integration, or null when nothing changes. Whatever it changes, secrets that are still plain text are encrypted with it. */
function editOf(context: Context, integration: IntegrationRecord, input: IntegrationChanges): RecordEdit<IntegrationRecord> | null {
  const { encryption } = context.services.integrations;
  const fields = {
    name: input.name ?? undefined,
    enabled: input.enabled == null ? undefined : enabledText(input.enabled),
    config: input.config == null ? undefined : changeConfig(encryption, { integration, input: input.config }),
  };
  const edit = editRecord(integration, fields, context.now());
  if (!edit) return null;
  const config = sealConfig(encryption, edit.record);
  return { ...edit, record: { ...edit.record, config }, changes: { ...edit.changes, set: { ...edit.changes.set, config } } };
}

/** Deletes an integration with its secrets. */
export async function deleteIntegration(
  context: Context,
  args: ChangeIntegrationArgs,
): Promise<{ deletedId: string; deletedCounts: { integrations: number } }> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'integrationDelete', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<{ deletedId: string; deletedCounts: { integrations: number } }>> {
    const { integration, project } = await requireIntegration(context, args.id);
    requireRevision('Integration', integration, args.expectedRevision);
    return {
      result: { deletedId: integration.id, deletedCounts: { integrations: 1 } },
      writes: [deleteIntegrationRow(integration)],
      activity: [activityOf('deleted', integration)],
      counts: [{ ownerId: project.userId, projectId: project.id, by: isCounted(integration) ? { integrations: -1 } : {} }],
    };
  }
}

/** Returns what the activity feed says: names of fields, never their values. */
export function activityOf(action: string, integration: IntegrationRecord, changedFields?: readonly string[]) {
  const { id: entityId, projectId, name: entityName, type } = integration;
  return { action, entityType: 'integration', entityId, projectId, entityName, changedFields, metadata: { type } } as const;
}

function checkFields(input: IntegrationChanges): void {
  const checks = new Checks();
  checks.notNull(['input', 'name'], input.name);
  checks.text(['input', 'name'], input.name, { min: 1, max: 100 });
  checks.notNull(['input', 'enabled'], input.enabled);
  checks.notNull(['input', 'config'], input.config);
  checks.throwIfAny();
}

/** Returns an input with the values of its configuration replaced: even the hash of a whole input could be tried against guesses. */
function withoutSecrets(context: Context, input: IntegrationChanges): object {
  const entries = Object.entries(input.config ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const config = input.config && context.services.integrations.fingerprint(JSON.stringify(entries));
  return { ...input, config };
}

/** Asking providers: testing the credentials of an integration, and synchronizing what is useful to know. */
import { requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { refused } from '../../errors.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { isEnabled, type IntegrationRecord } from './integration.ts';
import { activityOf, requireIntegration } from './integrations.service.ts';
import { updateIntegrationRow } from './integrations.store.ts';
import { openSession, runSession } from './providerSession.ts';
import { ProviderFailed } from './providers/provider.ts';
import { sealConfig } from './secrets.ts';

/** Answer of integrationTest. */
export interface TestResult {
  /** Null with `dryRun`: nobody was asked. */
  ok: boolean | null;
  message: string;
  details: Record<string, unknown>;
  integration: IntegrationRecord;
}

/** Asks the provider whether the credentials work. A refusal is a result, not an error. */
export async function testIntegration(context: Context, args: { id: string; dryRun?: boolean }): Promise<TestResult> {
  requireViewer(context, 'account.read');
  const { integration } = await requireIntegration(context, args.id);
  const session = openSession(context, integration);
  if (args.dryRun)
    return { ok: null, message: 'The configuration is complete. Nobody was called, because of dryRun.', details: {}, integration };
  try {
    return { ok: true, ...(await runSession(context, session, 'test')), integration };
  } catch (error) {
    if (!(error instanceof ProviderFailed)) throw error;
    const { problem, status, message } = error;
    return { ok: false, message, details: { problem, ...(status !== undefined && { status }) }, integration };
  }
}

/** Fetches what is useful to know from the provider and keeps it. Throws PROVIDER_FAILED, and keeps the former state, when that fails. */
export async function syncIntegration(context: Context, args: MutationArgs & { id: string }): Promise<{ integration: IntegrationRecord }> {
  const viewer = requireViewer(context, 'account.read');
  let fetched: { revision: number | undefined; state: Record<string, unknown> } | undefined;
  return mutate(context, { name: 'integrationSync', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<{ integration: IntegrationRecord }>> {
    const { integration } = await requireIntegration(context, args.id);
    if (!isEnabled(integration)) throw refused('INVALID_TRANSITION', 'The integration is disabled. Enable it first.', ['id']);
    const session = openSession(context, integration);
    if (args.dryRun) return { result: { integration }, writes: [], activity: [] };
    const { revision } = integration;
    // Planned again after a conflict, the provider is asked again only if the integration is another one by now.
    if (fetched?.revision !== revision || !fetched) fetched = { revision, state: await fetchState(context, session) };
    const { encryption } = context.services.integrations;
    const set = { syncState: fetched.state, lastSyncedAt: context.now(), config: sealConfig(encryption, integration) };
    const record = { ...integration, ...set };
    return {
      result: { integration: record },
      // No edit: whoever edits the integration meanwhile is not disturbed, so its revision stays.
      writes: [updateIntegrationRow(integration, { changes: { set }, condition: { exists: true, equals: { revision } } })],
      activity: [activityOf('synced', record)],
    };
  }
}

async function fetchState(context: Context, session: ReturnType<typeof openSession>): Promise<Record<string, unknown>> {
  try {
    return await runSession(context, session, 'sync');
  } catch (error) {
    if (error instanceof ProviderFailed) throw refused('PROVIDER_FAILED', error.message, ['id']);
    throw error;
  }
}

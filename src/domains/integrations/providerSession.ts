/** One test or synchronization: its configuration in plain text, its time limit, its calls. What comes out of it holds no secret. */
import type { Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { alternativesProblem, configFields, fieldOf, valueProblem } from './configFields.ts';
import { endpoints, type EndpointOverrides } from './endpoints.ts';
import { knownType, type IntegrationRecord, type IntegrationType } from './integration.ts';
import { OutboundFailed, type OutboundProblem } from './outbound/outbound.ts';
import { providerNames, providers } from './providers/index.ts';
import { ProviderFailed, type ProviderCall, type ProviderRequest } from './providers/provider.ts';
import { openConfig } from './secrets.ts';

/** An integration that is ready to be used. */
export interface ProviderSession {
  type: IntegrationType;
  config: Readonly<Record<string, string>>;
}

/** Fields without which an older row can still be tested: what they name is then left out. */
const dispensable: ReadonlySet<string> = new Set(['owner', 'repository', 'channel', 'fromEmail']);

/** Returns an integration's configuration in plain text. Throws what keeps it from being used: an unknown type, a missing field, a secret that can not be read. */
export function openSession(context: Context, integration: IntegrationRecord): ProviderSession {
  const type = knownType(integration.type);
  if (type === null)
    throw invalid('id', 'This version of the API does not know the type of this integration, so it can not call the provider.');
  const opened = openConfig(context.services.integrations.encryption, integration);
  const config: Record<string, string> = {};
  for (const [name, value] of Object.entries(opened)) {
    const field = fieldOf(type, name);
    if (!field) continue;
    if (value === null)
      throw invalid('id', `The stored ${name} can not be decrypted with the keys of this server. Send it again with integrationUpdate.`);
    const problem = valueProblem(field, value);
    if (problem !== null) throw invalid('id', `The stored ${name} can not be used: ${problem}`);
    config[name] = value;
  }
  const missing = Object.entries(configFields[type]).find(
    ([name, { required }]) => required && !dispensable.has(name) && !(name in config),
  );
  const problem = missing ? `The configuration needs ${missing[0]}.` : alternativesProblem(type, config);
  if (problem !== null) throw invalid('id', `${problem} Send it with integrationUpdate.`);
  return { type, config };
}

/** Runs a test or a synchronization within its time limit. Throws ProviderFailed; its result holds no secret, whatever the provider sent. */
export async function runSession<K extends 'test' | 'sync'>(
  context: Context,
  { type, config }: ProviderSession,
  action: K,
): Promise<Awaited<ReturnType<(typeof providers)[IntegrationType][K]>>> {
  const { timeoutMs } = context.services.integrations;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([context.request.signal, deadline]);
  const secrets = Object.entries(config).flatMap(([name, value]) => (fieldOf(type, name)?.secret ? [value] : []));
  const call: ProviderCall = { config, send };
  const result = await providers[type][action](call);
  return withoutSecrets(result, secrets) as Awaited<ReturnType<(typeof providers)[IntegrationType][K]>>;

  async function send(request: ProviderRequest): ReturnType<ProviderCall['send']> {
    const { url, trusted } = addressOf(context.services.integrations.endpoints, request);
    const headers = { accept: 'application/json', 'user-agent': 'snapinfra', ...request.headers };
    const { method = 'GET', body } = request;
    const signed = (await request.sign?.({ url, headers, body: body ?? '' })) ?? headers;
    try {
      return await context.services.integrations.outbound({ url, method, headers: signed, body, signal, trusted });
    } catch (error) {
      if (error instanceof OutboundFailed) throw explain(type, error.problem);
      // A client that left or a request out of time ends the request; the limit of these calls is a finding.
      if (deadline.aborted && !context.request.signal.aborted) throw explain(type, 'TIMEOUT');
      throw error;
    }
  }
}

/** Returns the whole address of a call. Only what the operator configured may lie in a private network. */
function addressOf(overrides: EndpointOverrides, request: ProviderRequest): { url: URL; trusted: boolean } {
  const { endpoint, path, userBase, region = '' } = request;
  const override = userBase === undefined ? overrides[endpoint] : undefined;
  const usual = region.startsWith('cn-') ? `${endpoints[endpoint]}.cn` : endpoints[endpoint];
  const base = (userBase ?? override ?? usual).replace('{region}', region);
  return { url: new URL(`${base.replace(/\/+$/, '')}${path}`), trusted: override !== undefined };
}

function explain(type: IntegrationType, problem: OutboundProblem): ProviderFailed {
  const name = providerNames[type];
  const messages: Record<OutboundProblem, string> = {
    TIMEOUT: `${name} did not answer in time. Try again later, or see its status page.`,
    UNREACHABLE: `${name} can not be reached from this server. Check the address, or try again later.`,
    ADDRESS_REFUSED: 'The address leads into a private network. Only public addresses are called; check baseUrl.',
    REDIRECT_REFUSED: `${name} redirected the call to another host, and secrets are not sent there. Check the address.`,
    ANSWER_TOO_LARGE: `${name} answered with more than 1 MB, which is not read. Check the address.`,
  };
  return new ProviderFailed(problem, messages[problem]);
}

/** Returns a JSON value with the secrets in its texts and names replaced: a server that mirrors what it gets must not make one readable. */
function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  const clean = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '••••'), text);
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((entry) => withoutSecrets(entry, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [clean(name), withoutSecrets(member, secrets)]));
}

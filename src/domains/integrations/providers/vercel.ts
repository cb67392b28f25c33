/** Vercel. Source: Vercel REST API reference (user, team, deployments). */
import { jsonOf, listOf, numberOf, objectOf, textOf, type Answer, type Meanings, type Provider, type ProviderCall } from './provider.ts';

const name = 'Vercel';
const refused = [
  'CREDENTIALS_REFUSED',
  'Vercel refused the token. Make a new one under Account Settings → Tokens with access to the team, and update the integration.',
] as const;

const meanings: Meanings = {
  401: refused,
  // Vercel answers 403 for tokens that it does not know.
  403: refused,
  404: ['NOT_FOUND', 'Vercel shows no such team or project to this token. Check teamId and projectId.'],
};

async function get({ config, send }: ProviderCall, path: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${config['token'] ?? ''}` };
  return objectOf(jsonOf(name, await send({ endpoint: 'vercel', path, headers }), meanings));
}

/** The integration for Vercel: `test` reads the user and the team, `sync` the latest deployments. */
export const vercel: Provider = {
  async test(call) {
    const user = objectOf((await get(call, '/v2/user'))['user']);
    const { teamId } = call.config;
    const team = teamId ? await get(call, `/v2/teams/${encodeURIComponent(teamId)}`) : null;
    const username = textOf(user['username']);
    const details = { username, ...(team && { team: textOf(team['name']) ?? textOf(team['slug']) }) };
    return { message: `Vercel accepted the token${username === null ? '' : ` of ${username}`}.`, details };
  },

  async sync(call) {
    const { teamId, projectId } = call.config;
    const query = new URLSearchParams({ limit: '5', ...(teamId && { teamId }), ...(projectId && { projectId }) });
    const answer = await get(call, `/v6/deployments?${query.toString()}`);
    return { deployments: listOf(answer['deployments']).slice(0, 5).map(deploymentOf) };
  },
};

function deploymentOf(deployment: Answer): Record<string, unknown> {
  const created = numberOf(deployment['created'] ?? deployment['createdAt']);
  return {
    id: textOf(deployment['uid']),
    name: textOf(deployment['name']),
    url: textOf(deployment['url']),
    state: textOf(deployment['state'] ?? deployment['readyState']),
    target: textOf(deployment['target']),
    createdAt: created !== null && Math.abs(created) <= 8.64e15 ? new Date(created).toISOString() : null,
  };
}

/** Slack: a bot token, an incoming webhook, or both. Source: Slack Web API methods and "Sending messages using incoming webhooks". */
import {
  failureOf,
  flagOf,
  jsonOf,
  listOf,
  numberOf,
  objectOf,
  ProviderFailed,
  textOf,
  type Answer,
  type Provider,
  type ProviderCall,
} from './provider.ts';

const name = 'Slack';

const refusedCodes: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
]);

/** Slack answers 200 with `ok: false` and a code. */
function failureOfCode(code: string | null): ProviderFailed {
  if (code !== null && refusedCodes.has(code))
    return new ProviderFailed(
      'CREDENTIALS_REFUSED',
      'Slack refused the token. Reinstall the app in the workspace with the scopes chat:write and channels:read, and update the integration with its new bot token (xoxb-…).',
      200,
    );
  if (code === 'missing_scope' || code === 'no_permission')
    return new ProviderFailed(
      'PERMISSION_MISSING',
      'The token lacks a scope. Give the app channels:read (and groups:read for private channels) and reinstall it.',
      200,
    );
  if (code === 'channel_not_found')
    return new ProviderFailed(
      'NOT_FOUND',
      'Slack shows no such channel to this token. Check the channel, and invite the app if it is private.',
      200,
    );
  if (code === 'ratelimited') return failureOf(name, 429);
  return new ProviderFailed(
    'UNEXPECTED_ANSWER',
    'Slack refused the call for a reason that this version does not know. Check the configuration.',
    200,
  );
}

async function callMethod({ config, send }: ProviderCall, method: string, args: Record<string, string> = {}): Promise<Answer> {
  const answer = await send({
    endpoint: 'slack',
    path: `/api/${method}`,
    method: 'POST',
    headers: { authorization: `Bearer ${config['botToken'] ?? ''}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(args).toString(),
  });
  const body = objectOf(jsonOf(name, answer));
  if (body['ok'] !== true) throw failureOfCode(textOf(body['error']));
  return body;
}

/** Sends an empty message: a webhook that exists refuses it with 400, and nothing appears in the channel. */
async function checkWebhook({ send }: ProviderCall, webhookUrl: string): Promise<void> {
  const { pathname } = new URL(webhookUrl);
  const headers = { 'content-type': 'application/json' };
  const { status } = await send({ endpoint: 'slackWebhooks', path: pathname, method: 'POST', headers, body: '{}' });
  if (status === 400) return;
  if ([403, 404, 410].includes(status))
    throw new ProviderFailed(
      'CREDENTIALS_REFUSED',
      'Slack does not know the webhook any more. Add a new one to the app, and update the integration.',
      status,
    );
  throw failureOf(name, status);
}

/** Checks whatever the configuration has; returns who the bot token stands for, null without one. */
async function checkCredentials(call: ProviderCall): Promise<Answer | null> {
  const { botToken, webhookUrl } = call.config;
  const bot = botToken ? await callMethod(call, 'auth.test') : null;
  if (webhookUrl) await checkWebhook(call, webhookUrl);
  return bot;
}

/** The integration for Slack: `test` checks the credentials, `sync` also the channel, which takes a bot token. */
export const slack: Provider = {
  async test(call) {
    const bot = await checkCredentials(call);
    const team = textOf(bot?.['team']);
    const accepted = [call.config['botToken'] && 'token', call.config['webhookUrl'] && 'webhook'].filter(Boolean).join(' and the ');
    return {
      message: `Slack accepted the ${accepted}${team === null ? '' : ` for the workspace ${team}`}.`,
      details: { team, user: textOf(bot?.['user']), webhook: Boolean(call.config['webhookUrl']) },
    };
  },

  async sync(call) {
    const bot = await checkCredentials(call);
    const webhook = Boolean(call.config['webhookUrl']);
    if (!bot) return { webhook };
    const channel = await findChannel(call, call.config['channel'] ?? '');
    return {
      webhook,
      team: textOf(bot['team']),
      channel: {
        id: textOf(channel['id']),
        name: textOf(channel['name']),
        isMember: flagOf(channel['is_member']),
        isArchived: flagOf(channel['is_archived']),
        members: numberOf(channel['num_members']),
      },
    };
  },
};

/** Pages of 200 channels that the search for a name reads: as many as fit into the time of one synchronization. */
const maxPages = 5;

async function findChannel(call: ProviderCall, wanted: string): Promise<Answer> {
  if (/^[CGD][A-Z\d]{7,}$/.test(wanted)) return objectOf((await callMethod(call, 'conversations.info', { channel: wanted }))['channel']);
  const plain = wanted.replace(/^#/, '');
  let cursor = '';
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await callMethod(call, 'conversations.list', { limit: '200', exclude_archived: 'true', ...(cursor && { cursor }) });
    const found = listOf(answer['channels']).find((channel) => channel['name'] === plain);
    if (found) return found;
    const next = objectOf(answer['response_metadata'])['next_cursor'];
    if (typeof next !== 'string' || next === '') throw failureOfCode('channel_not_found');
    cursor = next;
  }
  throw new ProviderFailed(
    'NOT_FOUND',
    'The workspace has too many channels to look for one by name. Configure the id of the channel (C0123456789).',
  );
}

/** Local stand-ins of the providers: they check credentials as the providers do, and can misbehave. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endpointNames, type EndpointName, type EndpointOverrides } from '../../src/domains/integrations/endpoints.ts';
import type { IntegrationType } from '../../src/domains/integrations/integration.ts';

/** How the stand-ins answer: as the provider does, or in a way that a provider should not. */
export type Behaviour =
  'normal' | 'slow' | 'huge' | 'huge-chunked' | 'redirect-private' | 'redirect-here' | 'not-json' | 'down' | 'limited' | 'echo';

/** A call that a stand-in got. */
export interface ProviderRequestSeen {
  endpoint: EndpointName;
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** The stand-ins of all providers. */
export interface Providers {
  endpoints: EndpointOverrides;
  seen: ProviderRequestSeen[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** Text that makes each test's secrets findable anywhere. */
export const secretMark = 'Zq7Xk9Pw';

/** Configurations that the stand-ins accept. */
export const goodConfigs: Readonly<Record<IntegrationType, Readonly<Record<string, string>>>> = {
  github: { token: `ghp_${secretMark}githubgithubgithub1111`, owner: 'octocat', repository: 'hello-world' },
  aws: {
    accessKeyId: `AKIA${secretMark.toUpperCase()}2222`,
    secretAccessKey: `${secretMark}/aws+aws/aws+aws/aws+aws/aws3333`,
    region: 'eu-central-1',
    roleArn: 'arn:aws:iam::123456789012:role/deploy',
  },
  slack: {
    botToken: `xoxb-${secretMark}-slack-4444`,
    webhookUrl: `https://hooks.slack.com/services/T000/B000/${secretMark}5555`,
    channel: '#deployments',
  },
  vercel: { token: `${secretMark}vercelvercel6666`, teamId: 'team_1', projectId: 'prj_web' },
  stripe: { secretKey: `sk_test_${secretMark}stripe7777` },
  sendgrid: { apiKey: `SG.${secretMark}.sendgridsendgrid8888`, fromEmail: 'Hello@example.com' },
};

/** Names of the fields above that are secret. */
export const secretNames: Readonly<Record<IntegrationType, readonly string[]>> = {
  github: ['token'],
  aws: ['accessKeyId', 'secretAccessKey'],
  slack: ['botToken', 'webhookUrl'],
  vercel: ['token'],
  stripe: ['secretKey'],
  sendgrid: ['apiKey'],
};

interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const ok = (body: unknown, headers: Record<string, string> = {}): Reply => ({ status: 200, body, headers });

function bearerIs({ headers }: ProviderRequestSeen, token: string | undefined): boolean {
  return headers.authorization === `Bearer ${String(token)}`;
}

function answerGithub(seen: ProviderRequestSeen): Reply {
  if (!bearerIs(seen, goodConfigs.github['token'])) return { status: 401, body: { message: 'Bad credentials' } };
  if (seen.path === '/user') return ok({ login: 'octocat' }, { 'X-OAuth-Scopes': 'repo' });
  const repository = {
    full_name: 'octocat/hello-world',
    private: true,
    default_branch: 'feature/main',
    permissions: { push: true },
    description: 'First',
    html_url: 'https://github.com/octocat/hello-world',
    archived: false,
    open_issues_count: 3,
    pushed_at: '2026-01-01T00:00:00Z',
  };
  if (seen.path === '/repos/octocat/hello-world') return ok(repository, { 'X-OAuth-Scopes': 'repo, workflow' });
  if (seen.path === '/repos/octocat/old-name') return { status: 301, body: {}, headers: { location: '/repos/octocat/hello-world' } };
  if (seen.path === '/repos/octocat/hello-world/branches/feature%2Fmain') return ok({ commit: { sha: 'abc123' } });
  if (seen.path === '/repos/octocat/limited') return { status: 403, body: {}, headers: { 'x-ratelimit-remaining': '0' } };
  if (seen.path === '/repos/octocat/forbidden') return { status: 403, body: {} };
  return { status: 404, body: { message: 'Not Found' } };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Computes a signature from its definition (AWS: "Create a signed AWS API request"), apart from the signer that made it. */
function signatureOf({ method, headers, body }: ProviderRequestSeen, authorization: string): string {
  const [, scope = '', names = ''] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const [day = '', region = '', service = ''] = scope.split('/');
  const canonicalHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, '/', '', canonicalHeaders.join(''), names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${String(goodConfigs.aws['secretAccessKey'])}`);
  return createHmac('sha256', key).update(text).digest('hex');
}

function answerAws(seen: ProviderRequestSeen): Reply {
  const authorization = seen.headers.authorization ?? '';
  const refuse = (Code: string): Reply => ({ status: 403, body: { Error: { Code, Message: 'no', Type: 'Sender' }, RequestId: '1' } });
  if (!authorization.includes(`Credential=${String(goodConfigs.aws['accessKeyId'])}/`)) return refuse('InvalidClientTokenId');
  if (!authorization.includes(`/${String(goodConfigs.aws['region'])}/sts/aws4_request,`)) return refuse('SignatureDoesNotMatch');
  if (!authorization.endsWith(`Signature=${signatureOf(seen, authorization)}`)) return refuse('SignatureDoesNotMatch');
  const form = new URLSearchParams(seen.body);
  if (form.get('Action') === 'AssumeRole') {
    if (form.get('RoleArn') !== goodConfigs.aws['roleArn'])
      return { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' };
    const AssumedRoleUser = { Arn: 'arn:aws:sts::123456789012:assumed-role/deploy/snapinfra', AssumedRoleId: 'AROA:snapinfra' };
    const Credentials = { SecretAccessKey: `${secretMark}-temporary`, SessionToken: `${secretMark}-session` };
    return ok({ AssumeRoleResponse: { AssumeRoleResult: { AssumedRoleUser, Credentials } } });
  }
  const identity = { Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/ci', UserId: 'AIDA' };
  return ok({ GetCallerIdentityResponse: { GetCallerIdentityResult: identity } });
}

function answerSlack(seen: ProviderRequestSeen): Reply {
  const refuse = (error: string): Reply => ok({ ok: false, error });
  if (!bearerIs(seen, goodConfigs.slack['botToken'])) return refuse('invalid_auth');
  const form = new URLSearchParams(seen.body);
  const channel = { id: 'C0123456789', name: 'deployments', is_member: true, is_archived: false, num_members: 7 };
  if (seen.path === '/api/auth.test') return ok({ ok: true, team: 'Acme', user: 'snapbot' });
  if (seen.path === '/api/conversations.info')
    return form.get('channel') === channel.id ? ok({ ok: true, channel }) : refuse('channel_not_found');
  if (seen.path === '/api/conversations.list') {
    if (!form.has('cursor')) return ok({ ok: true, channels: [{ id: 'C1', name: 'general' }], response_metadata: { next_cursor: 'two' } });
    return ok({ ok: true, channels: [channel], response_metadata: { next_cursor: '' } });
  }
  return refuse('unknown_method');
}

function answerWebhook(seen: ProviderRequestSeen): Reply {
  const known = new URL(String(goodConfigs.slack['webhookUrl'])).pathname;
  return seen.path === known ? { status: 400, body: 'no_text' } : { status: 404, body: 'no_service' };
}

function answerVercel(seen: ProviderRequestSeen): Reply {
  if (!bearerIs(seen, goodConfigs.vercel['token'])) return { status: 403, body: { error: { code: 'forbidden', invalidToken: true } } };
  if (seen.path === '/v2/user') return ok({ user: { id: 'u1', username: 'ada' } });
  if (seen.path === '/v2/teams/team_1') return ok({ id: 'team_1', name: 'Acme' });
  const { pathname, searchParams } = new URL(seen.path, 'http://x');
  if (pathname === '/v6/deployments' && searchParams.get('teamId') === 'team_1' && searchParams.get('projectId') === 'prj_web')
    return ok({
      deployments: [{ uid: 'dpl_1', name: 'web', url: 'web.vercel.app', state: 'READY', target: 'production', created: 1767225600000 }],
    });
  return { status: 404, body: {} };
}

function answerStripe(seen: ProviderRequestSeen): Reply {
  if (bearerIs(seen, `rk_test_${secretMark}restricted`)) {
    if (seen.path === '/v1/account') return { status: 403, body: { error: { type: 'invalid_request_error' } } };
    return ok({ available: [{ amount: 1, currency: 'eur' }] });
  }
  if (!bearerIs(seen, goodConfigs.stripe['secretKey']))
    return { status: 401, body: { error: { message: 'Invalid API Key provided: sk_te**' } } };
  const account = { id: 'acct_1', country: 'DE', default_currency: 'eur', charges_enabled: true, payouts_enabled: false };
  return ok({ ...account, business_profile: { name: 'Acme' }, email: 'owner@example.com' });
}

function answerSendgrid(seen: ProviderRequestSeen): Reply {
  if (!bearerIs(seen, goodConfigs.sendgrid['apiKey'])) return { status: 401, body: { errors: [{ message: 'authorization required' }] } };
  if (seen.path === '/v3/scopes') return ok({ scopes: ['mail.send', 'sender_verification_eligible'] });
  return ok({
    results: [
      { from_email: 'hello@example.com', verified: true },
      { from_email: 'other@example.com', verified: false },
    ],
  });
}

const answers: Readonly<Record<EndpointName, (seen: ProviderRequestSeen) => Reply>> = {
  github: answerGithub,
  aws: answerAws,
  slack: answerSlack,
  slackWebhooks: answerWebhook,
  vercel: answerVercel,
  stripe: answerStripe,
  sendgrid: answerSendgrid,
};

/** What a misbehaving provider answers; null for behaviours that are no answer. */
function misbehave(behaviour: Behaviour, seen: ProviderRequestSeen): Reply | null {
  const { authorization = '' } = seen.headers;
  if (behaviour === 'redirect-private') return { status: 302, body: {}, headers: { location: 'http://169.254.169.254/latest/meta-data/' } };
  if (behaviour === 'redirect-here') return { status: 302, body: {}, headers: { location: seen.path } };
  if (behaviour === 'not-json') return { status: 200, body: '<html>proxy</html>' };
  if (behaviour === 'down') return { status: 503, body: authorization };
  if (behaviour === 'limited') return { status: 429, body: authorization };
  if (behaviour === 'echo') {
    const token = authorization.replace('Bearer ', '');
    return ok({ full_name: `x ${token} y`, login: token, description: token, permissions: { push: token }, id: token });
  }
  return null;
}

const hugeBytes = 2 * 1024 * 1024;

/** Starts one server per endpoint on loopback. */
export async function startProviders(): Promise<Providers> {
  const seen: ProviderRequestSeen[] = [];
  let behaviour: Behaviour = 'normal';
  const servers = await Promise.all(endpointNames.map(async (name) => [name, await listen(createStandIn(name))] as const));
  const addresses = servers.map(([name, server]) => [name, `http://127.0.0.1:${(server.address() as AddressInfo).port}`]);
  return {
    endpoints: Object.fromEntries(addresses) as EndpointOverrides,
    seen,
    behave: (next) => (behaviour = next),
    close: async () => {
      await Promise.all(servers.map(([, server]) => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)))));
    },
  };

  function createStandIn(endpoint: EndpointName): Server {
    return createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const call = { endpoint, method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
        seen.push(call);
        if (behaviour === 'slow') return;
        if (behaviour === 'huge') return void response.end(Buffer.alloc(hugeBytes, 'x'));
        if (behaviour === 'huge-chunked')
          return void response.write(Buffer.alloc(hugeBytes, 'x'), () => response.write(Buffer.alloc(hugeBytes, 'x')));
        const { status, body, headers: extra } = misbehave(behaviour, call) ?? answers[endpoint](call);
        response
          .writeHead(status, { 'content-type': 'application/json', ...extra })
          .end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

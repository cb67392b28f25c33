import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { createOidcVerifier, IdentityProviderUnavailable, readUnverifiedIssuer } from '../../../src/auth/oidc.ts';
import type { AsymmetricAlgorithm, OidcSettings } from '../../../src/auth/oidc.ts';

interface SigningKey {
  kid: string;
  alg: string;
  privateKey: KeyObject;
}

const now = new Date();
const nowSeconds = Math.floor(now.getTime() / 1000);
const audience = 'snapinfra-client';
const times = { issuedAt: nowSeconds, expiresAt: nowSeconds + 300 };
const rsa: SigningKey = { kid: 'rsa-1', alg: 'RS256', privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
const ec: SigningKey = { kid: 'ec-1', alg: 'ES256', privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
const ed: SigningKey = { kid: 'ed-1', alg: 'EdDSA', privateKey: generateKeyPairSync('ed25519').privateKey };
const newcomer: SigningKey = { kid: 'ec-2', alg: 'ES256', privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
const weak: SigningKey = { kid: 'rsa-weak', alg: 'RS256', privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey };

const publicJwk = ({ kid, alg, privateKey }: SigningKey): object => ({
  ...createPublicKey(privateKey).export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Starts an OpenID provider on this machine, whose keys and answers a test may change. */
async function startProvider(keys: SigningKey[] = [rsa, ec, ed]) {
  const requests: string[] = [];
  const answers: Partial<Record<string, Answer>> = {};
  const provider = { issuer: '', keys, requests, answers, stop: (): Promise<void> => Promise.resolve() };
  const json = (response: ServerResponse, body: unknown): void =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = answers[path];
    if (answer) answer(request, response);
    else if (path === '/.well-known/openid-configuration') json(response, { issuer: provider.issuer, jwks_uri: `${provider.issuer}/keys` });
    else if (path === '/keys') json(response, { keys: provider.keys.map(publicJwk) });
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  cleanups.push(provider.stop);
  return provider;
}

type Provider = Awaited<ReturnType<typeof startProvider>>;

function createVerifier(provider: Provider, settings: Partial<OidcSettings> = {}) {
  return createOidcVerifier({ issuer: provider.issuer, audience, ...settings });
}

/** Signs a token that is valid but for the overrides; `undefined` removes a claim. */
async function sign({
  provider,
  key = rsa,
  claims = {},
  header = {},
}: {
  provider: Provider;
  key?: SigningKey;
  claims?: object;
  header?: object;
}): Promise<string> {
  const payload = { iss: provider.issuer, aud: audience, sub: 'user-1', iat: nowSeconds, exp: nowSeconds + 300, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

const invalid = { ok: false, reason: 'invalid' };

describe('valid tokens', () => {
  test.each([rsa, ec, ed])('are accepted, signed with $alg', async (key) => {
    const provider = await startProvider();
    expect(await createVerifier(provider).verify(await sign({ provider, key }), now)).toEqual({
      ok: true,
      identity: { subject: 'user-1', issuer: provider.issuer, emailVerified: false, ...times },
    });
  });

  test.each<[object, object]>([
    [
      { email: 'Ada@Example.com', email_verified: true, name: ' Ada Lovelace ' },
      { email: 'ada@example.com', emailVerified: true, name: 'Ada Lovelace' },
    ],
    [
      { email: 'ada@example.com', email_verified: 'true' },
      { email: 'ada@example.com', emailVerified: true },
    ],
    [{ email: 'ada@example.com' }, { email: 'ada@example.com', emailVerified: false }],
    [
      { email: 'ada@example.com', email_verified: false },
      { email: 'ada@example.com', emailVerified: false },
    ],
    [
      { email: 'ada@example.com', email_verified: 1 },
      { email: 'ada@example.com', emailVerified: false },
    ],
    [
      { email: 'ada@example.com', email_verified: 'false' },
      { email: 'ada@example.com', emailVerified: false },
    ],
    [{ email_verified: true }, { emailVerified: false }],
    [{ email: 'not an address', email_verified: true }, { emailVerified: false }],
    [{ email: ['ada@example.com'], email_verified: true }, { emailVerified: false }],
    [{ name: 42 }, { emailVerified: false }],
    [{ name: ' \u0000 ' }, { emailVerified: false }],
    [{ name: `A\u0000d\u001ba${'😀'.repeat(300)}` }, { emailVerified: false, name: `Ada${'😀'.repeat(197)}` }],
    [{ aud: ['other', audience] }, { emailVerified: false }],
    [{ iat: undefined }, { emailVerified: false, issuedAt: 0 }],
  ])('claims %j', async (claims, expected) => {
    const provider = await startProvider([ec]);
    const token = await sign({ provider, key: ec, claims });
    const identity = { subject: 'user-1', issuer: provider.issuer, ...times, ...expected };
    expect(await createVerifier(provider).verify(token, now)).toEqual({ ok: true, identity });
  });

  test('many at once share one discovery and one fetch of the keys, and later ones need none', async () => {
    const provider = await startProvider();
    const verifier = createVerifier(provider);
    const token = await sign({ provider });
    const results = await Promise.all(Array.from({ length: 20 }, () => verifier.verify(token, now)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect((await verifier.verify(token, now)).ok).toBe(true);
    expect(provider.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  test('an issuer with a path and a slash at its end is found', async () => {
    const provider = await startProvider();
    const issuer = `${provider.issuer}/realms/a/`;
    provider.answers['/realms/a/.well-known/openid-configuration'] = (_request, response) =>
      response.end(JSON.stringify({ issuer, jwks_uri: `${provider.issuer}/keys` }));
    const verifier = createVerifier(provider, { issuer });
    expect((await verifier.verify(await sign({ provider, claims: { iss: issuer } }), now)).ok).toBe(true);
    expect(await verifier.verify(await sign({ provider, claims: { iss: issuer.slice(0, -1) } }), now)).toEqual(invalid);
  });
});

describe('tokens that are not valid', () => {
  test.each<[string, object]>([
    ['other issuer', { iss: 'https://evil.test' }],
    ['no issuer', { iss: undefined }],
    ['other audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['empty list of audiences', { aud: [] }],
    ['no exp', { exp: undefined }],
    ['exp as text', { exp: '99999999999' }],
    ['iat as text', { iat: 'yesterday' }],
    ['no sub', { sub: undefined }],
    ['empty sub', { sub: '' }],
    ['sub of 256 characters', { sub: 'x'.repeat(256) }],
    ['sub with a line break', { sub: 'user\n1' }],
    ['not yet valid', { nbf: nowSeconds + 120 }],
  ])('%s', async (_kind, claims) => {
    const provider = await startProvider([ec]);
    expect(await createVerifier(provider).verify(await sign({ provider, key: ec, claims }), now)).toEqual(invalid);
  });

  test.each([
    [29, true],
    [31, false],
  ])('exp %d s ago → ok: %s, within the tolerance of 30 s', async (seconds, ok) => {
    const provider = await startProvider([ec]);
    const result = await createVerifier(provider).verify(await sign({ provider, key: ec, claims: { exp: nowSeconds - seconds } }), now);
    expect(result).toMatchObject(ok ? { ok } : { ok, reason: 'expired' });
  });

  test('alg none, signed by nobody', async () => {
    const provider = await startProvider();
    const [, payload] = (await sign({ provider })).split('.');
    for (const alg of ['none', 'None', '']) {
      expect(await createVerifier(provider).verify(`${encode({ alg, kid: rsa.kid })}.${payload!}.`, now)).toEqual(invalid);
    }
  });

  test('HS256 with the public key as the secret, in every usual spelling of the key', async () => {
    const provider = await startProvider();
    const verifier = createVerifier(provider);
    const publicKey = createPublicKey(rsa.privateKey);
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'pkcs1', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicJwk(rsa)),
    ];
    const [, payload] = (await sign({ provider })).split('.');
    for (const secret of secrets) {
      const input = `${encode({ alg: 'HS256', kid: rsa.kid })}.${payload!}`;
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await verifier.verify(token, now)).toEqual(invalid);
    }
    expect((await verifier.verify(await sign({ provider }), now)).ok).toBe(true);
  });

  test('an algorithm that was configured away', async () => {
    const provider = await startProvider();
    const verifier = createVerifier(provider, { algorithms: ['ES256'] });
    expect(await verifier.verify(await sign({ provider, key: rsa }), now)).toEqual(invalid);
    expect((await verifier.verify(await sign({ provider, key: ec }), now)).ok).toBe(true);
  });

  test('a key that the provider does not publish, under a published key id', async () => {
    const provider = await startProvider([ec]);
    expect(await createVerifier(provider).verify(await sign({ provider, key: newcomer, header: { kid: ec.kid } }), now)).toEqual(invalid);
  });

  test('a key of the token itself (jwk, jku, x5u) is not used', async () => {
    const provider = await startProvider([ec]);
    const header = { jwk: publicJwk(newcomer), jku: `${provider.issuer}/evil`, x5u: `${provider.issuer}/evil` };
    const token = await sign({ provider, key: newcomer, header: { ...header, kid: ec.kid } });
    expect(await createVerifier(provider).verify(token, now)).toEqual(invalid);
    expect(provider.requests).not.toContain('/evil');
  });

  test('no key id where several keys fit', async () => {
    const provider = await startProvider([ec, newcomer]);
    expect(await createVerifier(provider).verify(await sign({ provider, key: ec, header: { kid: undefined } }), now)).toEqual(invalid);
  });

  test('a published key that is too weak', async () => {
    const provider = await startProvider([weak]);
    const input = `${encode({ alg: 'RS256', kid: weak.kid })}.${encode({ iss: provider.issuer, aud: audience, sub: 'user-1', exp: nowSeconds + 300 })}`;
    const token = `${input}.${createSign('RSA-SHA256').update(input).sign(weak.privateKey, 'base64url')}`;
    expect(await createVerifier(provider).verify(token, now)).toEqual(invalid);
  });

  test.each(['', 'abc', '..', 'a.b.c', 'snp_01h455vb4pex5vsknk084sn02q_x'])(
    'text that is no token: %j; the provider is not asked',
    async (text) => {
      const provider = await startProvider();
      expect(await createVerifier(provider).verify(text, now)).toEqual(invalid);
      expect(provider.requests).toEqual([]);
    },
  );

  test('a token of another issuer; the provider is not asked', async () => {
    const provider = await startProvider();
    expect(await createVerifier(provider).verify(await sign({ provider, claims: { iss: 'https://evil.test' } }), now)).toEqual(invalid);
    expect(provider.requests).toEqual([]);
  });

  test('a token of 16,385 characters; the provider is not asked', async () => {
    const provider = await startProvider();
    expect(await createVerifier(provider).verify(await sign({ provider, claims: { padding: 'x'.repeat(16_384) } }), now)).toEqual(invalid);
    expect(provider.requests).toEqual([]);
  });
});

describe('rotation of keys', () => {
  const fetches = (provider: Provider): number => provider.requests.filter((path) => path === '/keys').length;

  test('a new key is found when a token names it', async () => {
    const provider = await startProvider([ec]);
    const verifier = createVerifier(provider, { cooldownMs: 0 });
    expect((await verifier.verify(await sign({ provider, key: ec }), now)).ok).toBe(true);
    provider.keys = [newcomer];
    expect((await verifier.verify(await sign({ provider, key: newcomer }), now)).ok).toBe(true);
    expect(await verifier.verify(await sign({ provider, key: ec }), now)).toEqual(invalid);
  });

  test('unknown key ids do not cause a fetch each', async () => {
    const provider = await startProvider([ec]);
    const verifier = createVerifier(provider);
    for (let index = 0; index < 10; index += 1) {
      expect(await verifier.verify(await sign({ provider, key: ec, header: { kid: `made-up-${index}` } }), now)).toEqual(invalid);
    }
    expect(fetches(provider)).toBe(1);
  });

  test('a withdrawn key ends with the cache, even if no token names another', async () => {
    const provider = await startProvider([ec]);
    const verifier = createVerifier(provider, { cacheMs: 20 });
    const token = await sign({ provider, key: ec });
    expect((await verifier.verify(token, now)).ok).toBe(true);
    provider.keys = [newcomer];
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await verifier.verify(token, now)).toEqual(invalid);
  });

  test('keys that move to another address are found there when the cache ends', async () => {
    const provider = await startProvider([ec]);
    const verifier = createVerifier(provider, { cacheMs: 20 });
    expect((await verifier.verify(await sign({ provider, key: ec }), now)).ok).toBe(true);
    provider.answers['/.well-known/openid-configuration'] = (_request, response) =>
      response.end(JSON.stringify({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/moved` }));
    provider.answers['/keys'] = (_request, response) => response.writeHead(410).end();
    provider.answers['/moved'] = (_request, response) => response.end(JSON.stringify({ keys: [publicJwk(newcomer)] }));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect((await verifier.verify(await sign({ provider, key: newcomer }), now)).ok).toBe(true);
  });
});

describe('a provider that does not answer', () => {
  const discovery = '/.well-known/openid-configuration';
  const text =
    (body: string, status = 200): Answer =>
    (_request, response) =>
      void response.writeHead(status).end(body);

  test.each<[string, string, Answer]>([
    ['discovery: 500', discovery, text('{}', 500)],
    ['discovery: 404', discovery, text('{}', 404)],
    ['discovery: HTML', discovery, text('<html>')],
    ['discovery: no jwks_uri', discovery, text('{"issuer":"x"}')],
    ['discovery: endless', discovery, () => undefined],
    ['discovery: endless body', discovery, (_request, response) => void response.writeHead(200).write('{')],
    ['discovery: dropped', discovery, (request) => void request.socket.destroy()],
    ['discovery: 2 MB', discovery, text(' '.repeat(2_000_000))],
    ['keys: 500', '/keys', text('', 500)],
    ['keys: HTML', '/keys', text('<html>')],
    ['keys: no list', '/keys', text('{}')],
    ['keys: endless', '/keys', () => undefined],
    ['keys: endless body', '/keys', (_request, response) => void response.writeHead(200).write('{')],
    ['keys: dropped', '/keys', (request) => void request.socket.destroy()],
    ['keys: 2 MB', '/keys', text(`{"keys":[],"padding":"${'x'.repeat(2_000_000)}"}`)],
  ])('%s → retryable, and well again afterwards', async (_kind, path, answer) => {
    const provider = await startProvider();
    provider.answers[path] = answer;
    const verifier = createVerifier(provider, { timeoutMs: 1_000, failurePauseMs: 0 });
    const token = await sign({ provider });
    const failure = await verifier.verify(token, now).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IdentityProviderUnavailable);
    expect(failure).toMatchObject({ retryable: true, message: expect.stringContaining('Try again') });
    provider.answers[path] = undefined;
    expect((await verifier.verify(token, now)).ok).toBe(true);
  });

  test('discovery that names another issuer is not believed, even if its keys fit', async () => {
    const provider = await startProvider();
    provider.answers[discovery] = text(JSON.stringify({ issuer: 'https://evil.test', jwks_uri: `${provider.issuer}/keys` }));
    await expect(createVerifier(provider).verify(await sign({ provider }), now)).rejects.toBeInstanceOf(IdentityProviderUnavailable);
  });

  test('redirects are not followed, even to a good document', async () => {
    const provider = await startProvider();
    provider.answers[discovery] = (_request, response) => void response.writeHead(302, { location: '/moved' }).end();
    provider.answers['/moved'] = text(JSON.stringify({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/keys` }));
    await expect(createVerifier(provider).verify(await sign({ provider }), now)).rejects.toBeInstanceOf(IdentityProviderUnavailable);
    expect(provider.requests).toEqual([discovery]);
  });

  test('keys at a plain http address elsewhere are not fetched', async () => {
    const provider = await startProvider();
    provider.answers[discovery] = text(JSON.stringify({ issuer: provider.issuer, jwks_uri: 'http://keys.example.test/keys' }));
    const failure = await createVerifier(provider)
      .verify(await sign({ provider }), now)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IdentityProviderUnavailable);
    expect(String((failure as IdentityProviderUnavailable).cause)).toContain('not at an https address');
  });

  test('a provider that is gone is not asked again at once', async () => {
    const provider = await startProvider();
    provider.answers[discovery] = text('', 503);
    const verifier = createVerifier(provider);
    const token = await sign({ provider });
    for (let attempt = 0; attempt < 5; attempt += 1)
      await expect(verifier.verify(token, now)).rejects.toBeInstanceOf(IdentityProviderUnavailable);
    expect(provider.requests).toEqual([discovery]);
  });

  test('known keys still serve while the provider is gone; only a token with an unknown key has to wait', async () => {
    const provider = await startProvider([ec]);
    const verifier = createVerifier(provider, { cooldownMs: 0 });
    const token = await sign({ provider, key: ec });
    expect((await verifier.verify(token, now)).ok).toBe(true);
    await provider.stop();
    await expect(verifier.verify(await sign({ provider, key: newcomer }), now)).rejects.toBeInstanceOf(IdentityProviderUnavailable);
    expect((await verifier.verify(token, now)).ok).toBe(true);
  });
});

describe('settings', () => {
  const valid: OidcSettings = { issuer: 'https://login.example.com', audience };
  test.each<[Partial<OidcSettings>, RegExp]>([
    [{ issuer: '' }, /issuer must be an https URL/],
    [{ issuer: 'login.example.com' }, /issuer must be an https URL/],
    [{ issuer: 'http://login.example.com' }, /issuer must be an https URL/],
    [{ issuer: 'http://localhost.example.com' }, /issuer must be an https URL/],
    [{ issuer: 'file:///etc/passwd' }, /issuer must be an https URL/],
    [{ audience: '' }, /audience is empty/],
    [{ algorithms: [] }, /an empty list/],
    [{ algorithms: ['RS256', 'HS256' as AsymmetricAlgorithm] }, /not accepted: HS256/],
    [{ algorithms: ['none' as AsymmetricAlgorithm] }, /not accepted: none/],
  ])('%j is refused', (changed, message) => {
    expect(() => createOidcVerifier(valid)).not.toThrow();
    expect(() => createOidcVerifier({ ...valid, ...changed })).toThrow(message);
  });
});

test.each([
  [`${encode({ alg: 'none' })}.${encode({ iss: 'https://login.example.com' })}.`, 'https://login.example.com'],
  [`${encode({ alg: 'none' })}.${encode({ iss: 5 })}.`, undefined],
  [`${encode({ alg: 'none' })}.${encode({})}.`, undefined],
  ['abc', undefined],
  ['', undefined],
])('readUnverifiedIssuer(%j) → %s', (token, issuer) => {
  expect(readUnverifiedIssuer(token)).toBe(issuer);
});

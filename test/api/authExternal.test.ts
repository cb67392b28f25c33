import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { createHarness, uniqueEmail, type Answer, type Caller, type Data, type Harness } from '../support/harness.ts';

const audience = 'snapinfra-tests';
let provider: Server;
let issuer: string;
let sign: (claims: JWTPayload, issuedAt?: number) => Promise<Caller & { token: string }>;
let api: Harness;
let other: Harness;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] };
  provider = createServer((request, response) => {
    const body = request.url === '/keys' ? keys : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  sign = async (claims, issuedAt = Math.floor(Date.now() / 1000)) => {
    const jwt = new SignJWT({ iss: issuer, aud: audience, iat: issuedAt, exp: issuedAt + 600, jti: crypto.randomUUID(), ...claims });
    return { token: await jwt.setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(privateKey) };
  };
  const settings = { oidc: { issuer, audience } };
  [api, other] = await Promise.all([createHarness(settings), createHarness(settings)]);
});
afterAll(async () => {
  await api.close();
  await other.close();
  await new Promise((resolve) => provider.close(resolve));
});

const viewerDocument = '{ viewer { id email username onboardingCompleted activity { nodes { action metadata actorId } } } }';
const signInDocument = 'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken user { id } userErrors { code } } }';
const passwordDocument = 'mutation ($input: PasswordChangeInput!) { passwordChange(input: $input) { user { id } userErrors { code } } }';
const newSubject = (): string => `subject|${crypto.randomUUID()}`;

async function viewerOf(caller: Caller, on: Harness = api): Promise<Data> {
  return (await on.must(caller, viewerDocument)).viewer;
}

function problemOf({ errors }: Answer): string {
  return `${String(errors[0]?.extensions?.['code'])}: ${String(errors[0]?.message)}`;
}

/** Some seconds ago, for tokens that must be older than what happens next. */
const earlier = (): number => Math.floor(Date.now() / 1000) - 10;

describe('an external identity', () => {
  test('makes its user on first sight, and is that user from then on', async () => {
    const sub = newSubject();
    const email = uniqueEmail();
    const first = await viewerOf(await sign({ sub, email: email.toUpperCase(), email_verified: true, name: 'Ext Ernal' }));
    expect(first).toEqual({
      id: expect.stringMatching(/^usr_/),
      email,
      username: 'Ext Ernal',
      onboardingCompleted: false,
      activity: { nodes: [{ action: 'signed-up', metadata: { entityName: 'Ext Ernal', via: 'oidc' }, actorId: first.id }] },
    });
    expect((await viewerOf(await sign({ sub, name: 'Renamed' }), other)).id).toBe(first.id);
    expect((await viewerOf(await sign({ sub: newSubject() }))).id).not.toBe(first.id);
    const document = 'mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }';
    const { data } = await api.run(null, document, { input: { email, password: 'long enough', username: 'Late' } });
    expect(data.signUp.userErrors[0].code).toBe('ALREADY_EXISTS');
  });

  test('that comes twenty times at once makes one user', async () => {
    const claims = { sub: newSubject(), email: uniqueEmail(), email_verified: true };
    const callers = await Promise.all(Array.from({ length: 20 }, () => sign(claims)));
    const viewers = await Promise.all(callers.map((caller, i) => viewerOf(caller, i % 2 ? api : other)));
    expect(new Set(viewers.map(({ id }) => id as string)).size).toBe(1);
  }, 30_000);

  test.each([
    ['is not verified', { email_verified: false }],
    ['is not said to be verified', {}],
  ])('whose address %s keeps none, and never takes over an account', async (_, claim) => {
    const victim = await api.signUp();
    const viewer = await viewerOf(await sign({ sub: newSubject(), email: victim.email, ...claim }));
    expect(viewer.id).not.toBe(victim.id);
    expect(viewer.email).toBeNull();
    const free = uniqueEmail();
    expect((await viewerOf(await sign({ sub: newSubject(), email: free, ...claim }))).email).toBeNull();
    expect((await api.signUp({ email: free })).email).toBe(free);
    expect((await viewerOf(victim)).email).toBe(victim.email);
  });

  test('with the verified address of an account comes into it, and everything that led there before ends', async () => {
    const account = await api.signUp();
    const { apiKeyCreate } = await api.must(
      account,
      'mutation { apiKeyCreate(input: { name: "CI", scopes: [READ] }) { secret userErrors { code } } }',
    );
    const caller = await sign({ sub: newSubject(), email: account.email, email_verified: true });
    const viewer = await viewerOf(caller);
    expect(viewer).toMatchObject({ id: account.id, email: account.email });
    expect(viewer.activity.nodes[0]).toMatchObject({ action: 'identity-linked', actorId: account.id });
    expect(problemOf(await api.run(account, viewerDocument))).toBe('UNAUTHENTICATED: This session has ended. Sign in again.');
    expect(problemOf(await other.run({ token: apiKeyCreate.secret }, viewerDocument))).toContain('was revoked');
    const { data } = await api.run(null, signInDocument, { input: { email: account.email, password: account.password } });
    expect(data.signIn.userErrors[0].code).toBe('INVALID_CREDENTIALS');
    const set = await api.must(caller, passwordDocument, { input: { newPassword: 'chosen by the owner' } });
    expect(set.passwordChange.user.id).toBe(account.id);
    const { signIn } = await api.must(null, signInDocument, { input: { email: account.email, password: 'chosen by the owner' } });
    expect(signIn.user.id).toBe(account.id);
    const again = await api.run(caller, passwordDocument, { input: { newPassword: 'without the current one' } });
    expect(again.data.passwordChange.userErrors[0].code).toBe('INVALID_CREDENTIALS');
  });

  test('does not come into an account that another identity signs in to', async () => {
    const email = uniqueEmail();
    const first = await viewerOf(await sign({ sub: newSubject(), email, email_verified: true }));
    const second = await viewerOf(await sign({ sub: newSubject(), email, email_verified: true }));
    expect(second.id).not.toBe(first.id);
    expect({ first: first.email, second: second.email }).toEqual({ first: email, second: null });
  });

  test('comes into an account of the earlier backend by a verified address', async () => {
    const old = {
      id: crypto.randomUUID(),
      email: uniqueEmail(),
      username: 'old',
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-01-01T00:00:00.000Z',
    };
    await api.putRow('users', old);
    expect((await viewerOf(await sign({ sub: newSubject(), email: old.email, email_verified: 'true' }))).id).toBe(old.id);
    expect(await api.rows('users', `email#${old.email}`)).toEqual([{ id: `email#${old.email}`, ownerId: old.id }]);
  });

  test('may do what its user may', async () => {
    const caller = await sign({ sub: newSubject() });
    const { projectCreate } = await api.must(
      caller,
      'mutation { projectCreate(input: { name: "External" }) { project { owner { id } } userErrors { code } } }',
    );
    expect(projectCreate.project.owner.id).toBe((await viewerOf(caller)).id);
  });
});

describe('an external token', () => {
  test.each([
    ['for another audience', { aud: 'somebody-else' }],
    ['without a subject', { sub: undefined }],
    ['without an end', { exp: undefined }],
    ['with a subject that is no identifier', { sub: 'tab\tulator' }],
  ])('%s is refused', async (_, claims) => {
    const answer = await api.run(await sign({ sub: newSubject(), ...claims } as JWTPayload), viewerDocument);
    expect(problemOf(answer)).toBe('UNAUTHENTICATED: The token of the identity provider is not valid. Get a new one from there.');
  });

  test('that has expired is refused with advice', async () => {
    const answer = await api.run(await sign({ sub: newSubject() }, Math.floor(Date.now() / 1000) - 3_600), viewerDocument);
    expect(problemOf(answer)).toBe('UNAUTHENTICATED: The token of the identity provider has expired. Get a new one from there.');
  });

  test('of an issuer that is not configured is refused', async () => {
    expect(problemOf(await api.run(await sign({ sub: newSubject(), iss: 'https://evil.example' }), viewerDocument))).toContain(
      'UNAUTHENTICATED',
    );
    const without = await createHarness();
    expect(problemOf(await without.run(await sign({ sub: newSubject() }), viewerDocument))).toContain('UNAUTHENTICATED');
    await without.close();
  });

  test('that was signed out is refused, and a new one accepted', async () => {
    const sub = newSubject();
    const caller = await sign({ sub });
    const { id } = await viewerOf(caller);
    await api.must(caller, 'mutation { signOut { user { id } userErrors { code } } }');
    for (const instance of [api, other]) {
      expect(problemOf(await instance.run(caller, viewerDocument))).toBe(
        'UNAUTHENTICATED: This token was signed out. Get a new one from the identity provider.',
      );
    }
    expect((await viewerOf(await sign({ sub }))).id).toBe(id);
  });

  test('with a second signature over the same content is signed out too', async () => {
    const claims = { sub: newSubject(), jti: 'same', iat: earlier(), exp: earlier() + 600 };
    const [one, two] = [await sign(claims), await sign(claims)];
    expect(one.token).not.toBe(two.token);
    await viewerOf(one);
    await api.must(one, 'mutation { signOut { userErrors { code } } }');
    expect(problemOf(await other.run(two, viewerDocument))).toContain('was signed out');
  });

  test('that was issued before a sign-out everywhere is refused', async () => {
    const sub = newSubject();
    const [here, elsewhere] = [await sign({ sub }, earlier()), await sign({ sub }, earlier())];
    const { id } = await viewerOf(here);
    await viewerOf(elsewhere);
    await api.must(here, 'mutation { signOut(everywhere: true) { userErrors { code } } }');
    expect(problemOf(await api.run(elsewhere, viewerDocument))).toContain('signed out everywhere');
    expect((await viewerOf(await sign({ sub }, Math.floor(Date.now() / 1000) + 1))).id).toBe(id);
  });
});

describe('a provider that does not answer', () => {
  test('is a retryable error, and everybody else goes on', async () => {
    const gone = await createHarness({ oidc: { issuer: 'http://127.0.0.1:9', audience } });
    const answer = await gone.run(await sign({ sub: newSubject(), iss: 'http://127.0.0.1:9' }), viewerDocument);
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', retryable: true });
    const user = await gone.signUp();
    expect((await viewerOf(user, gone)).id).toBe(user.id);
    await gone.close();
  });
});

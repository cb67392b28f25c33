import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { SignJWT } from 'jose';
import { accessTokenLifetimeSeconds, createAccessTokens } from '../../../src/auth/tokens.ts';

const settings = { secret: randomBytes(48).toString('base64'), issuer: 'https://api.snapinfra.test', audience: 'snapinfra' };
const tokens = createAccessTokens(settings);
const now = new Date('2026-03-01T12:00:00.400Z');
const nowSeconds = Math.floor(now.getTime() / 1000);
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const subject = { userId: 'usr_01h455vb4pex5vsknk084sn02q', sessionId: 'ses_01h455vb4pex5vsknk084sn02q', now };
const validClaims = {
  sub: 'usr_1',
  sid: 'ses_1',
  jti: 'one',
  iss: settings.issuer,
  aud: settings.audience,
  iat: nowSeconds,
  exp: nowSeconds + 60,
};

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs by hand, so that headers and payloads that jose refuses to make can be tried. */
function forge({ header = {}, claims = {}, secret = settings.secret }: { header?: object; claims?: unknown; secret?: string }): string {
  const payload = typeof claims === 'object' ? { ...validClaims, ...claims } : claims;
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', ...header })}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('access tokens', () => {
  test('a token says who, which session, and ends after 15 minutes', async () => {
    const { token, expiresAt } = await tokens.issueAccessToken(subject);
    expect(expiresAt.toISOString()).toBe('2026-03-01T12:15:00.000Z');
    expect(accessTokenLifetimeSeconds).toBe(900);
    expect(await tokens.verifyAccessToken(token, now)).toEqual({
      ok: true,
      claims: {
        userId: subject.userId,
        sessionId: subject.sessionId,
        tokenId: expect.stringMatching(/^[\da-f-]{36}$/),
        issuedAt: new Date('2026-03-01T12:00:00.000Z'),
        expiresAt,
      },
    });
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header!)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    expect(Object.keys(JSON.parse(payload!) as object).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub']);
    expect((await tokens.issueAccessToken(subject)).token).not.toBe(token);
  });

  test.each([
    [0, 'ok'],
    [899, 'ok'],
    [904, 'ok'],
    [906, 'expired'],
    [86_400, 'expired'],
    [-4, 'ok'],
    [-60, 'invalid'],
  ])('%d seconds after its issue → %s', async (seconds, expected) => {
    const { token } = await tokens.issueAccessToken(subject);
    const result = await tokens.verifyAccessToken(token, later(seconds));
    expect(result.ok ? 'ok' : result.reason).toBe(expected);
  });

  test('forged by hand, a correct token is accepted: what follows fails for its own reason', async () => {
    expect(await tokens.verifyAccessToken(forge({}), now)).toMatchObject({ ok: true, claims: { userId: 'usr_1', sessionId: 'ses_1' } });
  });

  test.each<[string, string]>([
    ['empty', ''],
    ['not a JWT', 'abc'],
    ['three empty parts', '..'],
    ['other secret', forge({ secret: randomBytes(48).toString('base64') })],
    ['alg none, unsigned', `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(validClaims)}.`],
    ['alg none, signed', forge({ header: { alg: 'none' } })],
    ['alg HS512', forge({ header: { alg: 'HS512' } })],
    ['alg RS256', forge({ header: { alg: 'RS256' } })],
    ['alg as a number', forge({ header: { alg: 256 } })],
    ['no alg', forge({ header: { alg: undefined } })],
    ['unknown critical header', forge({ header: { crit: ['custom'], custom: 1 } })],
    ['unencoded payload', forge({ header: { crit: ['b64'], b64: false } })],
    ['type of another purpose', forge({ header: { typ: 'JWT' } })],
    ['no type', forge({ header: { typ: undefined } })],
    ['other issuer', forge({ claims: { iss: 'https://evil.test' } })],
    ['no issuer', forge({ claims: { iss: undefined } })],
    ['other audience', forge({ claims: { aud: 'other' } })],
    ['no audience', forge({ claims: { aud: undefined } })],
    ['no exp', forge({ claims: { exp: undefined } })],
    ['exp as text', forge({ claims: { exp: String(nowSeconds + 60) } })],
    ['no sub', forge({ claims: { sub: undefined } })],
    ['empty sub', forge({ claims: { sub: '' } })],
    ['sub as a list', forge({ claims: { sub: ['usr_1'] } })],
    ['no session', forge({ claims: { sid: undefined } })],
    ['session as an object', forge({ claims: { sid: {} } })],
    ['no jti', forge({ claims: { jti: undefined } })],
    ['no iat', forge({ claims: { iat: undefined } })],
    ['iat in the future', forge({ claims: { iat: nowSeconds + 60, exp: nowSeconds + 120 } })],
    ['not yet valid', forge({ claims: { nbf: nowSeconds + 60 } })],
    ['payload is a list', forge({ claims: '[]' })],
    ['payload is not JSON', forge({ claims: 'usr_1' })],
    ['longer than 4096 characters', forge({ claims: { padding: 'x'.repeat(4096) } })],
  ])('invalid: %s', async (_kind, token) => {
    expect(await tokens.verifyAccessToken(token, now)).toEqual({ ok: false, reason: 'invalid' });
  });

  test('a token signed for longer than 15 minutes still ends after 15 minutes', async () => {
    const token = forge({ claims: { exp: nowSeconds + 10 * 365 * 86_400 } });
    expect((await tokens.verifyAccessToken(token, later(899))).ok).toBe(true);
    expect(await tokens.verifyAccessToken(token, later(906))).toEqual({ ok: false, reason: 'expired' });
  });

  test('a token of a key pair is invalid', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = await new SignJWT(validClaims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' }).sign(privateKey);
    expect(await tokens.verifyAccessToken(token, now)).toEqual({ ok: false, reason: 'invalid' });
  });

  test('every changed character is noticed', async () => {
    const { token } = await tokens.issueAccessToken(subject);
    const accepted: number[] = [];
    for (let index = 0; index < token.length; index += 1) {
      const replacement = token[index] === 'A' ? 'B' : 'A';
      const result = await tokens.verifyAccessToken(token.slice(0, index) + replacement + token.slice(index + 1), now);
      if (result.ok) accepted.push(index);
    }
    // The last character of a signature of 32 bytes holds two bits that decoders ignore; the claims stay the signed ones.
    expect(accepted.filter((index) => index < token.length - 1)).toEqual([]);
  });

  test('no text makes the verification throw', async () => {
    const parts = fc.array(fc.oneof(fc.string(), fc.json().map(encode), fc.string({ unit: 'binary' }).map(encode)), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(parts, async (texts) => {
        expect(await tokens.verifyAccessToken(texts.join('.'), now)).toEqual({ ok: false, reason: 'invalid' });
      }),
      { numRuns: 500 },
    );
  });

  test('a secret of less than 32 bytes is refused without being repeated', () => {
    const short = 'thirty-one-characters-of-secret';
    expect(() => createAccessTokens({ ...settings, secret: short })).toThrow(/has 31 bytes; it needs at least 32.*openssl rand/);
    expect(() => createAccessTokens({ ...settings, secret: short })).not.toThrow(short);
    expect(() => createAccessTokens({ ...settings, secret: `${short}.` })).not.toThrow();
  });
});

/**
 * Tokens. Access tokens are signed JWTs of 15 minutes, verified without the database. Refresh tokens are opaque, stored
 * hashed and rotate with every use; see `refreshTokens.ts`.
 */
import { randomUUID, webcrypto } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';

/** Lifetime of an access token: a revoked session stays usable this long where nobody looks the session up. */
export const accessTokenLifetimeSeconds = 15 * 60;

/** What access tokens are signed and verified with. */
export interface AccessTokenSettings {
  /** HMAC secret of at least 32 bytes (RFC 7518 §3.2); `JWT_SECRET` of the configuration. */
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
  /** Difference between the clocks of instances that is forgiven, in seconds; 5 by default. */
  readonly clockToleranceSeconds?: number;
}

/** Who a valid access token speaks for. */
export interface AccessTokenClaims {
  readonly userId: string;
  /** The session, which is the family of refresh tokens; check it for revocation. */
  readonly sessionId: string;
  readonly tokenId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** `expired`: was valid, refresh it. `invalid`: everything else, without telling which check failed. */
export type AccessTokenResult =
  { readonly ok: true; readonly claims: AccessTokenClaims } | { readonly ok: false; readonly reason: 'expired' | 'invalid' };

/** Issues and verifies access tokens. */
export interface AccessTokens {
  /** Returns a signed token and when it ends. */
  issueAccessToken(subject: { userId: string; sessionId: string; now: Date }): Promise<{ token: string; expiresAt: Date }>;
  /** Verifies signature, algorithm, type, issuer, audience, times and required claims. Never throws because of the token. */
  verifyAccessToken(token: string, now: Date): Promise<AccessTokenResult>;
}

/** Longest access token that is looked at; those issued here have about 400 characters. */
const maxTokenCharacters = 4096;
/** RFC 9068: the type keeps other JWTs that the same secret may sign (links, cursors) from being used as access tokens. */
const tokenType = 'at+jwt';
const algorithm = 'HS256';

/** How many genuine tokens are remembered, half a kilobyte each. */
const rememberedTokens = 10_000;

/** Creates the functions for one secret. Throws RangeError where the secret has less than 32 bytes. */
export function createAccessTokens(settings: AccessTokenSettings): AccessTokens {
  const { secret, issuer, audience, clockToleranceSeconds = 5 } = settings;
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length < 32) {
    throw new RangeError(
      `The secret of access tokens has ${bytes.length} bytes; it needs at least 32. Make one with: openssl rand -base64 48`,
    );
  }
  // A client sends the same token with every request, and the check of a signature takes 0.1 ms. What was genuine stays so:
  // of all that is checked, only the ends (`exp`, and `iat` with the longest lifetime) depend on the time. Sessions are looked up elsewhere, every time.
  const genuine = new Map<string, AccessTokenClaims>();
  const isOver = ({ issuedAt, expiresAt }: AccessTokenClaims, now: Date): boolean => {
    const seconds = Math.floor(now.getTime() / 1000) - clockToleranceSeconds;
    const end = Math.min(expiresAt.getTime() / 1000, issuedAt.getTime() / 1000 + accessTokenLifetimeSeconds);
    return end <= seconds;
  };
  function remember(token: string, claims: AccessTokenClaims, now: Date): void {
    for (const [oldest, known] of genuine) {
      if (genuine.size < rememberedTokens && !isOver(known, now)) break;
      genuine.delete(oldest);
    }
    genuine.set(token, claims);
  }
  let importedKey: Promise<webcrypto.CryptoKey> | undefined;
  // Imported once: jose would import raw bytes again for every token.
  const key = (): Promise<webcrypto.CryptoKey> =>
    (importedKey ??= webcrypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']));
  return {
    async issueAccessToken({ userId, sessionId, now }) {
      const issuedAt = Math.floor(now.getTime() / 1000);
      const expiresAt = issuedAt + accessTokenLifetimeSeconds;
      const token = await new SignJWT({
        sid: sessionId,
        sub: userId,
        iss: issuer,
        aud: audience,
        jti: randomUUID(),
        iat: issuedAt,
        exp: expiresAt,
      })
        .setProtectedHeader({ alg: algorithm, typ: tokenType })
        .sign(await key());
      return { token, expiresAt: new Date(expiresAt * 1000) };
    },
    async verifyAccessToken(token, now) {
      if (token.length > maxTokenCharacters) return { ok: false, reason: 'invalid' };
      const verified = genuine.get(token);
      if (verified) return isOver(verified, now) ? { ok: false, reason: 'expired' } : { ok: true, claims: verified };
      try {
        const { payload } = await jwtVerify(token, await key(), {
          algorithms: [algorithm],
          typ: tokenType,
          issuer,
          audience,
          requiredClaims: ['exp', 'sub', 'iat', 'jti', 'sid'],
          // Whoever holds the secret cannot issue tokens that live longer than those issued here.
          maxTokenAge: accessTokenLifetimeSeconds,
          clockTolerance: clockToleranceSeconds,
          currentDate: now,
        });
        const claims = readClaims(payload);
        if (!claims) return { ok: false, reason: 'invalid' };
        remember(token, claims, now);
        return { ok: true, claims };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' };
        if (error instanceof errors.JOSEError) return { ok: false, reason: 'invalid' };
        throw error;
      }
    },
  };
}

function readClaims({ sub, sid, jti, iat, exp }: Record<string, unknown>): AccessTokenClaims | undefined {
  if (!isFilledText(sub) || !isFilledText(sid) || !isFilledText(jti) || typeof iat !== 'number' || typeof exp !== 'number')
    return undefined;
  return { userId: sub, sessionId: sid, tokenId: jti, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
}

function isFilledText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

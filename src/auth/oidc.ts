/**
 * Tokens of an external OpenID provider. The provider is found by its issuer (OpenID Connect Discovery 1.0); its keys are
 * cached and fetched again, at most every 30 s, when a token names a key that is not among them.
 */
import { decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { normalizeEmail } from './email.ts';
import { createKeySource, IdentityProviderUnavailable, isTrustworthyUrl } from './oidcKeys.ts';
import type { KeySourceSettings } from './oidcKeys.ts';

export { IdentityProviderUnavailable } from './oidcKeys.ts';

/** Signature algorithms with a key pair. HMAC ones are out: the public key would be the secret. */
export const asymmetricAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** One of the algorithms above. */
export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number];

/** Settings of the provider. */
export interface OidcSettings extends KeySourceSettings {
  /** Issuer URL exactly as the provider writes it into `iss`; https, or http on this machine. */
  readonly issuer: string;
  /** What `aud` must contain: the client id or API identifier that the provider knows this server by. */
  readonly audience: string;
  /** Fewer algorithms than all asymmetric ones. */
  readonly algorithms?: readonly AsymmetricAlgorithm[];
  /** Forgiven difference of clocks; 30 s by default, since the provider's clock is not ours. */
  readonly clockToleranceSeconds?: number;
}

/**
 * Who the provider says someone is. Accounts are found by `issuer` and `subject` together, never by `email`: an address may
 * only lead to an existing account where `emailVerified` is true.
 */
export interface ExternalIdentity {
  readonly subject: string;
  readonly issuer: string;
  /** Normalized; absent where the provider sent none or not a valid one. */
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly name?: string;
  /** Epoch seconds; 0 where the token does not say, so that it counts as issued before every sign-out. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** `expired`: was valid, get a new one from the provider. `invalid`: everything else, without telling which check failed. */
export type ExternalTokenResult =
  { readonly ok: true; readonly identity: ExternalIdentity } | { readonly ok: false; readonly reason: 'expired' | 'invalid' };

/** Verifies tokens of one provider. */
export interface OidcVerifier {
  /** Throws `IdentityProviderUnavailable` where the provider's keys are needed and cannot be had; never because of the token. */
  verify(token: string, now: Date): Promise<ExternalTokenResult>;
}

const maxTokenCharacters = 16_384;
const maxNameCharacters = 200;
/** OpenID Connect Core §2: `sub` has at most 255 ASCII characters. */
const subjectForm = /^[\x20-\x7e]{1,255}$/;

/**
 * Creates a verifier; fetches nothing until the first token. Throws RangeError for settings that would make every token
 * fail or every token pass.
 */
export function createOidcVerifier(settings: OidcSettings): OidcVerifier {
  const { issuer, audience, algorithms = asymmetricAlgorithms, clockToleranceSeconds = 30 } = settings;
  checkSettings(settings);
  const keys = createKeySource(settings);
  return {
    async verify(token, now) {
      // Tokens that claim another issuer never cause a request to the provider.
      if (token.length > maxTokenCharacters || readUnverifiedIssuer(token) !== issuer) return { ok: false, reason: 'invalid' };
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: [...algorithms],
          requiredClaims: ['exp', 'sub'],
          clockTolerance: clockToleranceSeconds,
          currentDate: now,
        });
        const identity = readIdentity(payload, issuer);
        return identity ? { ok: true, identity } : { ok: false, reason: 'invalid' };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' };
        if (error instanceof IdentityProviderUnavailable) throw error;
        // A TypeError here means that the key which the token names does not fit its algorithm.
        if (error instanceof errors.JOSEError || error instanceof TypeError) return { ok: false, reason: 'invalid' };
        throw error;
      }
    },
  };
}

/**
 * Returns the `iss` of a JWT without verifying anything, to choose who shall verify it; undefined where there is none.
 */
export function readUnverifiedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

function checkSettings({ issuer, audience, algorithms = asymmetricAlgorithms }: OidcSettings): void {
  if (!isTrustworthyUrl(issuer))
    throw new RangeError(`The OpenID issuer must be an https URL (http only for this machine), not "${issuer}".`);
  if (audience === '') throw new RangeError('The OpenID audience is empty. Set the identifier that the provider knows this server by.');
  const allowed: readonly string[] = asymmetricAlgorithms;
  const wrong = algorithms.filter((name) => !allowed.includes(name));
  if (algorithms.length === 0 || wrong.length > 0) {
    throw new RangeError(`OpenID algorithms must be some of ${allowed.join(', ')}; not accepted: ${wrong.join(', ') || 'an empty list'}.`);
  }
}

/** Maps verified claims; null where the subject is unusable as an identifier. */
function readIdentity(payload: JWTPayload, issuer: string): ExternalIdentity | null {
  if (typeof payload.sub !== 'string' || !subjectForm.test(payload.sub)) return null;
  const email = typeof payload.email === 'string' ? normalizeEmail(payload.email) : undefined;
  const name = typeof payload.name === 'string' ? readName(payload.name) : '';
  return {
    subject: payload.sub,
    issuer,
    ...(email?.ok && { email: email.email }),
    // Some providers (Sign in with Apple) send the text "true".
    emailVerified: email?.ok === true && (payload.email_verified === true || payload.email_verified === 'true'),
    ...(name && { name }),
    issuedAt: payload.iat ?? 0,
    expiresAt: payload.exp ?? 0,
  };
}

/** A display name without control characters and lone surrogates, cut to 200 characters. */
function readName(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cs}]/gu, '').trim();
  return Array.from(printable).slice(0, maxNameCharacters).join('').trim();
}

/** What authentication needs for the life of the process: token issuing, password hashing, caches, limits, keys. */
import { deriveKey } from '../data/keys.ts';
import type { AccountRow } from '../domains/users/user.ts';
import type { ApiKeyRow } from '../domains/users/apiKey.ts';
import type { SessionRow } from '../domains/users/session.ts';
import type { RateLimitStore } from '../limits/rateLimitStore.ts';
import { createAttemptLimiter, type AttemptLimiter } from './attemptLimiter.ts';
import { createExpiringCache, type ExpiringCache } from './expiringCache.ts';
import { createOidcVerifier, type OidcVerifier } from './oidc.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords.ts';
import { createAccessTokens, type AccessTokens } from './tokens.ts';

/** Settings of authentication; the process's configuration satisfies it. */
export interface AuthSettings {
  /** Signs access tokens; other keys are derived from it. At least 32 bytes. */
  readonly jwtSecret: string;
  /** An OpenID provider whose tokens are accepted too. */
  readonly oidc?: { readonly issuer: string; readonly audience: string } | undefined;
}

/** Authentication of a process. */
export interface AuthServices {
  readonly tokens: AccessTokens;
  readonly passwords: PasswordHasher;
  /** Null when no OpenID provider is configured. */
  readonly oidc: { readonly issuer: string; readonly verifier: OidcVerifier } | null;
  readonly attempts: AttemptLimiter;
  /** Keys that secrets are derived from, so that a repeated request can show the same one without it being stored. */
  readonly masterKeys: { readonly apiKeys: Buffer; readonly refreshTokens: Buffer };
  /**
   * Rows that every request checks its credentials against, null for absent ones. Sign-out, password change and
   * revocation act at once on the instance that does them, and within the caches' 30 s on the others.
   */
  readonly caches: {
    readonly sessions: ExpiringCache<SessionRow | null>;
    readonly apiKeys: ExpiringCache<ApiKeyRow | null>;
    readonly accounts: ExpiringCache<AccountState | null>;
    /** Ids of the users behind external identities. */
    readonly identities: ExpiringCache<string>;
  };
}

/** The part of an account that decides whether credentials are still good. */
export type AccountState = Pick<AccountRow, 'sessionEpoch' | 'externalTokensValidFrom'>;

const issuer = 'snapinfra';
const audience = 'snapinfra-api';
/** Two hashes at a time take about 20 ms each: the last one in the queue is answered long before a request's deadline. */
const hashingQueue = 200;
const cacheLimits = { lifetimeMs: 30_000, maxEntries: 10_000 };

/** Creates the services; failed attempts to sign in are counted in `rateLimitStore`. Fetches and reads nothing. Throws RangeError for a secret of less than 32 bytes or an unusable provider. */
export function createAuthServices({ jwtSecret, oidc }: AuthSettings, rateLimitStore: RateLimitStore): AuthServices {
  return {
    tokens: createAccessTokens({ secret: jwtSecret, issuer, audience }),
    passwords: createPasswordHasher({ queueLimit: hashingQueue }),
    oidc: oidc ? { issuer: oidc.issuer, verifier: createOidcVerifier(oidc) } : null,
    attempts: createAttemptLimiter(rateLimitStore),
    masterKeys: { apiKeys: deriveKey(jwtSecret, 'api keys'), refreshTokens: deriveKey(jwtSecret, 'refresh tokens') },
    caches: {
      sessions: createExpiringCache(cacheLimits),
      apiKeys: createExpiringCache(cacheLimits),
      accounts: createExpiringCache(cacheLimits),
      identities: createExpiringCache(cacheLimits),
    },
  };
}

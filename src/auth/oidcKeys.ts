/**
 * The public keys of an OpenID provider: found through its discovery document, cached, and fetched again when they are old
 * or when a token names a key that is not among them.
 */
import { createRemoteJWKSet, customFetch, errors } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

/** Where the keys come from; durations in milliseconds. */
export interface KeySourceSettings {
  readonly issuer: string;
  /** Limit of one request to the provider; 5 s by default. */
  readonly timeoutMs?: number;
  /** How long discovery and keys are used without asking again; 10 minutes by default. */
  readonly cacheMs?: number;
  /** Pause between two fetches because of unknown key ids; 30 s by default. */
  readonly cooldownMs?: number;
  /** After a failed fetch, how long the failure is answered without asking again; 5 s by default. */
  readonly failurePauseMs?: number;
}

/** The provider did not answer, or not with discovery data and keys. The token may be valid; try again later. */
export class IdentityProviderUnavailable extends Error {
  override readonly name = 'IdentityProviderUnavailable';
  readonly retryable = true;
  constructor(options: { cause: unknown }) {
    super('The identity provider cannot be reached, so the token could not be verified. Try again in a moment.', options);
  }
}

const maxAnswerBytes = 1_048_576;
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Returns the function that finds the key of a token for jose. It throws jose's errors where the provider has no such key,
 * and `IdentityProviderUnavailable` where the keys cannot be had. Requests at the same time share one fetch.
 */
export function createKeySource(settings: KeySourceSettings): JWTVerifyGetKey {
  const { issuer, timeoutMs = 5000, cacheMs = 600_000, cooldownMs = 30_000, failurePauseMs = 5000 } = settings;
  const options = { timeoutDuration: timeoutMs, cacheMaxAge: cacheMs, cooldownDuration: cooldownMs, [customFetch]: fetchBounded };
  let found: { url: string; keys: ReturnType<typeof createRemoteJWKSet> } | undefined;
  let failure: { at: number; error: IdentityProviderUnavailable } | undefined;
  let pending: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    const url = await fetchJwksUrl(issuer, timeoutMs);
    if (found?.url !== url) found = { url, keys: createRemoteJWKSet(new URL(url), options) };
    await found.keys.reload();
  };
  const currentKeys = async (): Promise<JWTVerifyGetKey> => {
    if (!found?.keys.fresh) {
      if (failure && performance.now() - failure.at < failurePauseMs) throw failure.error;
      pending ??= refresh().finally(() => (pending = undefined));
      await pending;
    }
    if (!found) throw new Error('Discovery ended without keys.');
    return found.keys;
  };

  return async (header, token) => {
    try {
      return await (
        await currentKeys()
      )(header, token);
    } catch (error) {
      if (isAboutTheToken(error) || error instanceof IdentityProviderUnavailable) throw error;
      failure = { at: performance.now(), error: new IdentityProviderUnavailable({ cause: error }) };
      throw failure.error;
    }
  };
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/** True for https, and for http on this machine: keys that come over plain http from elsewhere could be anyone's. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

/** Returns `jwks_uri` of the provider's discovery document, whose issuer must be the one asked for (Discovery 1.0 §4.3). */
async function fetchJwksUrl(issuer: string, timeoutMs: number): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetchBounded(url, {
    redirect: 'manual',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) throw new Error(`Discovery at ${url} answered ${response.status}.`);
  const document = discoverySchema.parse(await response.json());
  if (document.issuer !== issuer) throw new Error(`Discovery at ${url} names the issuer "${document.issuer}" instead of "${issuer}".`);
  if (!isTrustworthyUrl(document.jwks_uri)) throw new Error(`Discovery at ${url} names keys that are not at an https address.`);
  return document.jwks_uri;
}

/** `fetch` for answers of at most 1 MB, read within the signal of the request. */
async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes) throw new Error(`The answer of ${url} is larger than ${maxAnswerBytes} bytes.`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}

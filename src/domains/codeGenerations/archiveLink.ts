/** Signed links to archives: whoever has one may fetch the archive until it ends, without credentials. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '../../data/keys.ts';

/** How long a link works, in seconds. */
export const linkLifetimeSeconds = 3_600;

const fallbackOrigin = 'http://localhost:5000';

function signatureOf(secret: string, id: string, expires: string): Buffer {
  return createHmac('sha256', deriveKey(secret, 'archive links')).update(`${id}\n${expires}`).digest();
}

/** Where a link leads to. */
export interface LinkTarget {
  /** Id of the generation. */
  id: string;
  /** When the link ends, in epoch seconds. */
  expires: number;
  /** Scheme, host and port of this server as the client knows it; without it those of a server with the usual settings. */
  origin: string | undefined;
}

/** Returns a link to an archive, signed with a key that is derived from `secret`. */
export function signLink(secret: string, { id, expires, origin = fallbackOrigin }: LinkTarget): string {
  const url = new URL(`/api/code-generations/${encodeURIComponent(id)}/archive.zip`, origin);
  url.searchParams.set('expires', String(expires));
  url.searchParams.set('signature', signatureOf(secret, id, String(expires)).toString('base64url'));
  return url.href;
}

/** What a client sent with a link. */
export interface LinkParts {
  id: string;
  expires: string | undefined;
  signature: string | undefined;
}

/** Returns why a link is of no use (any more), in words for its holder; null for a good one. */
export function linkProblem(secret: string, { id, expires, signature }: LinkParts, nowSeconds: number): string | null {
  const bad = 'The link is not valid: it was shortened or changed. Read `archive { url }` again for a new one.';
  if (expires === undefined || signature === undefined || !/^\d{1,12}$/.test(expires)) return bad;
  const [given, expected] = [Buffer.from(signature, 'base64url'), signatureOf(secret, id, expires)];
  // The text is compared too: base64url has several spellings of the same bytes.
  if (given.length !== expected.length || !timingSafeEqual(given, expected) || expected.toString('base64url') !== signature) return bad;
  if (Number(expires) <= nowSeconds) return 'The link has ended: one works for an hour. Read `archive { url }` again for a new one.';
  return null;
}

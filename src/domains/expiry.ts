/** Expiry as clients see it. */

/** Returns when a row expires, in ISO 8601; null for rows that never do. */
export function expiryOf({ ttl }: { ttl?: number }): string | null {
  return ttl === undefined ? null : new Date(ttl * 1000).toISOString();
}

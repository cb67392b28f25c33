/** Keys derived from the one secret of the configuration, one per purpose, so that none can stand in for another. */
import { hkdfSync } from 'node:crypto';

/** Returns 32 bytes for a purpose (HKDF-SHA-256, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `snapinfra:${purpose}`, 32));
}

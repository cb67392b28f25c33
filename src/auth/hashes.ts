/** Hashes of secrets that are random themselves (tokens, API keys), for which a fast hash without salt is right. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Returns the SHA-256 of a text's UTF-8 bytes as 64 hexadecimal digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Compares two texts in a time that depends on their lengths only. */
export function equalHashes(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left, 'utf8');
  const rightBytes = Buffer.from(right, 'utf8');
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}

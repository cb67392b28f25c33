/**
 * API keys: `snp_<key id>_<secret><checksum>`, such as `snp_01h455vb4pex5vsknk084sn02q_` + 43 + 6 characters.
 * The prefix and the checksum let secret scanners recognise a leaked key without asking this server, and let a mistyped
 * key be refused without the database. (The form follows GitHub's: "Behind GitHub's new authentication token formats".)
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { equalHashes, sha256Hex } from './hashes.ts';

/** An API key taken apart. */
export interface ParsedApiKey {
  /** Id of the stored key, such as `key_01h455vb4pex5vsknk084sn02q`. */
  readonly keyId: string;
  /** SHA-256 of the whole key in hexadecimal, to compare with the stored one. */
  readonly hash: string;
}

/** A new key: `key` is shown once, `hash` and `hint` are stored. */
export interface IssuedApiKey {
  readonly key: string;
  readonly hash: string;
  /** Last four characters, for lists in which people look for a key. They are part of the checksum and say little of the secret. */
  readonly hint: string;
}

const idPrefix = 'key_';
const secretBytes = 32;
const secretCharacters = 43;
const checksumCharacters = 6;
const keyForm = /^snp_([0-9a-z]{1,64})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** True where a bearer credential is meant to be an API key, valid or not. */
export function looksLikeApiKey(credential: string): boolean {
  return credential.startsWith('snp_');
}

/** Returns 32 random bytes as the secret of a new key. */
export function randomApiKeySecret(): Buffer {
  return randomBytes(secretBytes);
}

/**
 * Returns the 32 bytes of a secret that follow from their inputs, so that a repeated creation (same idempotency key) can
 * show the same key again although only its hash is stored. The key id is an input because an idempotency key may be used
 * again after a day: without it, a revoked key would tell the secret of its successor. Throws RangeError where the master
 * key has less than 32 bytes.
 */
export function deriveApiKeySecret(inputs: { masterKey: Uint8Array; userId: string; idempotencyKey: string; keyId: string }): Buffer {
  const { masterKey, userId, idempotencyKey, keyId } = inputs;
  if (masterKey.length < 32) throw new RangeError(`The master key of API keys has ${masterKey.length} bytes; it needs at least 32.`);
  // JSON keeps the inputs apart; info of HKDF is limited to 1024 bytes, so it takes their hash.
  const info = sha256Hex(JSON.stringify([userId, idempotencyKey, keyId]));
  return Buffer.from(hkdfSync('sha256', masterKey, 'snapinfra api key secret', info, secretBytes));
}

/** Returns the key for an id (`key_…`) and 32 secret bytes. Throws RangeError where either has another form. */
export function issueApiKey({ keyId, secret }: { keyId: string; secret: Uint8Array }): IssuedApiKey {
  if (secret.length !== secretBytes) throw new RangeError(`The secret of an API key has ${secretBytes} bytes, not ${secret.length}.`);
  const body = `snp_${keyId.slice(idPrefix.length)}_${toBase62(BigInt(`0x${Buffer.from(secret).toString('hex')}`), secretCharacters)}`;
  const key = body + checksum(body);
  if (!keyId.startsWith(idPrefix) || !keyForm.test(key))
    throw new RangeError('The id of an API key is "key_" and lower-case letters or digits.');
  return { key, hash: sha256Hex(key), hint: key.slice(-4) };
}

/** Takes a key apart and checks its checksum, without the database; null where the text is not a key. */
export function parseApiKey(text: string): ParsedApiKey | null {
  const [, id, secret, sum] = keyForm.exec(text) ?? [];
  if (!id || !secret || !sum || checksum(`snp_${id}_${secret}`) !== sum) return null;
  return { keyId: `${idPrefix}${id}`, hash: sha256Hex(text) };
}

/** True where a presented key is the stored one. Takes the same time wherever the hashes differ. */
export function apiKeyMatches(presented: ParsedApiKey, storedHash: string): boolean {
  return equalHashes(presented.hash, storedHash);
}

function checksum(body: string): string {
  return toBase62(BigInt(crc32(body)), checksumCharacters);
}

function toBase62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= 62n) digits = alphabet.charAt(Number(rest % 62n)) + digits;
  return digits;
}

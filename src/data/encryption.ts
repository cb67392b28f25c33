/**
 * Encryption of secrets before they are stored: AES-256-GCM with the key from configuration.
 * Text form: `v1.<key id>.<iv>.<ciphertext>.<tag>`, each part base64url. The key id is derived from the key, so several
 * keys can be accepted while rows move from one to the next, and nothing but the keys has to be configured.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Encrypts with the current key, decrypts with every accepted one. */
export interface Encryption {
  /** Id of the key that `encrypt` uses. */
  readonly keyId: string;
  /**
   * Returns the encrypted text. `associatedData` names where the secret belongs, such as the row's id and the attribute:
   * it is not stored and must be the same on decryption, so a secret copied to another row cannot be read there.
   */
  encrypt(plaintext: string, associatedData: string): string;
  /** Returns the plain text, or throws `DecryptionFailed`. */
  decrypt(encrypted: string, associatedData: string): string;
  /** True where a text was not encrypted with the current key, so that it should be encrypted again. */
  needsReencryption(encrypted: string): boolean;
}

/** `MALFORMED`: not the text form above. `UNKNOWN_KEY`: its key is not configured. `NOT_AUTHENTIC`: changed, or of another place. */
export type DecryptionProblem = 'MALFORMED' | 'UNKNOWN_KEY' | 'NOT_AUTHENTIC';

/** A secret could not be decrypted. Neither the message nor the properties hold any part of it. */
export class DecryptionFailed extends Error {
  override readonly name = 'DecryptionFailed';
  constructor(readonly problem: DecryptionProblem) {
    super(decryptionMessages[problem]);
  }
}

const decryptionMessages: Record<DecryptionProblem, string> = {
  MALFORMED: 'The stored secret is not in the format v1.<key id>.<iv>.<ciphertext>.<tag>.',
  UNKNOWN_KEY: 'The stored secret was encrypted with a key that is not configured. Add that key to the accepted ones.',
  NOT_AUTHENTIC: 'The stored secret was changed, or it belongs to another place.',
};

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** NIST SP 800-38D: 96-bit random IV, full 128-bit tag; one key is good for 2^32 encryptions. */
const ivBytes = 12;
const tagBytes = 16;
const textForm = /^v1\.([\w-]{8})\.([\w-]{16})\.([\w-]*)\.([\w-]{22})$/;

/**
 * Creates the encryption for a key of 32 bytes. `previousKeys` are accepted for decryption only.
 * Throws RangeError where a key has another length.
 */
export function createEncryption(key: Buffer, { previousKeys = [] }: { readonly previousKeys?: readonly Buffer[] } = {}): Encryption {
  const keys = new Map([key, ...previousKeys].map((accepted) => [idOfKey(accepted), Buffer.from(accepted)]));
  const keyId = idOfKey(key);
  const currentKey = Buffer.from(key);
  return {
    keyId,
    encrypt(plaintext, associatedData) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, currentKey, iv, { authTagLength: tagBytes });
      cipher.setAAD(bindToPlace(keyId, associatedData));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return ['v1', keyId, ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
    },
    decrypt(encrypted, associatedData) {
      const [, id, iv, ciphertext, tag] = textForm.exec(encrypted) ?? [];
      if (id === undefined || iv === undefined || ciphertext === undefined || tag === undefined) throw new DecryptionFailed('MALFORMED');
      const acceptedKey = keys.get(id);
      if (!acceptedKey) throw new DecryptionFailed('UNKNOWN_KEY');
      const decipher = createDecipheriv(algorithm, acceptedKey, Buffer.from(iv, 'base64url'), { authTagLength: tagBytes });
      decipher.setAAD(bindToPlace(id, associatedData));
      decipher.setAuthTag(Buffer.from(tag, 'base64url'));
      try {
        return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]).toString('utf8');
      } catch {
        throw new DecryptionFailed('NOT_AUTHENTIC');
      }
    },
    needsReencryption: (encrypted) => textForm.exec(encrypted)?.[1] !== keyId,
  };
}

/** True for texts in the form that `encrypt` returns; rows of the earlier backend hold plain values. */
export function isEncrypted(text: string): boolean {
  return textForm.test(text);
}

/**
 * Reads a configured key: 32 bytes as 64 hexadecimal digits, base64 or base64url.
 * Throws RangeError with a message that says how to make one and does not repeat the value.
 */
export function readEncryptionKey(text: string): Buffer {
  const trimmed = text.trim();
  const key = /^[0-9a-f]{64}$/i.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : /^[\w+/-]{43}=?$/.test(trimmed)
      ? Buffer.from(trimmed, 'base64')
      : undefined;
  if (key?.length !== keyBytes) {
    throw new RangeError(
      'The encryption key must be 32 bytes as base64 or as 64 hexadecimal digits. Make one with: openssl rand -base64 32',
    );
  }
  return key;
}

const mask = '••••';

/** Fewest characters of a secret whose last four may be shown: eight or more stay hidden. */
const minimumToHint = 12;

/** Returns `••••1234` for `sk_live_abcd1234`, and `••••` alone for secrets of less than twelve characters. */
export function maskSecret(secret: string): string {
  const characters = Array.from(secret);
  return characters.length < minimumToHint ? mask : `${mask}${characters.slice(-4).join('')}`;
}

/** Eight characters (48 bits) of a hash over the key; they tell keys apart and do not help to find a random key. */
function idOfKey(key: Buffer): string {
  if (key.length !== keyBytes) throw new RangeError(`An encryption key must have ${keyBytes} bytes, not ${key.length}.`);
  return createHash('sha256').update('snapinfra encryption key id\0').update(key).digest('base64url').slice(0, 8);
}

/** Version and key id are authenticated together with the place. */
function bindToPlace(keyId: string, associatedData: string): Buffer {
  return Buffer.from(`v1.${keyId}.${associatedData}`, 'utf8');
}

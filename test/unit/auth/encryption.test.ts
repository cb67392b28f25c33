import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { createEncryption, DecryptionFailed, isEncrypted, maskSecret, readEncryptionKey } from '../../../src/data/encryption.ts';

const key = randomBytes(32);
const encryption = createEncryption(key);
const place = 'integrations/int_1/token';

/** Returns the problem with which a decryption fails. */
function problemOf(decrypt: () => string): string {
  try {
    return `decrypted: ${decrypt()}`;
  } catch (error) {
    expect(error).toBeInstanceOf(DecryptionFailed);
    return (error as DecryptionFailed).problem;
  }
}

describe('encryption', () => {
  test('gives every text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (plaintext, associatedData) => {
        expect(encryption.decrypt(encryption.encrypt(plaintext, associatedData), associatedData)).toBe(plaintext);
      }),
    );
  });

  test('has the documented form and never the same text twice', () => {
    const [first, second] = [encryption.encrypt('secret', place), encryption.encrypt('secret', place)];
    expect(first).toMatch(new RegExp(`^v1\\.${encryption.keyId}\\.[\\w-]{16}\\.[\\w-]{8}\\.[\\w-]{22}$`));
    expect(second).not.toBe(first);
    expect(isEncrypted(first)).toBe(true);
    expect(encryption.encrypt('', place)).toMatch(/\.\.[\w-]{22}$/);
  });

  test('is AES-256-GCM: another implementation of the form is read', () => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.from(`v1.${encryption.keyId}.${place}`));
    const ciphertext = Buffer.concat([cipher.update('written elsewhere', 'utf8'), cipher.final()]);
    const text = ['v1', encryption.keyId, ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
    expect(encryption.decrypt(text, place)).toBe('written elsewhere');
  });

  test('every changed bit of iv, ciphertext or tag is noticed', () => {
    const parts = encryption.encrypt('sk_live_abcd1234', place).split('.');
    for (const index of [2, 3, 4]) {
      const bytes = Buffer.from(parts[index]!, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const text = parts.with(index, changed.toString('base64url')).join('.');
        expect(problemOf(() => encryption.decrypt(text, place))).toBe('NOT_AUTHENTIC');
      }
    }
  });

  test('a secret that was copied to another place is not read', () => {
    const text = encryption.encrypt('secret', place);
    for (const other of ['', 'integrations/int_2/token', `${place} `])
      expect(problemOf(() => encryption.decrypt(text, other))).toBe('NOT_AUTHENTIC');
  });

  test.each([
    '',
    'plain',
    'v2.aaaaaaaa.aaaaaaaaaaaaaaaa..aaaaaaaaaaaaaaaaaaaaaa',
    'v1.a.b.c.d',
    'v1.aaaaaaaa.aaaaaaaaaaaaaaaa.aaaa.aaaa',
    'v1....',
  ])('text in another form: %j', (text) => {
    expect(problemOf(() => encryption.decrypt(text, place))).toBe('MALFORMED');
    expect(isEncrypted(text)).toBe(false);
    expect(encryption.needsReencryption(text)).toBe(true);
  });

  test('a shorter tag is not accepted', () => {
    const parts = encryption.encrypt('secret', place).split('.');
    const shortTag = Buffer.from(parts[4]!, 'base64url').subarray(0, 4).toString('base64url');
    expect(problemOf(() => encryption.decrypt(parts.with(4, shortTag).join('.'), place))).toBe('MALFORMED');
  });

  test('rotation: old keys decrypt, the new one encrypts, a key that was dropped is named as the cause', () => {
    const old = encryption.encrypt('secret', place);
    const rotated = createEncryption(randomBytes(32), { previousKeys: [randomBytes(32), key] });
    expect(rotated.decrypt(old, place)).toBe('secret');
    expect(rotated.needsReencryption(old)).toBe(true);
    const renewed = rotated.encrypt('secret', place);
    expect(renewed.split('.')[1]).toBe(rotated.keyId);
    expect(rotated.needsReencryption(renewed)).toBe(false);
    expect(problemOf(() => encryption.decrypt(renewed, place))).toBe('UNKNOWN_KEY');
  });

  test('an accepted key cannot be exchanged by its id', () => {
    const other = createEncryption(randomBytes(32), { previousKeys: [key] });
    const parts = encryption.encrypt('secret', place).split('.');
    expect(problemOf(() => other.decrypt(parts.with(1, other.keyId).join('.'), place))).toBe('NOT_AUTHENTIC');
  });

  test('the caller may wipe the key that it passed', () => {
    const passed = Buffer.from(key);
    const own = createEncryption(passed);
    const text = own.encrypt('secret', place);
    passed.fill(0);
    expect(own.decrypt(text, place)).toBe('secret');
    expect(encryption.decrypt(own.encrypt('again', place), place)).toBe('again');
  });

  test('errors hold nothing of the secret', () => {
    const text = encryption.encrypt('sk_live_abcd1234', place);
    try {
      encryption.decrypt(text, 'elsewhere');
      throw new Error('must not be reached');
    } catch (error) {
      expect(error).toBeInstanceOf(DecryptionFailed);
      for (const part of text.split('.').slice(2)) expect(JSON.stringify(error) + String(error)).not.toContain(part);
    }
  });

  test.each([0, 16, 31, 33])('a key of %d bytes is refused', (bytes) => {
    expect(() => createEncryption(randomBytes(bytes))).toThrow(`must have 32 bytes, not ${bytes}`);
    expect(() => createEncryption(key, { previousKeys: [randomBytes(bytes)] })).toThrow(`must have 32 bytes, not ${bytes}`);
  });
});

describe('readEncryptionKey', () => {
  test.each([
    key.toString('hex'),
    key.toString('hex').toUpperCase(),
    key.toString('base64'),
    key.toString('base64url'),
    ` ${key.toString('base64')}\n`,
  ])('reads %#', (text) => {
    expect(readEncryptionKey(text)).toEqual(key);
  });

  test.each(['', 'password', key.toString('hex').slice(2), randomBytes(31).toString('base64'), randomBytes(33).toString('base64')])(
    'refuses %# without repeating it',
    (text) => {
      let message = '';
      try {
        readEncryptionKey(text);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toContain('openssl rand -base64 32');
      if (text) expect(message).not.toContain(text);
    },
  );
});

describe('maskSecret', () => {
  test.each([
    ['sk_live_abcd1234', '••••1234'],
    ['123456789012', '••••9012'],
    ['12345678901', '••••'],
    ['', '••••'],
    ['secret-with-😀😀😀😀', '••••😀😀😀😀'],
  ])('%s → %s', (secret, masked) => {
    expect(maskSecret(secret)).toBe(masked);
  });
});

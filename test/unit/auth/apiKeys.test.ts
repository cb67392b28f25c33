import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import {
  apiKeyMatches,
  deriveApiKeySecret,
  issueApiKey,
  looksLikeApiKey,
  parseApiKey,
  randomApiKeySecret,
} from '../../../src/auth/apiKeys.ts';

const keyId = 'key_01h455vb4pex5vsknk084sn02q';
const issued = issueApiKey({ keyId, secret: randomApiKeySecret() });

describe('form', () => {
  test('is fixed: known secret, known key', () => {
    const { key } = issueApiKey({ keyId, secret: Buffer.alloc(32, 0xff) });
    // 2^256 - 1 in base 62, and the CRC-32 of all before it, computed by Python's zlib.
    expect(key).toBe('snp_01h455vb4pex5vsknk084sn02q_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12basV7');
  });

  test('shows its id, a hash of the whole, and the last four characters', () => {
    expect(issued.key).toMatch(/^snp_01h455vb4pex5vsknk084sn02q_[0-9A-Za-z]{49}$/);
    expect(issued.hash).toBe(createHash('sha256').update(issued.key).digest('hex'));
    expect(issued.hint).toBe(issued.key.slice(-4));
    expect(looksLikeApiKey(issued.key)).toBe(true);
    expect(looksLikeApiKey('eyJhbGciOiJIUzI1NiJ9.e30.c2ln')).toBe(false);
  });

  test('parses what it issues, for any secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.stringMatching(/^[0-9a-z]{1,64}$/), (secret, id) => {
        const { key, hash } = issueApiKey({ keyId: `key_${id}`, secret });
        expect(parseApiKey(key)).toEqual({ keyId: `key_${id}`, hash });
      }),
    );
  });

  test('every changed character is noticed without the database', () => {
    for (let index = 0; index < issued.key.length; index += 1) {
      const replacement = issued.key[index] === 'a' ? 'b' : 'a';
      expect(parseApiKey(issued.key.slice(0, index) + replacement + issued.key.slice(index + 1))).toBeNull();
    }
  });

  test.each([
    '',
    'snp_',
    issued.key.slice(0, -1),
    `${issued.key}0`,
    `${issued.key}\n`,
    ` ${issued.key}`,
    issued.key.toUpperCase(),
    'snp_'.repeat(100_000),
  ])('is not a key: %#', (text) => {
    expect(parseApiKey(text)).toBeNull();
  });

  test.each([
    ['key_', 32],
    ['01h455vb4pex5vsknk084sn02q', 32],
    ['usr_01h455vb4pex5vsknk084sn02q', 32],
    ['key_UPPER', 32],
    ['key_a_b', 32],
    [keyId, 31],
    [keyId, 33],
  ])('refuses to issue for %s with %d bytes', (id, bytes) => {
    expect(() => issueApiKey({ keyId: id, secret: randomBytes(bytes) })).toThrow(RangeError);
  });
});

describe('comparison', () => {
  test('only the stored hash matches', () => {
    const presented = parseApiKey(issued.key)!;
    expect(apiKeyMatches(presented, issued.hash)).toBe(true);
    const sameId = issueApiKey({ keyId, secret: randomApiKeySecret() });
    expect(apiKeyMatches(parseApiKey(sameId.key)!, issued.hash)).toBe(false);
    for (const wrong of ['', issued.hash.slice(1), `${issued.hash}0`, issued.key]) expect(apiKeyMatches(presented, wrong)).toBe(false);
  });
});

describe('secrets', () => {
  const inputs = { masterKey: Buffer.alloc(32, 7), userId: 'usr_1', idempotencyKey: 'deploy-key', keyId };

  test('random ones have 32 bytes and differ', () => {
    expect(randomApiKeySecret()).toHaveLength(32);
    expect(randomApiKeySecret()).not.toEqual(randomApiKeySecret());
  });

  test('derived ones are the same for the same inputs', () => {
    expect(deriveApiKeySecret(inputs)).toEqual(deriveApiKeySecret({ ...inputs, masterKey: Buffer.from(inputs.masterKey) }));
    expect(deriveApiKeySecret(inputs)).toHaveLength(32);
    expect(deriveApiKeySecret({ ...inputs, idempotencyKey: 'k'.repeat(5000) })).toHaveLength(32);
  });

  test.each<[string, Partial<typeof inputs>]>([
    ['master key', { masterKey: Buffer.alloc(32, 8) }],
    ['user', { userId: 'usr_2' }],
    ['idempotency key', { idempotencyKey: 'deploy-key2' }],
    ['key id', { keyId: 'key_01h455vb4pex5vsknk084sn02r' }],
    ['characters moved from one input to the next', { userId: 'usr_1deploy', idempotencyKey: '-key' }],
    ['quotes that imitate the next input', { userId: 'usr_1","deploy-key', idempotencyKey: '' }],
  ])('derived ones differ by %s', (_kind, changed) => {
    expect(deriveApiKeySecret({ ...inputs, ...changed })).not.toEqual(deriveApiKeySecret(inputs));
  });

  test('a short master key is refused', () => {
    expect(() => deriveApiKeySecret({ ...inputs, masterKey: randomBytes(31) })).toThrow('31 bytes');
  });
});

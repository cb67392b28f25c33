import { describe, expect, test } from '@jest/globals';
import { hash as argon2Hash } from '@node-rs/argon2';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import { checkPassword, createPasswordHasher, HashingBusy, PasswordRejected } from '../../../src/auth/passwords.ts';

const hasher = createPasswordHasher({ failureFloorMs: 0 });
const password = 'correct horse battery';

describe('checkPassword', () => {
  test.each([
    ['a'.repeat(8), 'a'.repeat(8)],
    ['a'.repeat(128), 'a'.repeat(128)],
    ['😀'.repeat(8), '😀'.repeat(8)],
    ['😀'.repeat(128), '😀'.repeat(128)],
    // Decomposed letters count once, after NFC: 128 here, from 256 code points.
    ['e\u0301'.repeat(128), '\u00e9'.repeat(128)],
    [' spaces stay ', ' spaces stay '],
    ['line\nbreaks\tstay', 'line\nbreaks\tstay'],
  ])('accepts %j', (given, expected) => {
    expect(checkPassword(given)).toEqual({ ok: true, password: expected });
  });

  test.each([
    ['', 'TOO_SHORT', /has 0 characters.*at least 8/],
    ['a', 'TOO_SHORT', /has 1 character\..*at least 8/],
    ['1234567', 'TOO_SHORT', /has 7 characters.*at least 8/],
    ['😀'.repeat(7), 'TOO_SHORT', /has 7 characters/],
    ['e\u0301'.repeat(7), 'TOO_SHORT', /has 7 characters/],
    ['a'.repeat(129), 'TOO_LONG', /at most 128/],
    ['😀'.repeat(129), 'TOO_LONG', /at most 128/],
    ['a'.repeat(5_000_000), 'TOO_LONG', /at most 128/],
    ['password\u0000more', 'NOT_TEXT', /printable/],
    ['password\ud83d', 'NOT_TEXT', /printable/],
    ['\ude00password', 'NOT_TEXT', /printable/],
  ])('refuses %#', (given, problem, message) => {
    expect(checkPassword(given)).toEqual({ ok: false, problem, message: expect.stringMatching(message) });
  });
});

describe('hash', () => {
  test('is argon2id with 19 MiB, 2 passes and 1 lane, salted', async () => {
    const [first, second] = await Promise.all([hasher.hash(password), hasher.hash(password)]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(second).not.toBe(first);
  });

  test('uses stronger parameters where they are given', async () => {
    const strong = createPasswordHasher({ memoryKiB: 20_480, passes: 3, failureFloorMs: 0 });
    expect(await strong.hash(password)).toContain('$m=20480,t=3,p=1$');
  });

  test.each(['short', 'a'.repeat(129), 'pass\u0000word'])('refuses %#', async (bad) => {
    const check = checkPassword(bad);
    const error = await hasher.hash(bad).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PasswordRejected);
    expect(error).toMatchObject(check.ok ? {} : { problem: check.problem, message: check.message });
  });

  test.each([{ memoryKiB: 19_455 }, { passes: 1 }, { concurrency: 0 }, { queueLimit: -1 }, { failureFloorMs: -1 }, { memoryKiB: NaN }])(
    'weak setting %j is refused',
    (setting) => {
      expect(() => createPasswordHasher(setting)).toThrow(new RegExp(`${Object.keys(setting)[0]!} must be`));
    },
  );
});

describe('verify', () => {
  test('tells the right password from a wrong one', async () => {
    const storedHash = await hasher.hash(password);
    expect(await hasher.verify({ password, storedHash })).toEqual({ matches: true, needsRehash: false });
    expect(await hasher.verify({ password: `${password}.`, storedHash })).toEqual({ matches: false });
    expect(await hasher.verify({ password: '', storedHash })).toEqual({ matches: false });
    expect(await hasher.verify({ password: 'a'.repeat(129), storedHash })).toEqual({ matches: false });
  });

  test('composed and decomposed spellings are the same password', async () => {
    const storedHash = await hasher.hash('cafe\u0301 au lait');
    expect(await hasher.verify({ password: 'caf\u00e9 au lait', storedHash })).toMatchObject({ matches: true });
    expect(await hasher.verify({ password: 'cafe au lait', storedHash })).toEqual({ matches: false });
  });

  // Test vectors of Openwall's crypt_blowfish (wrapper.c).
  test.each([
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
    ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
  ])('verifies the bcrypt hash %s of an old row and asks for a new one', async (storedHash, right) => {
    expect(await hasher.verify({ password: right, storedHash })).toEqual({ matches: true, needsRehash: true });
    expect(await hasher.verify({ password: `${right}x`, storedHash })).toEqual({ matches: false });
  });

  test.each(['2a', '2b'] as const)('verifies bcrypt $%s$ of decomposed text, typed either way', async (version) => {
    const decomposed = 'cafe\u0301 au lait';
    const asTyped = await bcryptHash(decomposed, { cost: 4, version });
    const composed = await bcryptHash(decomposed.normalize('NFC'), { cost: 4, version });
    expect(asTyped.startsWith(`$${version}$04$`)).toBe(true);
    expect(await hasher.verify({ password: decomposed, storedHash: asTyped })).toEqual({ matches: true, needsRehash: true });
    expect(await hasher.verify({ password: decomposed, storedHash: composed })).toEqual({ matches: true, needsRehash: true });
    expect(await hasher.verify({ password: 'cafe au lait', storedHash: asTyped })).toEqual({ matches: false });
  });

  test.each([
    ['empty', ''],
    ['plain text', password],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['SHA-512 crypt', '$6$rounds=5000$salt$hash'],
    ['bcrypt, cut off', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe'],
    ['bcrypt, cost of hours', '$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['bcrypt, impossible cost', '$2a$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['argon2id, cut off', '$argon2id$v=19$m=19456,t=2,p=1$'],
    ['argon2id, memory of terabytes', `$argon2id$v=19$m=4294967295,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['argon2id, endless passes', `$argon2id$v=19$m=19456,t=4294967295,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
  ])('a hash that is not accepted never matches: %s', async (_kind, storedHash) => {
    expect(await hasher.verify({ password, storedHash })).toEqual({ matches: false });
    expect(await hasher.verify({ password: storedHash, storedHash })).toEqual({ matches: false });
    expect(hasher.needsRehash(storedHash)).toBe(true);
  });

  test('bcrypt $2y$, which the earlier backend never wrote, is not accepted', async () => {
    const storedHash = await bcryptHash(password, { cost: 4, version: '2y' });
    expect(storedHash.startsWith('$2y$04$')).toBe(true);
    expect(await hasher.verify({ password, storedHash })).toEqual({ matches: false });
  });

  test('argon2i of another program is not accepted', async () => {
    const storedHash = await argon2Hash(password, { algorithm: 1 as never });
    expect(storedHash.startsWith('$argon2i$')).toBe(true);
    expect(await hasher.verify({ password, storedHash })).toEqual({ matches: false });
  });

  test.each([undefined, null])('an account without a hash (%s) never matches and is hashed all the same', async (storedHash) => {
    // With one slot that is taken and no queue, work for a missing account must be refused: so it does go through hashing.
    const narrow = createPasswordHasher({ concurrency: 1, queueLimit: 0, failureFloorMs: 0 });
    const taken = narrow.hash(password);
    await expect(narrow.verify({ password, storedHash })).rejects.toBeInstanceOf(HashingBusy);
    await taken;
    expect(await narrow.verify({ password, storedHash })).toEqual({ matches: false });
  });

  test('the time for a missing account is that of an existing one, and not next to nothing', async () => {
    const storedHash = await hasher.hash(password);
    const time = async (attempt: { storedHash?: string }): Promise<number> => {
      const start = performance.now();
      await hasher.verify({ password: 'wrong password', ...attempt });
      return performance.now() - start;
    };
    const samples: { missing: number; existing: number }[] = [];
    for (let round = 0; round < 9; round += 1) samples.push({ missing: await time({}), existing: await time({ storedHash }) });
    const median = (values: number[]): number => values.sort((a, b) => a - b)[4]!;
    const ratio = median(samples.map((sample) => sample.missing)) / median(samples.map((sample) => sample.existing));
    // Wide, since the machine may be busy; an account that is not hashed at all gives a ratio below 0.05.
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  test('every failure waits for the floor, a success does not', async () => {
    const floor = 1500;
    const patient = createPasswordHasher({ failureFloorMs: floor });
    const legacy = await bcryptHash(password, { cost: 4 });
    const order: string[] = [];
    const time = async (attempt: { password: string; storedHash?: string }): Promise<number> => {
      const start = performance.now();
      const { matches } = await patient.verify(attempt);
      order.push(matches ? 'success' : 'failure');
      return performance.now() - start;
    };
    const [, ...failures] = await Promise.all([
      time({ password, storedHash: legacy }),
      time({ password: 'wrong password', storedHash: legacy }),
      time({ password: 'wrong password', storedHash: 'unknown format' }),
      time({ password: 'wrong password' }),
    ]);
    expect(order[0]).toBe('success');
    // Timers may fire a millisecond early.
    for (const failure of failures) expect(failure).toBeGreaterThanOrEqual(floor - 2);
  });
});

describe('needsRehash', () => {
  const salted = `${'A'.repeat(22)}$${'A'.repeat(43)}`;
  test.each([
    [`$argon2id$v=19$m=19456,t=2,p=1$${salted}`, false],
    [`$argon2id$v=19$m=4096,t=3,p=1$${salted}`, true],
    [`$argon2id$v=19$m=65536,t=3,p=4$${salted}`, true],
    [`$argon2id$v=19$m=19456,t=1,p=1$${salted}`, true],
    [`$argon2i$v=19$m=19456,t=2,p=1$${salted}`, true],
  ])('%s → %s', (storedHash, expected) => {
    expect(hasher.needsRehash(storedHash)).toBe(expected);
  });

  test('an argon2id hash with other parameters matches and asks for a new one', async () => {
    const storedHash = await argon2Hash(password, { memoryCost: 4096, timeCost: 3, parallelism: 1 });
    expect(await hasher.verify({ password, storedHash })).toEqual({ matches: true, needsRehash: true });
  });
});

describe('the hashing lane', () => {
  test('refuses what does not fit into the queue, with a retryable error, and works again afterwards', async () => {
    const narrow = createPasswordHasher({ concurrency: 1, queueLimit: 2, failureFloorMs: 0 });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => narrow.hash(password)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    const refused = results[3] as PromiseRejectedResult;
    expect(refused.reason).toBeInstanceOf(HashingBusy);
    expect(refused.reason).toMatchObject({ retryable: true, retryAfterSeconds: 1, message: expect.stringContaining('Try again') });
    expect(await narrow.hash(password)).toContain('$argon2id$');
  });

  test('a request that ends gives up its place, and the slot is not lost', async () => {
    const narrow = createPasswordHasher({ concurrency: 1, queueLimit: 1, failureFloorMs: 0 });
    const running = narrow.hash(password);
    const leaver = new AbortController();
    const waiting = narrow.hash(password, leaver.signal);
    await expect(narrow.hash(password)).rejects.toBeInstanceOf(HashingBusy);
    leaver.abort(new Error('the client has left'));
    await expect(waiting).rejects.toThrow('the client has left');
    const successor = narrow.hash(password);
    await expect(Promise.all([running, successor])).resolves.toHaveLength(2);
    await expect(narrow.hash(password, leaver.signal)).rejects.toThrow('the client has left');
    expect(await narrow.hash(password)).toContain('$argon2id$');
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  decideRefresh,
  formatRefreshToken,
  issueRefreshToken,
  parseRefreshToken,
  replayWindowMs,
} from '../../../src/auth/refreshTokens.ts';
import type { RefreshAttempt, RefreshDecision, StoredRefreshFamily } from '../../../src/auth/refreshTokens.ts';

const start = Date.parse('2026-03-01T12:00:00Z');
const sessionId = 'ses_01h455vb4pex5vsknk084sn02q';
const masterKey = randomBytes(32);

/** A session as a store keeps it, which applies decisions. */
function createSession(overrides: Partial<StoredRefreshFamily> = {}) {
  const first = issueRefreshToken(sessionId);
  let stored: StoredRefreshFamily = {
    familyHash: first.familyHash,
    currentHash: first.currentHash,
    expiresAt: start + 1_000_000_000,
    ...overrides,
  };
  return {
    first: first.token,
    get stored() {
      return stored;
    },
    refresh(
      token: string,
      { at = start, idempotencyKey, key = masterKey }: { at?: number; idempotencyKey?: string; key?: Buffer } = {},
    ): RefreshDecision {
      const replay: RefreshAttempt['replay'] = idempotencyKey === undefined ? undefined : { masterKey: key, idempotencyKey };
      const decision = decideRefresh({ stored, presented: parseRefreshToken(token)!, now: new Date(at), replay });
      if (decision.action === 'rotate') stored = { ...stored, currentHash: decision.successor.currentHash, rotatedAt: at };
      if (decision.action === 'reuse') stored = { ...stored, revokedAt: at };
      return decision;
    },
  };
}

/** Returns the successor of a decision that must have one. */
function successorOf(decision: RefreshDecision): string {
  if (decision.action !== 'rotate' && decision.action !== 'replay') throw new Error(`no successor: ${decision.action}`);
  return decision.successor.token;
}

describe('form', () => {
  test('names the session, and stores only hashes', () => {
    const { token, familyHash, currentHash } = issueRefreshToken(sessionId);
    expect(token).toMatch(/^rt_ses_01h455vb4pex5vsknk084sn02q\.[\w-]{22}\.[\w-]{43}$/);
    const { family } = parseRefreshToken(token)!;
    expect(familyHash).toBe(createHash('sha256').update(family).digest('hex'));
    expect(currentHash).toBe(createHash('sha256').update(token).digest('hex'));
    expect(issueRefreshToken(sessionId).token).not.toBe(token);
  });

  test.each(['a', 'A_b-9', '0f4cbd52-5d0b-4f3e-9f0e-0b5f6a6a1a1a', '__', 'x'.repeat(128)])('parses what it formats: %s', (id) => {
    const { token } = issueRefreshToken(id);
    const parsed = parseRefreshToken(token)!;
    expect(parsed.sessionId).toBe(id);
    expect(formatRefreshToken(parsed)).toBe(token);
  });

  test.each(['', 'a.b', 'a b', 'é', 'x'.repeat(129)])('refuses the session id %j', (id) => {
    expect(() => issueRefreshToken(id)).toThrow(RangeError);
  });

  const { token } = issueRefreshToken(sessionId);
  test.each([
    '',
    'rt_',
    token.slice(1),
    token.slice(0, -1),
    `${token}A`,
    `${token}\n`,
    ` ${token}`,
    token.replace('rt_', 'at_'),
    token.replaceAll('.', '_'),
  ])('is not a refresh token: %#', (text) => {
    expect(parseRefreshToken(text)).toBeNull();
  });
});

describe('decideRefresh', () => {
  test('rotates through generations; the family stays, the token changes', () => {
    const session = createSession();
    const seen = new Set([session.first]);
    let token = session.first;
    for (let generation = 0; generation < 5; generation += 1) {
      const decision = session.refresh(token);
      expect(decision).toMatchObject({ action: 'rotate', successor: { familyHash: session.stored.familyHash } });
      token = successorOf(decision);
      expect(parseRefreshToken(token)).toMatchObject({ sessionId, family: parseRefreshToken(session.first)!.family });
      seen.add(token);
    }
    expect(seen.size).toBe(6);
  });

  test.each([1, 2, 5])('a used token that is %d generations old is reuse at once, and then nothing of the family works', (age) => {
    const session = createSession();
    let token = session.first;
    for (let generation = 0; generation < age; generation += 1) token = successorOf(session.refresh(token));
    expect(session.refresh(session.first)).toEqual({ action: 'reuse' });
    expect(session.refresh(token)).toEqual({ action: 'revoked' });
    expect(session.refresh(session.first)).toEqual({ action: 'revoked' });
  });

  test('who knows only the session id cannot revoke the family', () => {
    const session = createSession();
    expect(session.refresh(issueRefreshToken(sessionId).token)).toEqual({ action: 'unknown' });
    const { family, secret } = parseRefreshToken(session.first)!;
    const otherFamily = family.startsWith('A') ? `B${family.slice(1)}` : `A${family.slice(1)}`;
    expect(session.refresh(formatRefreshToken({ sessionId, family: otherFamily, secret }))).toEqual({ action: 'unknown' });
    expect(session.refresh(session.first).action).toBe('rotate');
  });

  test.each([null, undefined])('without a row (%s) the token is unknown', (stored) => {
    const presented = parseRefreshToken(issueRefreshToken(sessionId).token)!;
    expect(decideRefresh({ stored, presented, now: new Date(start) })).toEqual({ action: 'unknown' });
  });

  test.each<[string, Partial<StoredRefreshFamily>, string]>([
    ['a moment before its end', { expiresAt: start + 1 }, 'rotate'],
    ['at its end', { expiresAt: start }, 'expired'],
    ['after its end', { expiresAt: start - 1 }, 'expired'],
    ['revoked', { revokedAt: start - 5 }, 'revoked'],
    ['revoked at the epoch', { revokedAt: 0 }, 'revoked'],
    ['revoked and ended', { revokedAt: start - 5, expiresAt: start - 1 }, 'revoked'],
    ['explicitly not revoked', { revokedAt: null, rotatedAt: null }, 'rotate'],
    ['hash cut off in the row', { currentHash: '' }, 'reuse'],
  ])('%s → %s', (_kind, stored, expected) => {
    const session = createSession(stored);
    expect(session.refresh(session.first).action).toBe(expected);
  });
});

describe('a repeated call', () => {
  test('with the same idempotency key gets the same successor, which then works once', () => {
    const session = createSession();
    const answer = successorOf(session.refresh(session.first, { idempotencyKey: 'k1' }));
    const before = session.stored;
    const repeated = session.refresh(session.first, { idempotencyKey: 'k1', at: start + replayWindowMs });
    expect(repeated.action).toBe('replay');
    expect(successorOf(repeated)).toBe(answer);
    expect(session.stored).toEqual(before);
    expect(session.refresh(answer).action).toBe('rotate');
  });

  test.each<[string, { idempotencyKey?: string; at?: number; key?: Buffer }]>([
    ['without the key', {}],
    ['with another key', { idempotencyKey: 'k2' }],
    ['too late', { idempotencyKey: 'k1', at: start + replayWindowMs + 1 }],
    ['under another master key', { idempotencyKey: 'k1', key: randomBytes(32) }],
  ])('%s is reuse', (_kind, options) => {
    const session = createSession();
    session.refresh(session.first, { idempotencyKey: 'k1' });
    expect(session.refresh(session.first, options)).toEqual({ action: 'reuse' });
  });

  test('is reuse as soon as the successor was used', () => {
    const session = createSession();
    const answer = successorOf(session.refresh(session.first, { idempotencyKey: 'k1' }));
    session.refresh(answer, { idempotencyKey: 'k1' });
    expect(session.refresh(session.first, { idempotencyKey: 'k1' })).toEqual({ action: 'reuse' });
  });

  test('a client that always sends the same key still gets a new token each time', () => {
    const session = createSession();
    const chain = [session.first];
    for (let generation = 0; generation < 4; generation += 1)
      chain.push(successorOf(session.refresh(chain.at(-1)!, { idempotencyKey: 'same' })));
    expect(new Set(chain).size).toBe(5);
  });
});

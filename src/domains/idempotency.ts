/**
 * Idempotency keys: the answer to a mutation is kept for a day in the transaction that does it, so that the same call, sent
 * again, gets the first answer. The rows expire, so they live in a table with TTL, outside all indexes.
 */
import { createHash } from 'node:crypto';
import type { AnonymousContext } from '../context.ts';
import type { Row, Write } from '../data/connection.ts';
import { ttlAttribute } from '../data/tables.ts';
import { invalid, refused } from '../errors.ts';
import type { Mutation } from './mutation.ts';
import { textProblem } from './text.ts';

const maxKeyLength = 255;
const keyLifetimeSeconds = 24 * 60 * 60;

/** DynamoDB takes 400 KB an item; the answer to a bulk creation of long texts is larger, and goes into several. */
const partBytes = 350 * 1024;

function partitionOf(viewer: { readonly id: string }, key: string): string {
  return `idempotency#${viewer.id}#${key}`;
}

function keyOf(viewer: { readonly id: string }, key: string): Row {
  return { id: partitionOf(viewer, key), createdAt: '-' };
}

function partKey(viewer: { readonly id: string }, key: string, part: number): Row {
  return { id: partitionOf(viewer, key), createdAt: `part#${String(part).padStart(2, '0')}` };
}

/** Returns the writes that keep the answer to a mutation; none without an idempotency key. They fail when the key was used before. */
export function answerWrites(context: AnonymousContext, mutation: Mutation<unknown>, answer: unknown): Write[] {
  const { viewer, args } = mutation;
  const key = args.idempotencyKey;
  if (key == null) return [];
  const json = Buffer.from(JSON.stringify(answer));
  const count = json.length <= partBytes ? 0 : Math.ceil(json.length / partBytes);
  const ttl = { [ttlAttribute]: context.nowSeconds() + keyLifetimeSeconds };
  const kept = count === 0 ? { answer: json.toString() } : { parts: count };
  const item = { ...keyOf(viewer, key), fingerprint: fingerprintOf(mutation), ...kept, ...ttl };
  const parts = Array.from({ length: count }, (_, part): Write => {
    const bytes = json.subarray(part * partBytes, (part + 1) * partBytes);
    return { kind: 'put', table: 'activity', item: { ...partKey(viewer, key, part), part: bytes, ...ttl } };
  });
  return [{ kind: 'put', table: 'activity', item, condition: { absentOrBelow: { [ttlAttribute]: context.nowSeconds() } } }, ...parts];
}

/** Returns the first answer to the mutation's idempotency key, if there was one in the last 24 hours. Throws IDEMPOTENCY_KEY_REUSED. */
export async function findReplay<Result>(context: AnonymousContext, mutation: Mutation<Result>): Promise<{ answer: Result } | null> {
  const { viewer, args } = mutation;
  const key = args.idempotencyKey;
  if (key == null) return null;
  if (key.length > maxKeyLength || textProblem(key, { min: 1, max: maxKeyLength }) !== null) {
    throw invalid(
      'idempotencyKey',
      `An idempotency key has 1 to ${maxKeyLength} characters, none of them a control character; a UUID is a good one.`,
    );
  }
  const reason = 'whether the idempotency key was used before';
  const row = await context.connection.get('activity', keyOf(viewer, key), { consistent: true, reason });
  if (!row || (row[ttlAttribute] as number) <= context.nowSeconds()) return null;
  if (row['fingerprint'] !== fingerprintOf(mutation)) {
    throw refused(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request in the last 24 hours. Use a new key for a new request.',
      ['idempotencyKey'],
    );
  }
  const answer = row['parts'] === undefined ? (row['answer'] as string) : await readParts(context, mutation, row['parts'] as number);
  return { answer: JSON.parse(answer) as Result };
}

async function readParts(context: AnonymousContext, { viewer, args }: Mutation<unknown>, count: number): Promise<string> {
  const keys = Array.from({ length: count }, (_, part) => partKey(viewer, args.idempotencyKey ?? '', part));
  const parts = await context.connection.batchGet('activity', keys, {
    consistent: true,
    reason: 'a long answer kept for an idempotency key',
  });
  return Buffer.concat(parts.map((row) => row?.['part'] as Uint8Array)).toString();
}

function fingerprintOf(mutation: Mutation<unknown>): string {
  return createHash('sha256')
    .update(JSON.stringify([mutation.name, canonical(mutation.input)]))
    .digest('base64url');
}

/** Returns the value with the members of all objects in alphabetical order, so that equal inputs have equal JSON. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, canonical(member)]));
}

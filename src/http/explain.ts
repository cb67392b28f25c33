/**
 * What an answer cost, in its `extensions`: `cost` (read and write units, requests to DynamoDB) for those whose
 * credentials may see it, and `explain` (every call, with the reason for it) where the header `x-snapinfra-explain: 1` asks.
 *
 * In production neither may tell a missing object from somebody else's: they look the same, but are not found by the same
 * calls. So an answer that says "not there" (null at its root, or a refusal in `userErrors`) goes without.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type { Viewer } from '../auth/authenticate.ts';
import { concealCost, isCostConcealed } from '../auth/concealment.ts';
import { accountPermissions, scopesAllow } from '../auth/permissions.ts';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { tableLabel } from '../data/callReasons.ts';
import { isWriteOperation } from '../data/client.ts';
import type { DatabaseCall } from '../data/connection.ts';
import { ExpectedError } from '../errors.ts';

/** The request header that asks for `extensions.explain`. */
export const explainHeader = 'x-snapinfra-explain';

/** The calls of one request so far, and whether its sender wants to see them. */
export interface Ledger {
  readonly calls: DatabaseCall[];
  /** Their read units. */
  readUnits: number;
  readonly wantsExplain: boolean;
  /** Who sent the request, by the credentials that came with it: a sign-in in it does not count. */
  viewer: Viewer | null;
}

/** What `extensions.cost` shows. */
export interface Cost {
  readUnits: number;
  writeUnits: number;
  requests: number;
}

/** One call in `extensions.explain`. */
export interface ExplainedCall {
  depth: number;
  operation: string;
  table: string;
  index: string | null;
  reason: string;
  itemsRead: number;
  itemsReturned: number;
  itemsWritten: number;
  readUnits: number;
  writeUnits: number;
  milliseconds: number;
  failed: boolean;
}

/** Opens the ledger of a request. */
export function createLedger(headers: FastifyRequest['headers']): Ledger {
  const asked = headers[explainHeader];
  return { calls: [], readUnits: 0, wantsExplain: asked === '1' || asked === 'true', viewer: null };
}

/** DynamoDB counts in halves of a read unit; the rest is floating point. */
function toUnits(value: number): number {
  return Math.round(value * 2) / 2;
}

/** Returns the sum over all calls; units as DynamoDB reported them, failed calls with none. */
export function costOf(calls: readonly DatabaseCall[]): Cost {
  const sum = (unit: 'readUnits' | 'writeUnits'): number => toUnits(calls.reduce((total, call) => total + call[unit], 0));
  return { readUnits: sum('readUnits'), writeUnits: sum('writeUnits'), requests: calls.length };
}

function explainCall(call: DatabaseCall): ExplainedCall {
  const isWrite = isWriteOperation(call.operation);
  return {
    depth: call.depth,
    operation: call.operation,
    table: tableLabel(call.table),
    index: call.index ?? null,
    reason: call.reason,
    itemsRead: call.itemsRead,
    itemsReturned: isWrite ? 0 : call.items,
    itemsWritten: isWrite ? call.items : 0,
    readUnits: toUnits(call.readUnits),
    writeUnits: toUnits(call.writeUnits),
    milliseconds: Math.round(call.milliseconds * 10) / 10,
    failed: call.failed,
  };
}

/** Returns `extensions.explain`: the longest chain of calls that waited for each other, and all calls, those that waited for none first. */
export function explainCalls(calls: readonly DatabaseCall[]): { depth: number; calls: ExplainedCall[] } {
  const inOrder = calls.toSorted((a, b) => a.depth - b.depth).map(explainCall);
  return { depth: inOrder.at(-1)?.depth ?? 0, calls: inOrder };
}

type Rules = Pick<Config, 'environment' | 'explain'>;

/** Returns what the answer of a request may carry, or null for nothing. */
export function extensionsOf(
  ledger: Ledger,
  { environment, explain, isConcealed }: Rules & { isConcealed: boolean },
): Record<string, unknown> | null {
  const { calls, wantsExplain, viewer } = ledger;
  const maySeeCost = viewer !== null && scopesAllow(viewer.scopes, accountPermissions['cost.read']) && !isConcealed;
  const maySeeCalls = explain && wantsExplain && (maySeeCost || environment !== 'production');
  if (!maySeeCost && !maySeeCalls) return null;
  return { ...(maySeeCost && { cost: costOf(calls) }), ...(maySeeCalls && { explain: explainCalls(calls) }) };
}

type LedgerOf = (context: Context) => Ledger;

/** Adds `extensions` to answers that are complete: with data, with errors, with both. */
export function createCostExtensions(rules: Rules, ledgerOf: LedgerOf): ApolloServerPlugin<Context> {
  return {
    requestDidStart: ({ contextValue }) =>
      Promise.resolve({
        willSendResponse({ response: { body } }) {
          if (body.kind !== 'single') return Promise.resolve();
          const extensions = extensionsOf(ledgerOf(contextValue), { ...rules, isConcealed: isCostConcealed(contextValue) });
          if (extensions) body.singleResult.extensions = { ...body.singleResult.extensions, ...extensions };
          return Promise.resolve();
        },
      }),
  };
}

/** Returns whether the value of a root field says that something is not there, or may not be done. */
function isRefusal(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.some(isRefusal);
  return typeof value === 'object' && 'userErrors' in value && Array.isArray(value.userErrors) && value.userErrors.length > 0;
}

function watched(resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> {
  return async (source, args, context, info) => {
    try {
      const value: unknown = await resolve(source, args, context, info);
      if (isRefusal(value)) concealCost(context);
      return value;
    } catch (error) {
      if (error instanceof ExpectedError) concealCost(context);
      throw error;
    }
  };
}

/** Makes the root fields of a schema mark requests whose answer says "not there", whatever of it the client selected. Changes the schema. */
export function watchRefusals(schema: GraphQLSchema): void {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      if (field.resolve) field.resolve = watched(field.resolve as GraphQLFieldResolver<unknown, Context>);
    }
  }
}

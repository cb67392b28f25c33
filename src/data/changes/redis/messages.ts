/** What instances tell each other over Redis. Whoever may publish there could write anything: nothing is believed that is not checked. */
import { z } from 'zod';
import type { Change, ChangeKind } from '../feed.ts';

/** As many changes as a message may have; the largest transaction has 100 items. */
const changesInMessage = 100;

/** Longer than the longest message that this module writes: 100 changes whose keys are as long as DynamoDB allows (2,048 and 1,024 bytes). */
const longestMessage = 1_000_000;

/** All kinds, exhaustive by type. */
const kinds = { project: true, deployment: true, deploymentLog: true, codeGeneration: true, activity: true } satisfies Record<
  ChangeKind,
  true
>;
const kind = z.enum(Object.keys(kinds) as [ChangeKind, ...ChangeKind[]]);
const partition = z.string().min(1).max(2_048);

const change = z.object({ kind, id: partition, projectId: partition.optional(), createdAt: z.string().max(1_024).optional() });

const message = z.object({
  from: z.string().min(1).max(64),
  changes: z.array(change).max(changesInMessage).default([]),
  /** Kinds of which changes may have been missed. */
  gap: z.array(kind).max(Object.keys(kinds).length).default([]),
});

/** A message of an instance. */
export interface ChangeMessage {
  /** Who sent it, made anew at each start. */
  readonly from: string;
  readonly changes: readonly Change[];
  readonly gap: readonly ChangeKind[];
}

/** Returns all kinds of changes. */
export function allKinds(): ChangeKind[] {
  return [...kind.options];
}

/** Returns the text of as many messages as it takes to tell these changes. */
export function changeTexts(from: string, changes: readonly Change[]): string[] {
  const count = Math.ceil(changes.length / changesInMessage);
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ from, changes: changes.slice(i * changesInMessage, (i + 1) * changesInMessage) }),
  );
}

/** Returns the text of a message which says that changes may have been missed. */
export function gapText(from: string, gap: readonly ChangeKind[]): string {
  return JSON.stringify({ from, gap });
}

/** Returns what a text says, or null when it is none of these messages, or longer than they are. */
export function readMessage(text: string): ChangeMessage | null {
  if (text.length > longestMessage) return null;
  try {
    const { success, data } = message.safeParse(JSON.parse(text));
    return success ? (data as ChangeMessage) : null;
  } catch {
    return null;
  }
}

/** Optimistic concurrency: every edit of an object counts its `revision` up, and an edit of a stale revision is refused. */
import type { Row } from '../data/connection.ts';
import type { Changes, Condition } from '../data/expressions.ts';
import { staleRevision } from '../errors.ts';
import { sameJson } from './json.ts';

/** The part of a record that concurrency control needs; rows of the earlier backend have neither and are at revision 1. */
export type Revisioned = { revision?: number; edits?: { revision: number; fields: string[] }[]; updatedAt?: string };

/** How many edits a row remembers, so that a conflict can name the fields that others changed. */
const rememberedEdits = 10;

/** Throws ConflictError when `expected` is given and is not the record's revision. `type` is the record's GraphQL type. */
export function requireRevision(type: string, current: Revisioned & object, expected: number | null | undefined): void {
  const revision = current.revision ?? 1;
  if (expected == null || expected === revision) return;
  const since = (current.edits ?? []).filter((edit) => edit.revision > expected).flatMap((edit) => edit.fields);
  throw staleRevision({ __typename: type, ...current }, [...new Set(since)].sort());
}

/** An edit of a record: what it becomes, which fields change, and the update that does it. */
export interface RecordEdit<T> {
  record: T;
  changedFields: string[];
  changes: Changes;
  /** Holds while nobody else has edited the row. */
  condition: Condition;
}

/**
 * Returns the edit that applies `fields` to a record: `undefined` leaves, `null` clears. Null when nothing changes.
 * `fieldsOf` translates a changed attribute to the fields that clients know, where they differ.
 */
export function editRecord<T extends Revisioned & object>(
  record: T,
  fields: Partial<Record<keyof T, unknown>>,
  now: string,
  fieldsOf: (attribute: string) => readonly string[] = (attribute) => [attribute],
): RecordEdit<T> | null {
  const before: Row = { ...record };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const changed = given.filter(([name, value]) => !sameJson(before[name] ?? null, value));
  if (changed.length === 0) return null;
  const revision = (record.revision ?? 1) + 1;
  const changedFields = [...new Set(changed.flatMap(([name]) => fieldsOf(name)))];
  const edits = [...(record.edits ?? []), { revision, fields: changedFields }].slice(-rememberedEdits);
  const set: Row = { updatedAt: now, revision, edits };
  const after: Row = { ...before, ...set };
  const remove: string[] = [];
  for (const [name, value] of changed) {
    if (value === null) {
      remove.push(name);
      Reflect.deleteProperty(after, name);
    } else {
      set[name] = value;
      after[name] = value;
    }
  }
  // `exists` matters for rows without a revision: an absent row has none either.
  return {
    record: after as T,
    changedFields,
    changes: { set, remove },
    condition: { exists: true, equals: { revision: record.revision } },
  };
}

/** How the enum types of PostgreSQL change: values are added in place, everything else needs a new type. */
import { writeEnum } from '../../export/sql/write.ts';
import type { PlanColumn, SqlPlan } from '../../export/sql/plan.ts';
import { postgres } from '../../export/sql/postgres.ts';
import { pairBy } from '../pairing.ts';

type PlanEnum = SqlPlan['enums'][number];

/** What happens to the enum types. */
export interface EnumChanges {
  /** Statements before any table gets another name. */
  readonly first: readonly string[];
  /** Statements before columns change. */
  readonly before: readonly string[];
  /** Statements once no column has an old type any more. */
  readonly after: readonly string[];
  /** Printed names of types that are made anew under the same name. */
  readonly remade: ReadonlySet<string>;
}

const { quote, text } = postgres;

/** Returns ALTER TYPE statements that make one list of values of the other, or null where values go or change their order. */
function additions(base: PlanEnum, head: PlanEnum): string[] | null {
  const old = new Set(base.values);
  const kept = head.values.filter((value) => old.has(value));
  if (JSON.stringify(kept) !== JSON.stringify(base.values)) return null;
  return head.values.flatMap((value, index) => {
    if (old.has(value)) return [];
    const previous = head.values[index - 1];
    const place = previous === undefined ? `BEFORE ${text(base.values[0] ?? '')}` : `AFTER ${text(previous)}`;
    return [`ALTER TYPE ${quote(head.name)} ADD VALUE ${text(value)} ${place};`];
  });
}

/** A value that was added cannot be used in the same transaction, not even as a default. */
function usesNewValue(base: PlanEnum, head: PlanEnum, columns: readonly PlanColumn[]): boolean {
  const old = new Set(base.values);
  const added = head.values.filter((value) => !old.has(value)).map(text);
  return columns.some(({ sql, defaultSql }) => {
    return elementType(sql) === quote(head.name) && added.some((value) => defaultSql?.includes(value) === true);
  });
}

/** Returns the printed type without its array brackets. */
export const elementType = (sql: string): string => sql.replace(/(?:\[\])+$/u, '');

/** Returns what to do with the enum types of two plans. `temporary` gives names that nothing has. */
export function changeEnums(base: SqlPlan, head: SqlPlan, temporary: () => string): EnumChanges {
  const { kept, removed, added } = pairBy(base.enums, head.enums, [({ name }) => name]);
  const columns = head.tables.flatMap((table) => table.columns);
  const relations = new Set(head.tables.map(({ name }) => name));
  const first: string[] = [];
  const before: string[] = [];
  const after: string[] = [];
  const remade = new Set<string>();
  const retire = (name: string): void => {
    const old = temporary();
    first.push(`ALTER TYPE ${quote(name)} RENAME TO ${quote(old)};`);
    after.push(`DROP TYPE ${quote(old)};`);
  };
  for (const { name } of removed) {
    // A table is a type, too: one of the same name needs the name free.
    if (relations.has(name)) retire(name);
    else after.push(`DROP TYPE ${quote(name)};`);
  }
  for (const [old, wanted] of kept) {
    const statements = usesNewValue(old, wanted, columns) ? null : additions(old, wanted);
    if (statements) before.push(...statements);
    else {
      retire(old.name);
      before.push(writeEnum(wanted, postgres));
      remade.add(quote(wanted.name));
    }
  }
  before.push(...added.map((wanted) => writeEnum(wanted, postgres)));
  return { first, before, after, remade };
}

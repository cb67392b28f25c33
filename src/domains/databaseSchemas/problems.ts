/** The linter of schema bodies: what a reviewer would point out. It never stops a write. */
import type { SchemaBody } from './model.ts';
import { resolveStructure } from './export/structure.ts';
import { fieldRules } from './problems/fields.ts';
import { keyRules } from './problems/keys.ts';
import { nameRules } from './problems/names.ts';
import type { Rule, Severity } from './problems/rule.ts';

/** One problem. `rule` names the rule, `path` the place (`tables.orders.fields.customer_id`), `message` what to do. */
export interface SchemaProblem {
  rule: string;
  severity: Severity;
  path: string;
  message: string;
}

/** All rules, each with a stable name, its severity and what it wants. */
export const problemRules: readonly Rule[] = [...keyRules, ...fieldRules, ...nameRules];

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Returns the problems of a schema: errors first, then by path, then by rule. The same body always gives the same list.
 * Any body of the right shape is accepted, valid or not.
 */
export function findProblems(body: SchemaBody): SchemaProblem[] {
  const structure = resolveStructure(body);
  return problemRules
    .flatMap(({ name, severity, find }) =>
      find(structure).map(({ path, message }): SchemaProblem => ({ rule: name, severity, path, message })),
    )
    .sort(
      (a, b) =>
        rank[a.severity] - rank[b.severity] ||
        compareText(a.path, b.path) ||
        compareText(a.rule, b.rule) ||
        compareText(a.message, b.message),
    );
}

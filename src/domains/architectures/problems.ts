/** The linter of architectures: what a reviewer would point out. It never stops a write. */
import type { ArchitectureBody } from './model.ts';
import { createGraph } from './problems/graph.ts';
import { problemRules, type RuleName, type Severity } from './problems/rules.ts';

/** One problem. `rule` names the rule, `path` the place (`nodes.api`), `message` what to do. */
export interface ArchitectureProblem {
  rule: RuleName;
  severity: Severity;
  path: string;
  message: string;
}

/** More than anybody reads; bounds the answer for diagrams of thousands of bad edges. */
const maxProblems = 500;

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Returns the problems of an architecture, 500 at most: errors first, then in the order of the rules and of the body. */
export function findProblems(body: ArchitectureBody): ArchitectureProblem[] {
  const graph = createGraph(body);
  return Object.entries(problemRules)
    .flatMap(([rule, { severity, find }]) =>
      find(graph).map(({ path, message }): ArchitectureProblem => ({ rule: rule as RuleName, severity, path, message })),
    )
    .sort((a, b) => rank[a.severity] - rank[b.severity])
    .slice(0, maxProblems);
}

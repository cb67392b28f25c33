/** What counters say about a project, or about all projects of an owner. */
import type { CounterName } from '../../data/counters.ts';

/** Numbers as the SDL types ProjectStats and DashboardStats show them. */
export interface Stats {
  projects: number;
  schemas: number;
  architectures: number;
  codeGenerations: number;
  deployments: number;
  documentation: number;
  members: number;
  integrations: number;
  deploymentsByStatus: { status: string; count: number }[];
  successRate: number | null;
}

/** Counters of deployments in a status are named `deployments:<status>`. */
const statusPrefix = 'deployments:';

/** Statuses that a deployment reached by succeeding; those after which it can never succeed. */
const succeeded = ['success', 'superseded', 'rolled-back'];
const failed = ['failed'];

/** Returns the numbers that counters stand for; absent counters count 0. */
export function statsFrom(counts: Record<CounterName, number>): Stats {
  const of = (name: CounterName): number => counts[name] ?? 0;
  const deploymentsByStatus = Object.entries(counts)
    .filter(([name, count]) => name.startsWith(statusPrefix) && count > 0)
    .map(([name, count]) => ({ status: name.slice(statusPrefix.length), count }))
    .sort((a, b) => (a.status < b.status ? -1 : 1));
  const sum = (statuses: string[]): number => statuses.reduce((total, status) => total + of(`${statusPrefix}${status}`), 0);
  const finished = sum(succeeded) + sum(failed);
  return {
    projects: of('projects'),
    schemas: of('schemas'),
    architectures: of('architectures'),
    codeGenerations: of('codeGenerations'),
    deployments: of('deployments'),
    documentation: of('documentation'),
    members: of('members'),
    integrations: of('integrations'),
    deploymentsByStatus,
    successRate: finished === 0 ? null : sum(succeeded) / finished,
  };
}

/** SQL Server's rule (error 1785): following the actions of foreign keys, no table is reached twice from another. */
import type { TableStructure } from '../structure.ts';

export interface CascadeGuard {
  /** Adds the step from parent to child and returns true, or returns false where it would make a cycle or a second path. */
  add: (parent: TableStructure, child: TableStructure) => boolean;
}

function reach(start: TableStructure, edges: ReadonlyMap<TableStructure, readonly TableStructure[]>): Set<TableStructure> {
  const reached = new Set([start]);
  for (const table of reached) for (const next of edges.get(table) ?? []) reached.add(next);
  return reached;
}

/** Returns a guard that knows no step yet. */
export function createCascadeGuard(): CascadeGuard {
  const down = new Map<TableStructure, TableStructure[]>();
  const up = new Map<TableStructure, TableStructure[]>();
  return {
    add: (parent, child) => {
      const below = reach(child, down);
      if (below.has(parent)) return false;
      for (const ancestor of reach(parent, up)) {
        for (const table of reach(ancestor, down)) if (table !== ancestor && below.has(table)) return false;
      }
      down.set(parent, [...(down.get(parent) ?? []), child]);
      up.set(child, [...(up.get(child) ?? []), parent]);
      return true;
    },
  };
}

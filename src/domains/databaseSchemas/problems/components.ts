/** Circles of foreign keys. */
import type { ForeignKey, TableStructure } from '../export/structure.ts';

/** Returns the strongly connected component of each table (Kosaraju: two depth-first walks, the second one against the arrows). */
export function components(tables: readonly TableStructure[], edges: readonly ForeignKey[]): Map<TableStructure, number> {
  const parents = groupEdges(edges, 'child', 'parent');
  const children = groupEdges(edges, 'parent', 'child');
  const finished: TableStructure[] = [];
  const seen = new Set<TableStructure>();
  for (const table of tables) walk(table, parents, seen, (done) => finished.push(done));
  const component = new Map<TableStructure, number>();
  const assigned = new Set<TableStructure>();
  for (const [number, table] of finished.reverse().entries()) walk(table, children, assigned, (done) => component.set(done, number));
  return component;
}

function groupEdges(edges: readonly ForeignKey[], from: 'child' | 'parent', to: 'child' | 'parent'): Map<TableStructure, TableStructure[]> {
  const groups = new Map<TableStructure, TableStructure[]>();
  for (const edge of edges) {
    const list = groups.get(edge[from]);
    if (list) list.push(edge[to]);
    else groups.set(edge[from], [edge[to]]);
  }
  return groups;
}

/** Visits everything that can be reached and was not seen, and reports each table when all behind it is done. */
function walk(
  start: TableStructure,
  edges: ReadonlyMap<TableStructure, TableStructure[]>,
  seen: Set<TableStructure>,
  finish: (table: TableStructure) => void,
): void {
  if (seen.has(start)) return;
  seen.add(start);
  const stack = [{ table: start, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const target = edges.get(top.table)?.[top.next];
    top.next += 1;
    if (!target) {
      finish(top.table);
      stack.pop();
    } else if (!seen.has(target)) {
      seen.add(target);
      stack.push({ table: target, next: 0 });
    }
  }
}

/**
 * Whether and how far to read an owner's rows for the lists of several of its projects, in read units. A list of its own
 * costs half a unit at least, for up to 4 KB; rows of an owner cost the same for any number of projects.
 */
import type { TableId } from '../tables.ts';
import { bytesPerReadUnit, type Hint, type PlanMemory } from './memory.ts';

/** Lists of one table whose projects share an owner. */
export interface Group {
  readonly table: TableId;
  readonly owner: string;
  /** Project of each list; one project may have several. */
  readonly parents: readonly string[];
  /** The most rows that one of the lists needs. */
  readonly wanted: number;
  /** True when all lists have the order of the owner's rows. */
  readonly newestFirst: boolean;
}

/** How to read an owner's rows. */
export interface Strategy {
  /** Rows to read at first. */
  readonly rows: number;
  /** Rows to go on to when the first ones look promising; absent when it is known how many are needed. */
  readonly atMost?: number;
  /** Projects whose lists are read on their own. */
  readonly alone: ReadonlySet<string>;
  /** How many lists the rows are to answer. */
  readonly lists: number;
}

/** Fewer lists are read one by one. */
const fewestLists = 3;

/** What reading by owner may cost, as a multiple of one query for each list. */
const allowance = { probe: 0.5, unknown: 1.3, known: 1.2 };

/** Rows of one read, however cheap they are: each takes time to parse. */
const mostRows = 2_000;

const avoidMs = 5 * 60_000;

/** After this time a page is read without looking ahead, so that projects to be read alone are looked at again. */
const relearnMs = 10 * 60_000;

/** Returns the key of a group in the memory: groups with the same key need about the same rows. */
export function hintKey({ table, owner, wanted, newestFirst }: Group): string {
  return `${table}|${newestFirst ? 'newest' : 'all'}|${wanted}|${owner}`;
}

/** Returns the read units of one query for each of so many lists. */
function unitsOfLists(group: Pick<Group, 'table' | 'wanted'>, lists: number, memory: PlanMemory): number {
  const halves = Math.ceil((group.wanted * memory.rowBytes(group.table) * 2) / bytesPerReadUnit);
  return (lists * Math.max(1, halves)) / 2;
}

function unitsOfRows(table: TableId, rows: number, memory: PlanMemory): number {
  return (rows * memory.rowBytes(table)) / bytesPerReadUnit;
}

function rowsFor(table: TableId, units: number, memory: PlanMemory): number {
  return Math.min(mostRows, Math.floor((units * bytesPerReadUnit) / memory.rowBytes(table)));
}

/** Returns how to read a group by owner, or null to read list by list. */
export function strategyOf(group: Group, memory: PlanMemory, now: number): Strategy | null {
  const lists = group.parents.length;
  if (lists < fewestLists) return null;
  const hint = memory.hint(hintKey(group));
  if (hint) {
    const answered = group.parents.filter((parent) => !hint.alone.has(parent)).length;
    const isPartial = 2 * new Set(group.parents).size < hint.parents;
    if (now < hint.avoidUntil || isPartial || answered < fewestLists) return null;
    return { rows: withGrowth(hint.rows), alone: hint.alone, lists: answered };
  }
  // The rows of projects that are not asked for would be read in vain, so they must be few.
  const projects = memory.projectCount(group.owner);
  if (projects === undefined || 2 * new Set(group.parents).size < projects) return null;
  const units = unitsOfLists(group, lists, memory);
  return {
    rows: rowsFor(group.table, allowance.probe * units, memory),
    atMost: rowsFor(group.table, allowance.unknown * units, memory),
    alone: new Set(),
    lists,
  };
}

/** Returns how to read a group before its projects are known, `parents` at most; null where it is not known what that costs. */
export function strategyAhead(group: Group, parents: number, memory: PlanMemory, now: number): Strategy | null {
  const hint = memory.hint(hintKey(group));
  if (!hint || now < hint.avoidUntil || now - hint.learnedAt > relearnMs || 2 * parents < hint.parents) return null;
  return { rows: withGrowth(hint.rows), alone: hint.alone, lists: hint.lists };
}

/** An owner's rows become more, and a read that falls short costs a second trip. */
function withGrowth(rows: number): number {
  return Math.ceil(rows * 1.05) + 5;
}

/** Returns the groups to read by owner, those left out that would make all of them together dearer than list by list. */
export function withinBudget<G extends { group: Group; strategy: Strategy }>(plans: readonly G[], memory: PlanMemory): G[] {
  const costs = plans.map((plan) => {
    const { group, strategy } = plan;
    const isKnown = strategy.atMost === undefined && strategy.rows > 0;
    if (!isKnown) return { plan, dear: 0, cheap: 0 };
    return { plan, dear: unitsOfRows(group.table, strategy.rows, memory), cheap: unitsOfLists(group, strategy.lists, memory) };
  });
  costs.sort((a, b) => a.dear * b.cheap - b.dear * a.cheap);
  const sum = (name: 'dear' | 'cheap'): number => costs.reduce((total, cost) => total + cost[name], 0);
  while (sum('dear') > allowance.known * sum('cheap')) costs.pop();
  return costs.map(({ plan }) => plan);
}

/** How one list of a group came out. `depth` is how many of the owner's rows it needed; null when they did not suffice. */
export interface Outcome {
  parent: string;
  depth: number | null;
}

/** Returns whether a first look at an owner's rows promises that more of them answer the rest. `seen` counts the projects that had rows in it. */
export function isPromising(outcomes: readonly Outcome[], seen: number): boolean {
  const answered = outcomes.filter(({ depth }) => depth !== null).length;
  const parents = new Set(outcomes.map(({ parent }) => parent)).size;
  return answered >= 0.4 * outcomes.length || seen >= 0.5 * parents;
}

/**
 * Returns what to remember of a group that was read by owner: the rows that answer most lists for the price of the lists.
 * Parents whose rows lie deeper are to be read alone.
 */
export function hintFrom(group: Group, outcomes: readonly Outcome[], memory: PlanMemory, now: number): Hint {
  const depths = new Map<string, number>();
  for (const { parent, depth } of outcomes) depths.set(parent, Math.max(depths.get(parent) ?? 0, depth ?? Infinity));
  const parents = [...depths].sort(([, a], [, b]) => b - a);
  const alone = new Set<string>();
  // A group may cost more by itself: others of the same page make up for it (withinBudget).
  const most = 1.5 * unitsOfLists(group, group.parents.length, memory);
  let answered = outcomes.length;
  for (const [parent, depth] of parents) {
    const rest = unitsOfLists(group, outcomes.length - answered, memory);
    if (depth <= mostRows && unitsOfRows(group.table, depth, memory) + rest <= most) break;
    alone.add(parent);
    answered -= outcomes.filter((outcome) => outcome.parent === parent).length;
  }
  const rows = parents[alone.size]?.[1] ?? 0;
  const before = memory.hint(hintKey(group));
  const asked = new Set(group.parents);
  const unasked = [...(before?.alone ?? [])].filter((parent) => !asked.has(parent));
  for (const parent of unasked) alone.add(parent);
  return {
    rows,
    parents: parents.length + unasked.length,
    lists: answered,
    alone,
    avoidUntil: answered < fewestLists ? now + avoidMs : 0,
    learnedAt: unasked.length > 0 ? (before?.learnedAt ?? now) : now,
  };
}

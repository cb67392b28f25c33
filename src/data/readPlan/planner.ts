/**
 * The read plan: pages of lists in as few calls to DynamoDB as possible. Lists that hang below several projects of one
 * owner are answered from one read of that owner's rows, where it is certain that the answer is the same and likely that
 * it is cheaper; all others by one query each. Only this module decides; whoever asks for a page sees the same rows, order and cursors.
 */
import pLimit from 'p-limit';
import type { Connection } from '../connection.ts';
import { attributesOf, readPage, wantedRows, type ListSource, type Page, type PageRequest } from '../page.ts';
import { ownerRowsIndex, tables } from '../tables.ts';
import { answerFrom, isNewestFirst, type Answer } from './answer.ts';
import type { PlanMemory } from './memory.ts';
import { createOwnerRead, type OwnerRead } from './ownerRead.ts';
import { hintFrom, hintKey, isPromising, strategyAhead, strategyOf, withinBudget, type Group, type Strategy } from './strategy.ts';

/** `adaptive` reads by owner where that is cheaper; `per-project` sends one query for each list. */
export type ReadPlanMode = 'adaptive' | 'per-project';

/** A page of a list. */
export interface PageKey {
  source: ListSource;
  page: PageRequest;
}

/** What a plan works with. */
export interface PlanOptions {
  memory: PlanMemory;
  mode: ReadPlanMode;
  nowSeconds: () => number;
  /** See `AnswerOptions`. */
  sortsTiesByKey: boolean;
}

/** The read plan of one request. */
export interface ReadPlan {
  /** Returns the pages in the order of the keys. */
  pages(keys: readonly PageKey[]): Promise<PromiseSettledResult<Page>[]>;
  /**
   * Starts to read an owner's rows for lists that are going to be asked for below each of its projects (`lists` are such
   * lists of any project, `parents` the most projects there can be). Returns the lists that are to be read on their own.
   * Does nothing for owners it knows nothing of.
   */
  lookAhead(owner: string, lists: readonly PageKey[], parents: number): PageKey[];
  /** Forgets what was read. */
  clear(): void;
}

/** How to use a read that has begun. */
const underWay: Strategy = { rows: 0, alone: new Set(), lists: 0 };

interface GroupOfKeys {
  group: Group;
  keys: PageKey[];
}

interface Chosen extends GroupOfKeys {
  strategy: Strategy;
  /** The read that is under way already, if it has what the lists need. */
  read?: OwnerRead | undefined;
}

/** How many lists of one request are read at the same time, so that one large page does not take all sockets. */
const listsAtOnce = 64;

/** Makes the read plan of one request. */
export function createReadPlan(connection: Connection, options: PlanOptions): ReadPlan {
  const { memory, mode, nowSeconds, sortsTiesByKey } = options;
  const reads = new Map<string, OwnerRead>();
  const limit = pLimit(listsAtOnce);

  async function pages(keys: readonly PageKey[]): Promise<PromiseSettledResult<Page>[]> {
    const answers = new Map<PageKey, Promise<Page>>();
    const groups = chooseGroups(keys).map((chosen) => ({ ...chosen, read: chosen.read ?? startRead(chosen) }));
    // All first looks before any second one: a page takes as many trips as its slowest list anyway.
    const looked = Promise.allSettled(groups.map(({ read, strategy }) => read.readTo(strategy.rows)));
    for (const { keys: own, group, strategy, read } of groups) {
      const answered = looked.then(() => answerGroup(read, { keys: own, group, strategy }));
      own.forEach((key, i) => {
        const isAlone = strategy.alone.has(key.source.partition);
        answers.set(key, isAlone ? readAlone(key) : answered.then((found) => found[i] ?? readAlone(key)));
      });
    }
    return Promise.allSettled(keys.map((key) => answers.get(key) ?? readAlone(key)));
  }

  async function readAlone({ source, page }: PageKey): Promise<Page> {
    // How many projects an owner has decides how the lists below them are read.
    const isOwnersProjects = source.table === 'projects' && source.index === 'UserIdIndex' && source.filterKey === undefined;
    const wanted = isOwnersProjects ? { ...page, needsEnd: true } : page;
    const answer = await limit(() => readPage(connection, source, wanted, nowSeconds()));
    if (isOwnersProjects && !page.from && !answer.hasMore) memory.learnProjectCount(source.partition, answer.rows.length);
    return answer;
  }

  function chooseGroups(keys: readonly PageKey[]): Chosen[] {
    if (mode === 'per-project') return [];
    const plans = groupByOwner(keys).flatMap(({ group, keys: own }) => {
      const read = readOf(group, own);
      const strategy = read ? underWay : strategyOf(group, memory, Date.now());
      return strategy ? [{ group, keys: own, strategy, read }] : [];
    });
    return withinBudget(plans, memory);
  }

  /** Returns the answers to the lists of a group, null for those that the owner's rows did not answer. */
  async function answerGroup(read: OwnerRead, { group, keys, strategy }: Chosen): Promise<(Page | null)[]> {
    const answer = (): (Answer | null)[] =>
      keys.map(({ source, page }) => answerFrom(read, source, page, { nowSeconds: nowSeconds(), sortsTiesByKey }));
    const outcomes = (found: (Answer | null)[]) =>
      found.map((one, i) => ({ parent: group.parents[i] as string, depth: one?.depth ?? null }));
    await read.readTo(strategy.rows);
    memory.learnRowBytes(group.table, { rows: read.rows.length, readUnits: read.readUnits });
    let found = answer();
    const seen = new Set(group.parents.filter((parent) => read.placesOf(parent).length > 0)).size;
    if (found.includes(null) && strategy.atMost !== undefined && isPromising(outcomes(found), seen)) {
      await read.readTo(strategy.atMost);
      found = answer();
    }
    memory.learn(hintKey(group), hintFrom(group, outcomes(found), memory, Date.now()));
    return found.map((one) => one?.page ?? null);
  }

  function readName({ table, owner }: Group): string {
    return `${table}|${owner}`;
  }

  /** Returns the read of the group's owner that is under way, if it has what the lists need. */
  function readOf(group: Group, keys: readonly PageKey[]): OwnerRead | undefined {
    const read = reads.get(readName(group));
    if (!read?.attributes) return read;
    const needed = attributesOfAll(keys);
    return needed?.every((name) => read.attributes?.includes(name)) ? read : undefined;
  }

  function startRead({ group, keys }: GroupOfKeys): OwnerRead {
    const { table, owner } = group;
    const reason = `the newest ${tables[table].name.replaceAll('-', ' ')} of all projects of one owner, to answer the lists below each of them`;
    const read = createOwnerRead(connection, { table, owner, attributes: attributesOfAll(keys), reason });
    reads.set(readName(group), read);
    return read;
  }

  function lookAhead(owner: string, lists: readonly PageKey[], parents: number): PageKey[] {
    if (mode === 'per-project') return [];
    const ofOwner = lists.map(({ source, page }) => ({ source: { ...source, owner }, page }));
    const plans = groupByOwner(ofOwner).flatMap(({ group, keys }) => {
      const strategy = readOf(group, keys) ? null : strategyAhead(group, parents, memory, Date.now());
      return strategy ? [{ group, keys, strategy }] : [];
    });
    return withinBudget(plans, memory).flatMap(({ group, keys, strategy }) => {
      // Who asks for the lists gets the error, too.
      startRead({ group, keys })
        .readTo(strategy.rows)
        .catch(() => undefined);
      return [...strategy.alone].flatMap((parent) => keys.map(({ source, page }) => ({ source: { ...source, partition: parent }, page })));
    });
  }

  return { pages, lookAhead, clear: () => reads.clear() };
}

/** Groups the lists that an owner's rows can answer: first pages of a project's list, without a filter of the client. */
function groupByOwner(keys: readonly PageKey[]): GroupOfKeys[] {
  const groups = new Map<string, PageKey[]>();
  for (const key of keys) {
    const { source, page } = key;
    const isEligible =
      source.owner !== undefined &&
      source.index === 'ProjectIdIndex' &&
      ownerRowsIndex(source.table) !== undefined &&
      source.filterKey === undefined &&
      !source.range &&
      !source.visible &&
      page.forward &&
      !page.from;
    if (!isEligible) continue;
    const name = `${source.table}|${source.owner}`;
    const group = groups.get(name);
    if (group) group.push(key);
    else groups.set(name, [key]);
  }
  return [...groups.values()].map((own) => ({ group: groupOf(own), keys: own }));
}

function groupOf(keys: readonly PageKey[]): Group {
  const [{ source }] = keys as [PageKey];
  return {
    table: source.table,
    owner: source.owner ?? '',
    parents: keys.map((key) => key.source.partition),
    wanted: Math.max(...keys.map(({ page }) => wantedRows(page))),
    newestFirst: keys.every((key) => isNewestFirst(key.source)),
  };
}

/** Returns the attributes that any of the lists needs, or undefined for all. */
function attributesOfAll(keys: readonly PageKey[]): string[] | undefined {
  const all = new Set<string>();
  for (const { source, page } of keys) {
    const attributes = attributesOf(source, page);
    if (!attributes) return undefined;
    attributes.forEach((name) => all.add(name));
  }
  return [...all];
}

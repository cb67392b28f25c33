/** Finding a place for a page among the others of its project. */
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { prefixOf } from '../../data/ids.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { maxPages, type DocumentationPageRecord } from './documentationPage.ts';
import { checkOrder, lastPage, loadUnorderedPages, nextPages, renumberPage } from './documentationPages.store.ts';
import { orderBefore, orderBehind, orderBetween, ordersBefore } from './ordering.ts';

/** A place for a page. */
export interface Placement {
  order: number;
  /** Conditions of the place: the transaction that takes it must contain them. */
  checks: Write[];
  /** Renumbers neighbours where that is needed. May be left half-done: the sequence of pages is the same after every step. */
  prepare?: () => Promise<void>;
}

interface Renumbering {
  page: DocumentationPageRecord;
  order: number;
}

/** Returns the place behind all pages of a project. */
export async function placeLast(context: Context, projectId: string): Promise<Placement> {
  // Only the earlier backend left pages without an order; looking for them reads all pages, so its projects alone pay for it.
  const unordered = prefixOf(projectId) === null ? await loadUnorderedPages(context, projectId) : [];
  const { steps, last } = await orderAll(context, projectId, unordered);
  return { order: orderBehind(last, nowMs(context)), checks: [], ...prepareWith(context, steps) };
}

/** Returns the place behind a page, or the first place for null; null when `moving` is there already. */
export async function placeBehind(
  context: Context,
  { projectId, target, moving }: { projectId: string; target: DocumentationPageRecord | null; moving?: DocumentationPageRecord },
): Promise<Placement | null> {
  if (target && target.order === undefined) return placeBehindUnordered(context, { projectId, target, moving });
  const [next] = await nextPages(context, { projectId, ...(target && { behind: target }), limit: 1 });
  if (next && next.id === moving?.id) return null;
  if (!target) return placeFirst(context, next);
  const before = target.order as number;
  const order = next ? orderBetween(before, next.order as number) : orderBehind(before, nowMs(context));
  if (order !== null) return { order, checks: [checkOrder(target, before)] };
  return makeRoom(context, { projectId, target, moving });
}

function placeFirst(context: Context, first: DocumentationPageRecord | undefined): Placement {
  if (!first) return { order: orderBehind(null, nowMs(context)), checks: [] };
  const order = first.order as number;
  return { order: orderBefore(order), checks: [checkOrder(first, order)] };
}

/** Gives an order to the target and all before it that have none, then takes the place behind. */
async function placeBehindUnordered(
  context: Context,
  { projectId, target, moving }: { projectId: string; target: DocumentationPageRecord; moving: DocumentationPageRecord | undefined },
): Promise<Placement> {
  const unordered = await loadUnorderedPages(context, projectId);
  const upTo = unordered.slice(0, unordered.findIndex(({ id }) => id === target.id) + 1).filter(({ id }) => id !== moving?.id);
  const { steps, last } = await orderAll(context, projectId, upTo);
  const order = orderBehind(last, nowMs(context));
  return { order, checks: [checkOrder(target, steps.at(-1)?.order ?? order)], ...prepareWith(context, steps) };
}

async function orderAll(
  context: Context,
  projectId: string,
  unordered: readonly DocumentationPageRecord[],
): Promise<{ steps: Renumbering[]; last: number | null }> {
  let last = (await lastPage(context, projectId))?.order ?? null;
  const steps = unordered.map((page) => ({ page, order: (last = Math.floor(last ?? 0) + 1) }));
  return { steps, last };
}

/**
 * Moves the numbers of the target and of all pages before it below the first one: one after the other from the first on,
 * which leaves the sequence as it is at every moment. Numbers only ever go down here, so that a page which is placed last
 * at the same time stays last.
 */
async function makeRoom(
  context: Context,
  { projectId, target, moving }: { projectId: string; target: DocumentationPageRecord; moving: DocumentationPageRecord | undefined },
): Promise<Placement> {
  const pages = await nextPages(context, { projectId, limit: 2 * maxPages });
  const upTo = pages.slice(0, pages.findIndex(({ id }) => id === target.id) + 1).filter(({ id }) => id !== moving?.id);
  const first = upTo[0]?.order ?? target.order ?? 0;
  const orders = ordersBefore(first, upTo.length);
  const steps = upTo.map((page, i) => ({ page, order: orders[i] as number }));
  const behind = orders.at(-1) ?? first;
  return { order: orderBetween(behind, behind + 1) ?? behind + 0.5, checks: [checkOrder(target, behind)], ...prepareWith(context, steps) };
}

/** A transaction takes 100 writes. */
const stepsAtOnce = 100;

function prepareWith(context: Context, steps: readonly Renumbering[]): Pick<Placement, 'prepare'> {
  if (steps.length === 0) return {};
  return {
    prepare: async () => {
      for (let i = 0; i < steps.length; i += stepsAtOnce) {
        const writes = steps.slice(i, i + stepsAtOnce).map(({ page, order }) => renumberPage(page, order));
        // Somebody moved one of the pages meanwhile: the checks of the placement fail then, and it is planned anew.
        if (!(await tryTransact(context.connection, writes))) return;
      }
    },
  };
}

function nowMs(context: Context): number {
  return Date.parse(context.now());
}

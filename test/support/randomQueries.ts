/** Random queries over workspaces: every way to a project, several lists of each with arguments of their own, random selections. */
import fc from './fastCheck.ts';
import { childLists, listNames, type ListName } from './randomLists.ts';

/** A part of a list: how many, from which end, and from which cursor. */
export interface Paging {
  size: number | null;
  backward: boolean;
  cursor?: string;
}

/** What is selected of a connection. */
interface Shape {
  nodes: readonly string[] | null;
  edges: readonly string[] | null;
  info: readonly string[];
  countUpTo: number | null;
  total: boolean;
}

/** One list of a project. */
export interface ListPlan {
  list: ListName;
  args: string;
  paging: Paging;
  shape: Shape;
}

/** One root field, and the lists that are selected of each project below it. */
export interface RootPlan {
  way: (typeof ways)[number];
  paging: Paging;
  args: string;
  /** Places of projects in the world, for the ways by id. */
  places: number[];
  projectFields: readonly string[];
  info: readonly string[];
  lists: ListPlan[];
}

/** The root fields of a document. */
export type QueryPlan = readonly RootPlan[];

const ways = ['projects', 'home', 'dashboard', 'memberships', 'deployments', 'byId', 'nodes'] as const;

/** Most pages begin with the projects of the viewer. */
const usualWays = ['projects', 'projects', 'home', 'dashboard'] as const satisfies readonly (typeof ways)[number][];

export const infoFields = ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor', 'scannedCount', 'scanLimitReached'] as const;
const projectFields = ['id', 'name', 'status', 'revision', 'createdAt', 'tags', 'viewerRole', 'viewerCanDeploy', 'owner { id }'] as const;

const pageInfo = fc.oneof({ weight: 2, arbitrary: fc.constant([...infoFields]) }, { weight: 2, arbitrary: fc.subarray([...infoFields]) });

/** Sizes are small, or as the default, or beyond all rows; impossible ones are refused. */
const paging = fc.record<Paging>({
  size: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 6 }) },
    { weight: 4, arbitrary: fc.integer({ min: 7, max: 100 }) },
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(0, 101) },
  ),
  backward: fc.nat({ max: 4 }).map((value) => value === 0),
});

/** Mostly all projects of an owner, since a part of them is hardly ever read together. */
const rootPaging = fc.record<Paging>({
  size: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 12, max: 100 }) },
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 101) },
  ),
  backward: fc.nat({ max: 7 }).map((value) => value === 0),
});

const listOf = (list: ListName): fc.Arbitrary<ListPlan> => {
  const { fields, args } = childLists[list];
  const selection = fc.oneof(fc.subarray([...fields], { maxLength: 4 }), fc.subarray([...fields]), fc.constant(['id']));
  return fc.record<ListPlan>({
    list: fc.constant(list),
    args: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 2, arbitrary: fc.constantFrom(...args) }),
    paging,
    shape: fc.record<Shape>({
      nodes: fc.option(selection, { freq: 4 }),
      edges: fc.option(selection, { freq: 1 }),
      info: pageInfo,
      countUpTo: fc.option(fc.integer({ min: 1, max: 8 }), { freq: 1 }).map((limit) => (limit !== null && limit > 4 ? null : limit)),
      total: fc.nat({ max: 9 }).map((value) => value === 0),
    }),
  });
};

/** The same list with other arguments, or with the same and another selection, comes often: what is read for both must not be mixed up. */
const lists = fc
  .array(fc.constantFrom(...listNames), { minLength: 1, maxLength: 3 })
  .chain((names) => fc.tuple(fc.tuple(...names.map(listOf)), listOf(names[0] ?? 'schemas'), fc.boolean()))
  .map(([plans, other, isSamePage]) => {
    const [{ args, paging: page } = other] = plans;
    return [...plans, isSamePage ? { ...other, args, paging: page } : other];
  })
  .chain((plans) => fc.subarray(plans, { minLength: 1 }));

const rootPlan = fc.record<RootPlan>({
  way: fc.constantFrom(...ways, ...usualWays),
  paging: rootPaging,
  args: fc.constantFrom(
    '',
    '',
    '',
    '',
    '',
    '',
    'orderBy: { direction: ASC }',
    'filter: { status: ACTIVE }',
    'filter: { nameContains: "e" }',
  ),
  places: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8, size: 'max' }),
  projectFields: fc.oneof(
    fc.constant(['id', 'name']),
    fc.subarray([...projectFields]).map((some) => [...new Set(['id', ...some])]),
    fc.subarray([...projectFields]),
  ),
  info: pageInfo,
  lists,
});

/** Plans of documents with one or two root fields. */
export const queryPlan: fc.Arbitrary<QueryPlan> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(rootPlan) },
  { weight: 1, arbitrary: fc.tuple(rootPlan, rootPlan) },
);

/** How a client goes on after an answer. */
export interface ContinuationPlan {
  /** Which of the cursors. */
  picks: number[];
  size: number;
  backward: boolean;
  /** Whether a cursor is also used where it does not belong. */
  misplaced: boolean;
}

export const continuationPlan = fc.record<ContinuationPlan>({
  picks: fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 4 }),
  size: fc.integer({ min: 1, max: 5 }),
  backward: fc.nat({ max: 3 }).map((value) => value === 0),
  misplaced: fc.nat({ max: 19 }).map((value) => value === 0),
});

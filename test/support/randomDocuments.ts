/** Documents of random queries, written in one style or another, and those that read on with the cursors of an answer. */
import type { Data } from './harness.ts';
import { childLists } from './randomLists.ts';
import { infoFields, type ContinuationPlan, type ListPlan, type Paging, type QueryPlan, type RootPlan } from './randomQueries.ts';
import type { World } from './randomWorld.ts';

/** Ways to write the same selection. */
export const styles = ['plain', 'inline', 'named', 'variables'] as const;

/** How a document is written. */
export interface Writing {
  world: World;
  style: (typeof styles)[number];
  /** True to ask for all of `pageInfo` everywhere, beside what the plan selects. */
  allInfo: boolean;
}

/** A document and what goes with it. */
export interface Written {
  document: string;
  variables: Record<string, unknown>;
}

/** Returns a plan's document; root field number i has the alias `r<i>`, by id `r<i>p<k>`, and list number k `l<k>`. */
export function writeQuery(plan: QueryPlan, writing: Writing): Written {
  return finish(
    plan.map((root, i) => rootText(root, i, writing)),
    writing,
  );
}

/** Makes fragments and variables of what was written for them. */
function finish(parts: readonly string[], { style }: Writing): Written {
  const text = `{ ${parts.join('\n')} }`;
  if (style === 'named') return { document: withFragments(text), variables: {} };
  if (style !== 'variables') return { document: text, variables: {} };
  const variables: Record<string, number> = {};
  const body = text.replaceAll(/\b(first|last): (\d+)/g, (_, name: string, size: string) => {
    const variable = `v${Object.keys(variables).length}`;
    variables[variable] = Number(size);
    return `${name}: $${variable}`;
  });
  const definitions = Object.keys(variables).map((name) => `$${name}: Int!`);
  return { document: definitions.length > 0 ? `query (${definitions.join(', ')}) ${body}` : body, variables };
}

/** Marks a selection of a project that becomes a fragment; no text of a query has these characters. */
const fragmentMarks = { begin: '\u00ab', end: '\u00bb' };

function withFragments(text: string): string {
  const definitions: string[] = [];
  const body = text.replaceAll(/\u00ab([^\u00bb]*)\u00bb/g, (_, selection: string) => {
    definitions.push(`fragment F${definitions.length} on Project { ${selection} }`);
    return `...F${definitions.length - 1}`;
  });
  return [body, ...definitions].join('\n');
}

/** Returns fields of an object as a selection; inline, half of them are in a fragment, and what is left out by a directive is there, too. */
function fieldsText(fields: readonly string[], { style }: Writing): string {
  if (style !== 'inline') return fields.join(' ');
  const half = Math.floor(fields.length / 2);
  return `... @include(if: true) { __typename ${fields.slice(0, half).join(' ')} } ${fields.slice(half).join(' ')} ... @skip(if: true) { id }`;
}

function rootText(root: RootPlan, i: number, writing: Writing): string {
  const lists = root.lists.map((list, k) => listText(list, k, writing));
  const selection = `__typename ${fieldsText([...root.projectFields, ...lists], writing)}`;
  const below = `{ ${writing.style === 'named' ? `${fragmentMarks.begin}${selection}${fragmentMarks.end}` : selection} }`;
  const info = infoText(root.info, writing);
  const first = Math.min(100, Math.max(1, root.paging.size ?? 20));
  const idOf = (place: number): string => JSON.stringify(writing.world.projects[place % writing.world.projects.length]?.id);
  switch (root.way) {
    case 'projects':
      return `r${i}: viewer { projects${argumentsText(root.paging, root.args)} { edges { cursor node ${below} } ${info} } }`;
    case 'home':
      return `r${i}: home { recentProjects(first: ${first}) { nodes ${below} ${info} } }`;
    case 'dashboard':
      return `r${i}: dashboard { recentProjects(first: ${first}) { nodes ${below} } recentActivity(first: 2) { nodes { id } } }`;
    case 'memberships':
      return `r${i}: viewer { memberships(first: ${first}) { nodes { role project ${below} } ${info} } }`;
    case 'deployments':
      return `r${i}: dashboard { recentDeployments(first: ${first}) { nodes { version project ${below} } } }`;
    case 'byId':
      return root.places.map((place, k) => `r${i}p${k}: project(id: ${idOf(place)}) ${below}`).join('\n');
    case 'nodes':
      return `r${i}: nodes(ids: [${root.places.map(idOf).join(', ')}]) { ... on Project ${below} }`;
  }
}

function listText({ list, args, paging, shape }: ListPlan, k: number, writing: Writing): string {
  const { total, counts } = childLists[list];
  const { people } = writing.world;
  const selected = [
    shape.nodes && `nodes { __typename ${fieldsText(shape.nodes, writing)} }`,
    shape.edges && `edges { cursor node { __typename ${fieldsText(shape.edges, writing)} } }`,
    infoText(shape.info, writing),
    counts && shape.countUpTo !== null && `countUpTo(limit: ${shape.countUpTo}) { value precision }`,
    total && shape.total && 'totalCount',
  ];
  const named = args.replaceAll(/@(\d)/g, (_, place: string) => people[Number(place) % people.length]?.id ?? '');
  const parts = selected.filter((part) => typeof part === 'string' && part !== '');
  const text = writing.style === 'inline' ? parts.map((part) => `... @include(if: true) { ${part} }`) : parts;
  return `l${k}: ${list}${argumentsText(paging, named)} { __typename ${text.join(' ')} }`;
}

function argumentsText({ size, backward, cursor }: Paging, more: string): string {
  const args = [
    // Without a size there is no direction: the default goes forward.
    size !== null && `${backward ? 'last' : 'first'}: ${size}`,
    cursor !== undefined && `${backward ? 'before' : 'after'}: ${JSON.stringify(cursor)}`,
    more,
  ].filter((part) => typeof part === 'string' && part !== '');
  return args.length > 0 ? `(${args.join(', ')})` : '';
}

function infoText(fields: readonly string[], { allInfo }: Writing): string {
  const selected = allInfo ? infoFields : fields;
  return selected.length > 0 ? `pageInfo { ${selected.join(' ')} }` : '';
}

/** Returns the document that reads on from cursors of an answer, or null for an answer without cursors. */
export function writeContinuation(
  plan: QueryPlan,
  { data, goOn, writing }: { data: Data; goOn: ContinuationPlan; writing: Writing },
): Written | null {
  const lists = data === null ? [] : plan.flatMap((root, i) => cursorsBelow(root, i, data));
  const outer = data === null ? [] : plan.flatMap((root, i) => outerCursors(root, i, data));
  const { size, backward, misplaced } = goOn;
  const chosen = lists.length === 0 ? [] : goOn.picks.map((pick) => lists[pick % lists.length] as PlacedCursor);
  const parts = chosen.map(({ projectId, list, cursor }, k) => {
    const id = misplaced ? writing.world.projects[0]?.id : projectId;
    return `p${k}: project(id: ${JSON.stringify(id)}) { id ${listText({ ...list, paging: { size, backward, cursor } }, k, writing)} }`;
  });
  const root = outer[(goOn.picks[0] ?? 0) % Math.max(1, outer.length)];
  if (root) parts.push(rootText({ ...root.plan, paging: { size, backward, cursor: root.cursor } }, 9, writing));
  return parts.length > 0 ? finish(parts, writing) : null;
}

interface PlacedCursor {
  projectId: string;
  list: ListPlan;
  cursor: string;
}

function cursorsBelow(root: RootPlan, i: number, data: Data): PlacedCursor[] {
  return projectsBelow(root, i, data).flatMap((project: Data) =>
    root.lists.flatMap((list, k) =>
      cursorsOf(project?.[`l${k}`]).flatMap((cursor) =>
        project.id === undefined ? [] : [{ projectId: project.id as string, list, cursor }],
      ),
    ),
  );
}

function projectsBelow(root: RootPlan, i: number, data: Data): Data[] {
  const value = data[`r${i}`];
  switch (root.way) {
    case 'projects':
      return (value?.projects?.edges ?? []).map(({ node }: Data) => node);
    case 'home':
    case 'dashboard':
      return value?.recentProjects?.nodes ?? [];
    case 'memberships':
      return (value?.memberships?.nodes ?? []).map(({ project }: Data) => project);
    case 'deployments':
      return (value?.recentDeployments?.nodes ?? []).map(({ project }: Data) => project);
    case 'byId':
      return root.places.map((_, k) => data[`r${i}p${k}`]);
    case 'nodes':
      return value ?? [];
  }
}

function outerCursors(root: RootPlan, i: number, data: Data): { plan: RootPlan; cursor: string }[] {
  if (root.way !== 'projects') return [];
  return cursorsOf(data[`r${i}`]?.projects).map((cursor) => ({ plan: root, cursor }));
}

function cursorsOf(connection: Data): string[] {
  const { startCursor, endCursor } = connection?.pageInfo ?? {};
  const edges: string[] = (connection?.edges ?? []).map(({ cursor }: Data) => cursor);
  return [...edges, startCursor, endCursor].filter((cursor) => typeof cursor === 'string');
}

/**
 * Random workspaces for property tests: people, projects in every state of ownership, and rows in them as this API and the
 * earlier backend write them. Rows are put straight into the tables, because thousands of mutations would take minutes.
 */
import fc from './fastCheck.ts';
import { connect, type Row } from '../../src/data/connection.ts';
import { newId } from '../../src/data/ids.ts';
import type { TableId } from '../../src/data/tables.ts';
import { fakeInvitation, fakeProject } from './factories.ts';
import type { Harness, TestUser } from './harness.ts';
import { childTables, rowFrom, rowPlan, timeAt, type ChildTable, type RowPlan } from './randomRows.ts';

/** Where a project comes from, which decides who may have written in it and what its row says about that. */
export const projectKinds = [
  /** Made through the API, nobody was ever invited. */
  'created',
  /** Made through the API, somebody was invited and came. */
  'invited',
  /** As the API writes it, nobody but the owner ever wrote. */
  'sole',
  /** Shared; all rows but activity are known to carry the owner's id. */
  'shared',
  /** Shared; nothing is known, and rows carry whoever made them. */
  'open',
  /** Of the earlier backend; rows carry whoever made them. */
  'old',
  /** Of the earlier backend; all rows but activity are known to carry the owner's id. */
  'adopted',
] as const;

type ProjectKind = (typeof projectKinds)[number];

interface ProjectPlan {
  kind: ProjectKind;
  tick: number;
  status: string;
  member: { person: number; role: string };
  rows: Record<ChildTable, RowPlan[]>;
}

interface WorldPlan {
  /** The projects of each owner. */
  owners: ProjectPlan[][];
  distribution: 'interleaved' | 'bursts';
  strays: RowPlan[];
}

/** A project of a random workspace. */
export interface WorldProject {
  id: string;
  ownerId: string;
}

/** A random workspace in the database. */
export interface World {
  /** Owners first, then somebody who owns nothing but is a member of some projects. */
  people: TestUser[];
  projects: WorldProject[];
  /** Keys of the rows that were put. */
  rows: { table: ChildTable; row: Row }[];
}

/** Few kinds of rows are long, most are short or empty: as in workspaces that people use. */
const rowsOfTable = fc.oneof(
  { weight: 2, arbitrary: fc.array(rowPlan, { maxLength: 4, size: 'max' }) },
  { weight: 2, arbitrary: fc.array(rowPlan, { minLength: 3, maxLength: 15, size: 'max' }) },
  { weight: 1, arbitrary: fc.constant<RowPlan[]>([]) },
);

const projectPlanOf = (...kinds: readonly ProjectKind[]): fc.Arbitrary<ProjectPlan> =>
  fc.record<ProjectPlan>({
    kind: fc.constantFrom(...kinds),
    tick: fc.nat({ max: 20 }),
    status: fc.constantFrom('draft', 'active', 'archived', 'active', 'deleting', 'of-another-time'),
    member: fc.record({ person: fc.nat({ max: 9 }), role: fc.constantFrom('admin', 'developer', 'viewer') }),
    rows: fc.record(Object.fromEntries(childTables.map((table) => [table, rowsOfTable])) as Record<ChildTable, typeof rowsOfTable>),
  });

const fewProjects = { minLength: 3, maxLength: 12, size: 'max' } as const;

/** Half of the owners work alone. */
const projectsOfOwner = fc.oneof(
  fc.array(projectPlanOf('sole', 'sole', 'created'), fewProjects),
  fc.array(projectPlanOf(...projectKinds), fewProjects),
);

const worldPlan = fc.record<WorldPlan>({
  owners: fc.array(projectsOfOwner, { minLength: 1, maxLength: 3, size: 'max' }),
  distribution: fc.constantFrom('interleaved', 'bursts'),
  strays: fc.array(rowPlan, { maxLength: 12, size: 'max' }),
});

/** Builds the workspace that a seed stands for. Ids and accounts are new each time; everything else follows from the seed. */
export async function buildWorld(harness: Harness, seed: number): Promise<World> {
  const [plan] = fc.sample(worldPlan, { seed, numRuns: 1 }) as [WorldPlan];
  const people = await Promise.all(Array.from({ length: plan.owners.length + 1 }, () => harness.signUp()));
  const world: World = { people, projects: [], rows: [] };
  const tag = crypto.randomUUID().slice(-12);
  const puts: { table: TableId; put: Row }[] = [];
  for (const [place, projects] of plan.owners.entries()) {
    const owner = people[place] as TestUser;
    for (const project of projects) {
      const number = world.projects.length;
      const { id, rows } = await putProject(harness, { owner, people, project });
      world.projects.push({ id, ownerId: owner.id });
      puts.push(...rows);
      const startTick = plan.distribution === 'bursts' ? 100 * ((number * 7) % 12) : 0;
      for (const table of childTables) {
        for (const [i, rowPlan] of project.rows[table].entries()) {
          const userId = creatorOf({ kind: project.kind, table, owner, people, plan: rowPlan });
          const createdById = project.kind === 'sole' || project.kind === 'created' ? owner.id : personAt(people, rowPlan.creator).id;
          const row = rowFrom(
            table,
            { ...rowPlan, tick: startTick + rowPlan.tick },
            { tag: `${tag}${number}x${i}`, projectId: id, userId, createdById },
          );
          world.rows.push({ table, row });
        }
      }
    }
  }
  const strays = straysOf(plan.strays, { people, tag });
  puts.push(...[...world.rows, ...strays].map(({ table, row }) => ({ table, put: row })));
  await connect(harness.database, { signal: AbortSignal.timeout(60_000) }).writeAll(puts);
  return world;
}

function personAt(people: readonly TestUser[], place: number): TestUser {
  return people[place % people.length] as TestUser;
}

/** Whom a row names in `userId`: never somebody whom the project's row rules out. */
function creatorOf(row: { kind: ProjectKind; table: ChildTable; owner: TestUser; people: TestUser[]; plan: RowPlan }): string {
  const { kind, table, owner, people, plan } = row;
  const isOwners = kind === 'created' || kind === 'sole' || (kind !== 'open' && kind !== 'old' && table !== 'activity');
  return isOwners ? owner.id : personAt(people, plan.creator).id;
}

interface PutProject {
  owner: TestUser;
  people: TestUser[];
  project: ProjectPlan;
}

/** Makes a project; returns its id and the rows that are still to be put. */
async function putProject(
  harness: Harness,
  { owner, people, project }: PutProject,
): Promise<{ id: string; rows: { table: TableId; put: Row }[] }> {
  const { kind, status, tick, member } = project;
  const others = people.filter((person) => person !== owner);
  const guest = personAt(others, member.person);
  const role = member.role;
  if (kind === 'created' || kind === 'invited') {
    const { id } = (await fakeProject(harness, owner, { name: `${kind} ${tick}` })) as { id: string };
    if (kind === 'invited') await joinProject(harness, { owner, guest, projectId: id, role: role.toUpperCase() });
    return { id, rows: [] };
  }
  const isOld = kind === 'old' || kind === 'adopted';
  const id = isOld ? crypto.randomUUID() : newId('prj');
  const createdAt = timeAt(tick);
  const uniform = { sole: 'all', shared: 'children', adopted: 'children', open: undefined, old: undefined }[kind];
  const row = {
    ...{ id, userId: owner.id, name: `${kind} ${tick}`, status, createdAt, updatedAt: createdAt },
    ...(!isOld && { createdById: owner.id, revision: 1, tags: [kind] }),
    ...(uniform !== undefined && { uniform }),
  };
  const membership = {
    projectId: id,
    userId: guest.id,
    role,
    createdAt,
    ...(!isOld && { ownerId: owner.id }),
    email: guest.email,
    name: 'Guest',
  };
  const isShared = kind !== 'sole';
  return { id, rows: [{ table: 'projects', put: row }, ...(isShared ? [{ table: 'teams' as const, put: membership }] : [])] };
}

/** Invites somebody and accepts, both through the API. */
export async function joinProject(
  harness: Harness,
  { owner, guest, projectId, role }: { owner: TestUser; guest: TestUser; projectId: string; role: string },
): Promise<void> {
  const { id } = (await fakeInvitation(harness, owner, { projectId, email: guest.email, role })) as { id: string };
  await harness.must(guest, 'mutation ($id: ID!) { invitationAccept(id: $id) { userErrors { message code field } } }', { id });
}

/** Rows in the partitions of people that belong to no project of theirs: activity of their own, and rows of projects that are gone. */
function straysOf(plans: readonly RowPlan[], { people, tag }: { people: TestUser[]; tag: string }): { table: ChildTable; row: Row }[] {
  return plans.map((plan, i) => {
    const person = personAt(people, plan.creator);
    const table = childTables[plan.word % childTables.length] as ChildTable;
    const row = rowFrom(table, plan, { tag: `${tag}s${i}`, projectId: `gone-${tag}`, userId: person.id, createdById: person.id });
    if (table === 'activity') delete row['projectId'];
    return { table, row };
  });
}

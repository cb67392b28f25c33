/** Random writes to a workspace, through the API and straight into the tables, as if by another instance of the server. */
import fc from './fastCheck.ts';
import { recountProject } from '../../src/cli/recount/recount.ts';
import { connect, type Row } from '../../src/data/connection.ts';
import { keyOf } from '../../src/data/tables.ts';
import type { ProjectRecord } from '../../src/domains/projects/project.ts';
import { fakeActivity, fakeDeployment, fakeEvent, fakePage, fakeSchema } from './factories.ts';
import type { Harness, TestUser } from './harness.ts';
import { childTables, rowFrom, rowPlan, timeAt, type ChildTable, type RowPlan } from './randomRows.ts';
import { joinProject, type World, type WorldProject } from './randomWorld.ts';

/** A write, and what is random about it. */
export interface WritePlan {
  kind: (typeof kinds)[number];
  /** Which project or row. */
  place: number;
  person: number;
  table: ChildTable;
  row: RowPlan;
}

const kinds = [
  ...['put', 'put', 'putMany', 'change', 'change', 'remove', 'create', 'create', 'log'],
  ...['join', 'recount', 'transfer', 'delete'],
] as const;

export const writePlan: fc.Arbitrary<WritePlan> = fc.record<WritePlan>({
  kind: fc.constantFrom(...kinds),
  place: fc.nat({ max: 999 }),
  person: fc.nat({ max: 9 }),
  table: fc.constantFrom(...childTables),
  row: rowPlan,
});

/** Where a write happens: projects as they are now, which an earlier write may have changed. */
interface Scene {
  harness: Harness;
  world: World;
  project: Row;
  owner: TestUser;
  person: TestUser;
}

/** Does one write; nothing where the project is gone or not for the one who would write. */
export async function writeAtRandom(harness: Harness, world: World, plan: WritePlan): Promise<void> {
  const { id } = world.projects[plan.place % world.projects.length] as WorldProject;
  const project = (await harness.rows('projects', id)).find((row) => row['name'] !== undefined);
  const owner = world.people.find((person) => person.id === project?.['userId']);
  if (!project || !owner || project['status'] === 'deleting') return;
  const person = world.people[plan.person % world.people.length] as TestUser;
  await writes[plan.kind]({ harness, world, project, owner, person }, plan);
  await harness.settled();
}

const writes: Record<WritePlan['kind'], (scene: Scene, plan: WritePlan) => Promise<unknown>> = {
  put: (scene, plan) => putRows(scene, plan, 1),
  putMany: (scene, plan) => putRows(scene, plan, 12),
  change: changeRow,
  remove: async ({ harness, world }, { place }) => {
    const [gone] = world.rows.splice(place % world.rows.length, 1);
    if (gone) await harness.deleteRow(gone.table, keyIn(gone.table, gone.row));
  },
  create: createThings,
  log: ({ harness, person }) => fakeActivity(harness, person),
  join: async ({ harness, project, owner, person }) => {
    if (person === owner) return;
    const projectId = String(project['id']);
    const { role } = (await harness.rows('teams', projectId)).find(({ userId }) => userId === person.id) ?? {};
    if (role === undefined) await joinProject(harness, { owner, guest: person, projectId, role: 'DEVELOPER' });
    const mayDeploy = role === undefined || role === 'developer' || role === 'admin';
    if (mayDeploy) await fakeDeployment(harness, person, { projectId });
  },
  recount: async ({ harness, project }) => {
    const signal = AbortSignal.timeout(20_000);
    await recountProject(connect(harness.database, { signal }), project as ProjectRecord, { settleMs: 0, patienceMs: 10_000, signal });
  },
  transfer: async ({ harness, project, owner, person }) => {
    const projectId = String(project['id']);
    const members = await harness.rows('teams', projectId);
    if (person === owner || !members.some(({ userId }) => userId === person.id)) return;
    const document = `mutation ($projectId: ID!, $userId: ID!) { ownershipTransfer(projectId: $projectId, userId: $userId) { userErrors { message code field } } }`;
    await harness.must(owner, document, { projectId, userId: person.id });
  },
  delete: async ({ harness, world, project, owner, person }) => {
    // Seldom, or no projects would be left.
    if (world.projects.length <= 3 || person !== owner) return;
    await harness.must(owner, 'mutation ($id: ID!) { projectDelete(id: $id) { userErrors { message code field } } }', {
      id: project['id'],
    });
  },
};

function keyIn(table: ChildTable, row: Row): Row {
  const { partition, sort } = keyOf(table);
  return Object.fromEntries([partition, sort].flatMap((name): [string, unknown][] => (name === undefined ? [] : [[name, row[name]]])));
}

/** Whom a new row may name: anybody only where the project's row says nothing about its rows. */
function creatorIn({ project, owner, person }: Scene, table: ChildTable): string {
  const { uniform } = project;
  const isFree = uniform === undefined || (uniform === 'children' && table === 'activity');
  return isFree ? person.id : owner.id;
}

async function putRows(scene: Scene, { table, row }: WritePlan, count: number): Promise<void> {
  const { harness, world, project } = scene;
  const userId = creatorIn(scene, table);
  for (let i = 0; i < count; i += 1) {
    const place = { tag: crypto.randomUUID().slice(-12), projectId: String(project['id']), userId, createdById: userId };
    const put = rowFrom(table, { ...row, tick: row.tick + i }, place);
    await harness.putRow(table, put);
    world.rows.push({ table, row: put });
  }
}

/** Moves a row within its lists, and changes what else they show of it. */
async function changeRow({ harness, world }: Scene, { place, row: plan }: WritePlan): Promise<void> {
  const chosen = world.rows[place % world.rows.length];
  if (!chosen) return;
  const { table, row } = chosen;
  const [current] = (await harness.rows(table, String(row['id']))).filter(({ userId }) => userId === row['userId']);
  if (!current) return;
  const changes: Record<string, unknown> = {
    ...{ updatedAt: timeAt(plan.tick + 100), version: plan.number, order: plan.number * 100, status: 'success', title: 'Changed' },
    ...(plan.isGone && { ttl: 1_000 }),
  };
  const present = Object.entries(changes).filter(([name]) => current[name] !== undefined);
  chosen.row = { ...current, ...Object.fromEntries(present) };
  await harness.putRow(table, chosen.row);
}

/** Creates through the API, as the owner. */
async function createThings({ harness, project, owner }: Scene, { table }: WritePlan): Promise<void> {
  const projectId = String(project['id']);
  if (table === 'schemas') await fakeSchema(harness, owner, { projectId });
  else if (table === 'documentation') await fakePage(harness, owner, { projectId });
  else if (table === 'analytics') await fakeEvent(harness, owner, { projectId });
  else await fakeDeployment(harness, owner, { projectId });
}

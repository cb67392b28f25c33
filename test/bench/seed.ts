/** The seed: owners who sign up and create their projects through the API, and what lies in those projects. */
import type { Identity } from './pageClient.ts';
import type { SeedDatabase } from './seedDatabase.ts';
import { generationOf, manyDeployments, seedRows, type SeedPlan, type SeedRow, type Spread } from './seedRows.ts';
import { seededRandom } from './statistics.ts';

/** An owner and what is known of their projects. */
export interface Owner extends Identity {
  /** Oldest first. */
  readonly projectIds: readonly string[];
  /** Ids of their deployments, some of them. */
  readonly deploymentIds: readonly string[];
}

/** What an owner is for. */
export interface OwnerSpec {
  readonly name: string;
  readonly projects: number;
  readonly content: Spread | 'nothing' | { readonly deployments: number } | 'generations';
}

/** Sends an operation to this server and returns its data; throws on errors of any kind. */
export type RunOperation = (query: string, variables: Record<string, unknown>, token?: string) => Promise<Record<string, unknown>>;

/** What is needed to make owners. */
export interface SeedTools {
  readonly run: RunOperation;
  readonly database: SeedDatabase;
}

const msPerDay = 86_400_000;

/** Sizes of the two kinds of generation, in bytes. */
export const generationBytes = { small: 1_000, large: 300_000 } as const;
const generations = 25;

async function signUp(run: RunOperation, name: string): Promise<Identity> {
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken user { id } userErrors { message } } }`;
  const input = { email: `${name}@bench.example`, password: 'a long enough pass phrase', username: name };
  const { signUp: answer } = (await run(query, { input })) as { signUp: { accessToken: string; user: { id: string } } };
  return { userId: answer.user.id, token: answer.accessToken };
}

async function createProject(run: RunOperation, { token }: Identity, name: string): Promise<string> {
  const query = `mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id } userErrors { message } } }`;
  const input = {
    name,
    description: 'Orders, payments and customers of a web shop',
    framework: 'fastify',
    database: 'postgres',
    tags: ['shop'],
  };
  const { projectCreate } = (await run(query, { input }, token)) as { projectCreate: { project: { id: string } } };
  return projectCreate.project.id;
}

/** Counts what was put beside the API in the counters that its own writes would have changed (see src/data/counters.ts). */
async function countRows(database: SeedDatabase, ownerId: string, rows: readonly SeedRow[]): Promise<void> {
  const byProject = new Map<string, Record<string, number>>();
  for (const { table, put } of rows) {
    if (table === 'activity' || typeof put['projectId'] !== 'string') continue;
    const counts = byProject.get(put['projectId']) ?? {};
    const names = table === 'deployments' ? [table, `deployments:${String(put['status'])}`] : [table];
    for (const name of [...names, 'changes']) counts[name] = (counts[name] ?? 0) + 1;
    byProject.set(put['projectId'], counts);
  }
  for (const [projectId, counts] of byProject) {
    await database.add('projects', { id: projectId, userId: `${ownerId}#stats#0` }, counts);
    await database.add('settings', { userId: `stats#${ownerId}#0` }, counts);
  }
}

/** Projects are older than what lies in them. */
async function moveToThePast(database: SeedDatabase, { ownerId, projectIds, now }: SeedPlan): Promise<void> {
  await Promise.all(
    projectIds.map((id, i) => {
      const createdAt = new Date(now - 100 * msPerDay + i * 60_000).toISOString();
      return database.set('projects', { id, userId: ownerId }, { createdAt, updatedAt: createdAt });
    }),
  );
}

async function putGenerations(database: SeedDatabase, plan: SeedPlan): Promise<void> {
  const sizes = [generationBytes.small, generationBytes.large];
  for (const [i, bytes] of sizes.entries()) {
    const ofProject = { ...plan, projectIds: plan.projectIds.slice(i, i + 1) };
    for (let nth = 0; nth < generations; nth += 1) {
      const { row, body } = generationOf(ofProject, nth, bytes);
      await database.putWithBody('codeGenerations', row, body);
    }
  }
}

/** Makes an owner with projects and what lies in them. The same name gives the same content. */
export async function seedOwner({ run, database }: SeedTools, { name, projects, content }: OwnerSpec): Promise<Owner> {
  const identity = await signUp(run, name);
  const projectIds: string[] = [];
  // One after the other: each gets a time of creation of its own, which decides their order.
  for (let i = 0; i < projects; i += 1) projectIds.push(await createProject(run, identity, `${name} ${String(i + 1).padStart(3, '0')}`));
  const spread = content === 'bursts' ? 'bursts' : 'interleaved';
  const random = seededRandom(Array.from(name).reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7));
  const plan: SeedPlan = { ownerId: identity.userId, projectIds, spread, now: Date.now() - 3_600_000, random };
  await moveToThePast(database, plan);
  if (content === 'generations') await putGenerations(database, plan);
  const rows =
    content === 'nothing' || content === 'generations'
      ? []
      : typeof content === 'object'
        ? manyDeployments(plan, content.deployments)
        : seedRows(plan);
  await database.putAll(rows);
  await countRows(database, identity.userId, rows);
  const deploymentIds = rows.filter(({ table }) => table === 'deployments').map(({ put }) => String(put['id']));
  return { ...identity, projectIds, deploymentIds: deploymentIds.slice(0, 50) };
}

/** `recount`: which projects and owners, in which order, and what is said about them. */
import { connect, type Connection } from '../data/connection.ts';
import { createLoaders } from '../data/loaders.ts';
import { rollUpOptions } from '../domains/analytics/eventBatches.service.ts';
import { rollUpOldEvents } from '../domains/analytics/rollUpAdoption.ts';
import type { ProjectRecord } from '../domains/projects/project.ts';
import { requireAccount } from './adminRole.ts';
import { CommandFailed, exitCodes, WrongUsage, type ExitCode, type Workplace } from './program.ts';
import {
  allOwners,
  KeepsChanging,
  projectsOf,
  recountOwner,
  recountProject,
  type Correction,
  type RecountOptions,
} from './recount/recount.ts';

/** What to count: one of the three. */
export interface RecountTarget {
  projectId?: string | undefined;
  /** User id or e-mail address. */
  owner?: string | undefined;
  all?: boolean | undefined;
}

/** Indexes of DynamoDB are behind by well under a second; emulators write them together with the row. */
const settleMs = 2_000;
const patienceMs = 60_000;
const projectsAtOnce = 4;

/** Returns what a command line asks for. Throws WrongUsage unless exactly one target is named. */
export function readTarget({ projectId, owner, all }: RecountTarget): RecountTarget {
  const given = [projectId, owner, all].filter((value) => value !== undefined && value !== false);
  if (given.length !== 1) throw new WrongUsage('recount needs exactly one of: a project id, --owner <user id or e-mail>, --all.');
  return { projectId, owner, all };
}

interface Tally {
  projects: number;
  corrected: number;
  adopted: number;
  mixed: number;
  failures: string[];
}

/** Counts what was asked for. Prints a line for each correction, then a summary. */
export async function recount(workplace: Workplace, target: RecountTarget): Promise<ExitCode> {
  const { services, terminal, signal, config } = workplace;
  const connection = connect(services.database, { signal });
  const isEmbedded = config.database.location.kind === 'embedded';
  const options: RecountOptions = { settleMs: isEmbedded ? 0 : settleMs, patienceMs, signal };
  const { owners, projects } = await findTargets(connection, target);
  const tally: Tally = { projects: projects.length, corrected: 0, adopted: 0, mixed: 0, failures: [] };
  let done = 0;
  await inParallel(projects, projectsAtOnce, async (project) => {
    terminal.progress(done, projects.length, project.name);
    await attempt(tally, async () => {
      const { adopted, corrections, isMixed } = await recountProject(connection, project, options);
      if (isMixed) tally.mixed += 1;
      tally.adopted += adopted;
      const rolledUp = await rollUpOldEvents(connection, project.id, rollUpOptions(services));
      if (rolledUp > 0) terminal.out(`${project.id} "${project.name}": ${rolledUp} metric events of the earlier backend rolled up`);
      report(workplace, tally, { subject: `${project.id} "${project.name}"`, corrections, adopted });
    });
    done += 1;
  });
  await inParallel(owners, projectsAtOnce, (ownerId) =>
    attempt(tally, async () => {
      report(workplace, tally, {
        subject: `totals of ${ownerId}`,
        corrections: await recountOwner(connection, ownerId, options),
        adopted: 0,
      });
    }),
  );
  for (const failure of tally.failures) terminal.err(failure);
  terminal.out(summary(tally, owners.length));
  return tally.failures.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** One project that keeps changing must not stop the others. */
async function attempt(tally: Tally, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KeepsChanging)) throw error;
    tally.failures.push(error.message);
  }
}

interface Report {
  subject: string;
  corrections: readonly Correction[];
  adopted: number;
}

function report({ terminal }: Workplace, tally: Tally, { subject, corrections, adopted }: Report): void {
  if (corrections.length === 0 && adopted === 0) return;
  if (corrections.length > 0) tally.corrected += 1;
  const changes = corrections.map(({ counter, was, is }) => `${counter} ${was} → ${is}`);
  const taken = adopted > 0 ? [`${adopted} ${adopted === 1 ? 'row' : 'rows'} of the earlier backend counted from now on`] : [];
  terminal.out(`${subject}: ${[...changes, ...taken].join(', ')}`);
}

function summary({ projects, corrected, adopted, mixed, failures }: Tally, owners: number): string {
  const things = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
  const result =
    corrected === 0 && adopted === 0
      ? 'all counters were right'
      : `${things(corrected, 'correction')}, ${things(adopted, 'row')} of the earlier backend taken in`;
  const missed = failures.length > 0 ? `; ${failures.length} could not be counted` : '';
  const slow = mixed > 0 ? ` ${things(mixed, 'project')} with rows of several creators: its lists are read one by one.` : '';
  return `Recounted ${things(projects, 'project')} of ${things(owners, 'owner')}: ${result}${missed}.${slow}`;
}

async function findTargets(
  connection: Connection,
  { projectId, owner, all }: RecountTarget,
): Promise<{ owners: string[]; projects: ProjectRecord[] }> {
  if (projectId !== undefined) {
    const loaders = createLoaders(connection, { nowSeconds: () => Math.floor(Date.now() / 1000) });
    const project = (await loaders.byId('projects').load({ id: projectId })) as ProjectRecord | null;
    if (!project || project.status === 'deleting') throw new CommandFailed(`There is no project with the id ${projectId}.`);
    return { owners: [project.userId], projects: [project] };
  }
  const owners = all ? await allOwners(connection) : [await ownerId(connection, owner ?? '')];
  const projects = (await Promise.all(owners.map((id) => projectsOf(connection, id)))).flat();
  return { owners, projects: projects.filter(({ status }) => status !== 'deleting' && status !== 'copying') };
}

async function ownerId(connection: Connection, owner: string): Promise<string> {
  if (owner.includes('@')) return (await requireAccount(connection, owner)).id;
  const known = (await connection.get('users', { id: owner })) ?? (await projectsOf(connection, owner))[0];
  if (!known) throw new CommandFailed(`There is no user with the id ${owner}, and no project that such a user owns.`);
  return owner;
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const lane = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

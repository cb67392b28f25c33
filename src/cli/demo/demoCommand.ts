/** `npm run demo`: fills the database with a workspace to look around in. */
import { parseArgs } from 'node:util';
import { loadConfig, type Config } from '../../config.ts';
import { connect } from '../../data/connection.ts';
import { signUp } from '../../domains/users/signIn.service.ts';
import { updateOnboarding } from '../../domains/users/users.service.ts';
import { updateSettings } from '../../domains/settings/settings.service.ts';
import { ExpectedError } from '../../errors.ts';
import { requireAccount } from '../adminRole.ts';
import { CommandFailed, exitCodes, runTool, withDatabase, WrongUsage, type ExitCode, type Workplace } from '../program.ts';
import type { Terminal } from '../terminal.ts';
import { demoPassword, people, type DemoProject, type Person } from './demoProject.ts';
import { clinic } from './projects/clinic.ts';
import { fleet } from './projects/fleet.ts';
import { invoicing } from './projects/invoicing.ts';
import { library } from './projects/library.ts';
import { shop } from './projects/shop.ts';
import { stepsOf } from './script.ts';
import { contextAt, play, type Cast } from './stage.ts';

const projects: readonly DemoProject[] = [shop, clinic, invoicing, library, fleet];

const help = `Fills the database that the server's environment variables name (by default the embedded one in .data/) with a demo
workspace: three people, five projects with schemas, architectures, documentation, months of deployments and metrics.
A second run changes nothing. Refused in production.

  npm run demo`;

/** What the tool is run with; the configuration is that of the environment unless given. */
export interface DemoOptions {
  terminal: Terminal;
  signal: AbortSignal;
  config?: Config;
}

/** Runs `npm run demo` with these arguments; returns the exit code. */
export function runDemo(args: readonly string[], { terminal, signal, config: given }: DemoOptions): Promise<ExitCode> {
  return runTool(terminal, 'See `npm run demo -- --help`.', async () => {
    if (wantsHelp(args)) {
      terminal.out(help);
      return exitCodes.done;
    }
    const config = given ?? loadConfig();
    if (config.environment === 'production')
      throw new CommandFailed(
        'The demo is not for production: its accounts have a password that everybody knows. Run it with NODE_ENV=development.',
      );
    return withDatabase({ terminal, signal, config }, {}, fillOnce);
  });
}

function wantsHelp(args: readonly string[]): boolean {
  try {
    const { values } = parseArgs({ args: [...args], options: { help: { type: 'boolean', short: 'h' } }, strict: true });
    return values.help === true;
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

/** The item that remembers that there is a demo. It lies in no index. */
const markerKey = { userId: 'demo#workspace' };

/** Idempotency keys, which make an interrupted run go on where it stopped, live 24 hours. */
const resumableMs = 23 * 3_600_000;

async function fillOnce(workplace: Workplace): Promise<ExitCode> {
  const { services, terminal, signal, open } = workplace;
  const connection = connect(services.database, { signal });
  const marker = await connection.get('settings', markerKey, { consistent: true });
  if (typeof marker?.['completedAt'] === 'string') {
    terminal.out(`The demo workspace is there since ${marker['completedAt'].slice(0, 10)} (${open.where}); nothing was changed.`);
    terminal.out(nextSteps());
    return exitCodes.done;
  }
  const now = marker ? Number(marker['anchor']) : Date.now();
  if (Date.now() - now > resumableMs)
    throw new CommandFailed(
      `A demo that was begun at ${new Date(now).toISOString()} was interrupted and can not be completed any more. Use another DATA_DIR (or DYNAMODB_TABLE_PREFIX), or delete the data first.`,
    );
  const mark = (item: Record<string, unknown>) =>
    connection.transact([{ kind: 'put', table: 'settings', item: { ...markerKey, anchor: now, ...item } }]);
  await mark({});
  const started = performance.now();
  await fill(workplace, now);
  await mark({ completedAt: new Date().toISOString() });
  terminal.out(`The demo workspace is ready (${open.where}), made in ${((performance.now() - started) / 1_000).toFixed(1)} s.`);
  terminal.out(nextSteps());
  return exitCodes.done;
}

async function fill({ services, terminal, signal }: Workplace, now: number): Promise<void> {
  const scripts = projects.map((project) => ({ project, steps: stepsOf(project, now) }));
  const total = scripts.reduce((sum, { steps }) => sum + steps.length, 0);
  let done = 0;
  terminal.progress(0, total, 'people');
  const cast = await signUpAll({ services, signal }, now);
  // The projects have nothing to do with each other, so they grow side by side.
  await Promise.all(
    scripts.map(async ({ project, steps }) => {
      const onStep = (): void => terminal.progress((done += 1), total, project.fields.name);
      await play(services, { steps, cast, name: project.key, signal, onStep });
      terminal.out(`${project.fields.name}: ${steps.length} steps`);
    }),
  );
}

const day = 24 * 3_600_000;

async function signUpAll({ services, signal }: Pick<Workplace, 'services' | 'signal'>, now: number): Promise<Cast> {
  const at = now - 240 * day;
  const ids: Partial<Record<Person, string>> = {};
  for (const person of Object.keys(people) as Person[]) {
    const { email, username, profile } = people[person];
    const context = await contextAt(services, { at, signal });
    try {
      await signUp(context, { input: { email, username, password: demoPassword } });
    } catch (error) {
      // From an interrupted run.
      if (!(error instanceof ExpectedError)) throw error;
    }
    const viewerId = (await requireAccount(context.connection, email)).id;
    ids[person] = viewerId;
    const own = await contextAt(services, { at: at + 600_000, viewerId, signal });
    const idempotencyKey = `demo-${person}`;
    await updateOnboarding(own, {
      input: { completed: true, profile: { name: username, ...profile } },
      idempotencyKey: `${idempotencyKey}-onboarding`,
    });
    const input = { theme: person === 'aiko' ? 'dark' : 'system', notifications: { slack: person !== 'aiko', push: false } };
    await updateSettings(own, { input, idempotencyKey: `${idempotencyKey}-settings` });
  }
  return ids as Cast;
}

function nextSteps(): string {
  const accounts = (Object.keys(people) as Person[]).map((person) => {
    const owned = projects.filter(({ owner }) => owner === person).map(({ fields }) => fields.name);
    return `  ${people[person].email.padEnd(20)} ${demoPassword.padEnd(26)} owns ${owned.join(', ')}`;
  });
  return `
Sign in as (e-mail, password):
${accounts.join('\n')}

Try next:
  npm start, then open http://localhost:5000/graphql and run
    mutation { signIn(input: { email: "${people.mara.email}", password: "${demoPassword}" }) { accessToken } }
  Put the token into the headers: { "Authorization": "Bearer <accessToken>" }, then
    { dashboard { stats { projects deployments successRate } } viewer { projects { nodes { name stats { schemas members }
      deployments(first: 3) { nodes { version environment status } } schemas(first: 1) { nodes { version export(format: MERMAID) { text } } } } } } }
  npm run admin -- grant ${people.mara.email}    # and query { admin { … } }
`;
}

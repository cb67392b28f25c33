/** `npm run admin`: what operators do that the API does not offer. */
import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { checkTables } from '../data/provision.ts';
import { tableIds, tables } from '../data/tables.ts';
import { setAdmin } from './adminRole.ts';
import { exitCodes, runTool, toolContext, withDatabase, WrongUsage, type ExitCode, type Workplace } from './program.ts';
import { readTarget, recount } from './recountCommand.ts';
import type { Terminal } from './terminal.ts';

const help = `Snapinfra administration. Works on the database that the server's environment variables name; the embedded one is
shared with a server that runs on the same DATA_DIR, else opened for the time of the command.

  npm run admin -- <command>

Commands
  grant <e-mail>         Make an account a platform admin: it sees the field "admin" of the API. Leaves an activity.
  revoke <e-mail>        Take that back.
  check                  Compare the tables of the database with the catalogue (keys, indexes, projections); writes nothing.
  recount <project id>   Count what a project holds, and correct its counters and its owner's totals.
  recount --owner <user id or e-mail>
                         The same for everything that a person owns.
  recount --all          The same for all projects that are draft, active or archived.

Counters are exact by themselves. Recount after rows were written by others, such as the earlier backend, a restored
backup or a script: rows that no counter knows are counted from then on, also when they are deleted. It is safe while
servers run: a correction is committed only if nothing was counted in between.

Exit codes: 0 done (or nothing to do), 1 not done or differences found, 2 wrong usage.`;

const hint = 'See `npm run admin` for the commands.';

/** What the tool is run with; the configuration is that of the environment unless given. */
export interface AdminOptions {
  terminal: Terminal;
  signal: AbortSignal;
  config?: Config;
}

/** Runs one command line, such as `['grant', 'ada@example.com']`; returns the exit code. */
export function runAdmin(args: readonly string[], options: AdminOptions): Promise<ExitCode> {
  return runTool(options.terminal, hint, async () => {
    const [command, ...rest] = args;
    switch (command) {
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        options.terminal.out(help);
        return exitCodes.done;
      case 'grant':
      case 'revoke':
        return changeRole(command, onlyArgument(command, 'an e-mail address', rest), options);
      case 'check':
        readArguments(rest, { command, most: 0 });
        return withDatabase(options, { prepare: false }, check);
      case 'recount':
        return recountFrom(rest, options);
      default:
        throw new WrongUsage(`There is no command "${command}".${suggestion(command)}`);
    }
  });
}

const commands = ['grant', 'revoke', 'check', 'recount', 'help'];

function suggestion(typed: string): string {
  const near = commands.find((command) => command.startsWith(typed.slice(0, 3).toLowerCase()));
  return near ? ` Did you mean "${near}"?` : '';
}

function readArguments(args: readonly string[], { command, most }: { command: string; most: number }) {
  try {
    const options = command === 'recount' ? ({ owner: { type: 'string' }, all: { type: 'boolean' } } as const) : {};
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (positionals.length > most) throw new WrongUsage(`${command} does not know what to do with "${positionals[most] ?? ''}".`);
    return { values: values as { owner?: string; all?: boolean }, positionals };
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    throw new WrongUsage(`${command}: ${(error as Error).message}`);
  }
}

function onlyArgument(command: string, what: string, args: readonly string[]): string {
  const [value] = readArguments(args, { command, most: 1 }).positionals;
  if (value === undefined || value.trim() === '') throw new WrongUsage(`${command} needs ${what}.`);
  return value;
}

function recountFrom(args: readonly string[], options: AdminOptions): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, { command: 'recount', most: 1 });
  const target = readTarget({ projectId: positionals[0], ...values });
  return withDatabase(options, {}, (workplace) => recount(workplace, target));
}

function changeRole(command: 'grant' | 'revoke', email: string, options: AdminOptions): Promise<ExitCode> {
  return withDatabase(options, {}, async ({ services, terminal, signal }) => {
    const isGrant = command === 'grant';
    const { account, changed } = await setAdmin(await toolContext(services, signal), email, isGrant);
    const who = `${account.username} <${account.email ?? email}>`;
    const state = isGrant ? 'a platform admin' : 'no platform admin';
    terminal.out(
      changed ? `${who} is ${state} now. Running servers see it within 30 seconds.` : `${who} is ${state} already; nothing changed.`,
    );
    return exitCodes.done;
  });
}

async function check({ open, config, terminal }: Workplace): Promise<ExitCode> {
  const differences = await checkTables({ client: open.database.client, prefix: config.database.prefix });
  for (const difference of differences) terminal.out(difference);
  const indexes = tableIds.reduce((sum, table) => sum + Object.keys(tables[table].indexes).length, 0);
  if (differences.length === 0) {
    terminal.out(`${tableIds.length} tables and ${indexes} indexes match the catalogue.`);
    return exitCodes.done;
  }
  terminal.err(`The database (${open.where}) differs from the catalogue. Deploy the stack in infra/, or correct DYNAMODB_TABLE_PREFIX.`);
  return exitCodes.failed;
}

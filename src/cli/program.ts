/** What the command line tools share: the configuration and the database of the server, and how they end. */
import { setMaxListeners } from 'node:events';
import type { Config } from '../config.ts';
import { loadConfig } from '../config.ts';
import { createContext, createServices, type Context, type Services } from '../context.ts';
import { createLog } from '../http/logging.ts';
import { openDatabase, type OpenDatabase, type OpenOptions } from '../startup/database.ts';
import { startProblemText } from '../startup/problem.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes: done, not done, wrong usage. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** An exit code. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command can not do its work; the message says why and what to do. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** The command line makes no sense; the message says what is wrong with it. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** What a command works with. */
export interface Workplace {
  readonly config: Config;
  readonly open: OpenDatabase;
  readonly services: Services;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Opens the database as the server does (or joins that of the running server), does the work, and closes it. */
export async function withDatabase<T>(
  { terminal, signal, config = loadConfig() }: { terminal: Terminal; signal: AbortSignal; config?: Config },
  options: OpenOptions,
  work: (workplace: Workplace) => Promise<T>,
): Promise<T> {
  // Every call to the database in flight listens to it; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const log = createLog({ ...config, logLevel: 'warn' }, { write: (line) => terminal.err(line.trimEnd()) });
  const open = await openDatabase(config, log, { join: true, ...options });
  const services = createServices({ database: open.database, settings: config, log });
  try {
    return await work({ config, open, services, terminal, signal });
  } finally {
    await services.background.stop();
    await open.stop();
  }
}

/** Returns a context without a viewer for writes of a tool. */
export function toolContext(services: Services, signal: AbortSignal): Promise<Context> {
  const { log } = services;
  return createContext({ services, request: { id: crypto.randomUUID(), log, ip: '127.0.0.1', signal } });
}

/** Runs a tool and returns its exit code; everything that goes wrong becomes words. `hint` tells where the help is. */
export async function runTool(terminal: Terminal, hint: string, tool: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await tool();
  } catch (error) {
    if (error instanceof WrongUsage) {
      terminal.err(`${error.message}\n${hint}`);
      return exitCodes.usage;
    }
    terminal.err(problemText(error));
    return exitCodes.failed;
  }
}

function problemText(error: unknown): string {
  if (error instanceof CommandFailed) return error.message;
  if (error instanceof Error && error.name === 'AbortError')
    return 'Stopped. Everything that was written is complete; run it again to go on.';
  return startProblemText(error).replace('The server could not start: ', 'This failed: ');
}

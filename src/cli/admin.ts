/** The process of `npm run admin`. */
import { runAdmin } from './adminCommands.ts';
import { createTerminal } from './terminal.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
process.exitCode = await runAdmin(process.argv.slice(2), {
  terminal: createTerminal(process.stdout, process.stderr),
  signal: stopping.signal,
});

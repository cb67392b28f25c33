/** The process of `npm run demo`. */
import { runDemo } from './demo/demoCommand.ts';
import { createTerminal } from './terminal.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
process.exitCode = await runDemo(process.argv.slice(2), {
  terminal: createTerminal(process.stdout, process.stderr),
  signal: stopping.signal,
});

/**
 * A program for the fault tests: a process that runs an embedded database and can be killed.
 * Arguments: data directory, executable of the emulator, kind of supervisor.
 * Writes one line of JSON, `{"endpoint": …}`; on SIGTERM it stops; one line on stderr and exit code 1 when something fails.
 */
import { startEmbeddedDatabase } from '../../src/data/embedded.ts';
import type { SupervisorKind } from '../../src/data/embedded/supervisor.ts';

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const [dataDir = '', bin, supervisor] = process.argv.slice(2);
  const database = await startEmbeddedDatabase({ dataDir, bin, supervisor: supervisor as SupervisorKind });
  process.stdout.write(`${JSON.stringify({ endpoint: database.endpoint })}\n`);
  process.on('SIGTERM', () => void database.stop());
  const crash = await database.exited;
  if (crash !== null) fail(crash);
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

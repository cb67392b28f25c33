/** `npm run audit:http [-- url]`: the audits of graphql-http against a server that it starts, or against one that runs. */
import { freePort, startServerProcess, temporaryDataDir } from '../support/serverProcess.ts';
import { auditCount, auditProblem, auditReport, createAudits, runAudit } from './audits.ts';

/** Runs `work` with the address of a server on an embedded database of its own. */
async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const { dataDir, remove } = temporaryDataDir();
  const server = startServerProcess({ PORT: String(await freePort()), DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
  try {
    await server.ready;
    return await work(`${server.url}/graphql`);
  } finally {
    server.signal('SIGTERM');
    await server.ended;
    remove();
  }
}

async function audit(url: string): Promise<number> {
  const results = [];
  for (const one of createAudits(() => url)) results.push(await runAudit(one));
  const problems = results.map(auditProblem).filter((problem) => problem !== null);
  if (results.length !== auditCount) problems.push(`There are ${results.length} audits, not ${auditCount}: look at what changed.`);
  process.stdout.write(`Audits of graphql-http against ${url}\n\n${auditReport(results)}\n`);
  if (problems.length > 0) process.stderr.write(`\nNot acceptable:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n`);
  return problems.length === 0 ? 0 : 1;
}

/** Runs the command; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [url, ...more] = args;
  if (more.length > 0 || (url !== undefined && !URL.canParse(url))) {
    process.stderr.write('use: npm run audit:http [-- http://host:port/graphql]   (without an address it starts a server)\n');
    return 1;
  }
  return url === undefined ? withServer(audit) : audit(url);
}

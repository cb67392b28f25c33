/** Before anything is measured: every server must give the same answers. */
import type { Identity } from './pageClient.ts';
import { type PageCall } from './pages.ts';
import type { ByContestant } from './results.ts';
import type { ServerProcess } from './serverProcess.ts';
import { withClients } from './session.ts';
import { firstDifference } from './statistics.ts';

/** Servers gave different answers, so their numbers cannot be compared. */
export class AnswersDiffer extends Error {
  override readonly name = 'AnswersDiffer';
}

/** Returns each server's answer to a request, to the letter. Throws AnswersDiffer unless all have the same data in them, and some. */
export async function sameAnswers(servers: readonly ServerProcess[], identity: Identity, call: PageCall): Promise<ByContestant<string>> {
  const answers: [ServerProcess, string][] = [];
  for (const server of servers) {
    // Twice: the second answer of a server with a memory comes another way.
    answers.push([
      server,
      await withClients({ ...server, identity }, 1, async ([client]) => (await client?.perform(call), await client?.perform(call)) ?? ''),
    ]);
  }
  const data = answers.map(([server, text]) => [server.contestant, (JSON.parse(text) as { data: unknown }).data] as const);
  const [[reference, expected] = ['', null]] = data;
  for (const [contestant, value] of data) {
    const difference = firstDifference(expected, value);
    if (difference !== null)
      throw new AnswersDiffer(`${reference} and ${contestant} give different answers to "${call.page}": ${difference}`);
  }
  const root = Object.values((expected as Record<string, unknown> | null) ?? {});
  if (root.length === 0 || root.includes(null)) throw new AnswersDiffer(`there is nothing in the answers to "${call.page}"`);
  return Object.fromEntries(answers.map(([server, text]) => [server.contestant, text]));
}

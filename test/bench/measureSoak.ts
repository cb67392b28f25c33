/** A long load on this server, to see whether its memory stays. */
import { own } from './contestants.ts';
import { runLoad } from './load.ts';
import { callOf, questionOf } from './measureParts.ts';
import { runOperation } from './operation.ts';
import { usageOf } from './processUsage.ts';
import type { Results } from './results.ts';
import { startContestant, withClients, type Session } from './session.ts';
import { median } from './statistics.ts';

const users = 4;
const tenths = 10;

/** Access tokens end after a quarter of an hour, so each tenth signs in anew. */
async function signIn(url: string): Promise<string> {
  const query = 'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken userErrors { message } } }';
  const data = await runOperation(url, {
    query,
    variables: { input: { email: 'page@bench.example', password: 'a long enough pass phrase' } },
  });
  return (data['signIn'] as { accessToken: string }).accessToken;
}

/** Loads the page for that many seconds; returns the median resident memory of each tenth of the time. */
export async function measureSoak(session: Session, seconds: number): Promise<NonNullable<Results['soak']>> {
  const server = await startContestant(session, own, { viaProxy: false });
  const question = questionOf(session, 'page');
  const rssBytes: number[] = [];
  try {
    for (let tenth = 0; tenth < tenths; tenth += 1) {
      const identity = { ...question.owner, token: await signIn(server.url) };
      const samples: number[] = [];
      const timer = setInterval(() => samples.push(usageOf(server.pid).rssBytes), 500);
      await withClients({ ...server, identity }, users, (clients) =>
        runLoad({ clients, milliseconds: (seconds * 1000) / tenths, next: () => callOf(question) }),
      ).finally(() => clearInterval(timer));
      rssBytes.push(samples.length === 0 ? usageOf(server.pid).rssBytes : median(samples));
    }
  } finally {
    await server.stop();
  }
  return { seconds, rssBytes };
}

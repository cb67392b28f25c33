/** What must cost the same however much there is: counters over few and many rows, lists over small and large bodies. */
import { countsOf } from './measureCounts.ts';
import { runOperation } from './operation.ts';
import type { FlatResult } from './results.ts';
import { generationBytes, type Owner } from './seed.ts';
import type { ServerProcess } from './serverProcess.ts';
import type { Session } from './session.ts';
import { median } from './statistics.ts';

const timedRequests = 30;

const queries = {
  stats: 'query ($id: ID!) { project(id: $id) { stats { deployments deploymentsByStatus { status count } successRate } } }',
  dashboard: '{ dashboard { stats { projects deployments deploymentsByStatus { status count } } } }',
  generations: 'query ($id: ID!) { project(id: $id) { codeGenerations(first: 25) { nodes { id type status createdAt } } } }',
};

interface Side {
  readonly label: string;
  readonly owner: Owner;
  readonly projectId: string | undefined;
  /** What the answer must have, so that a wrong answer is not praised for being cheap. */
  readonly includes: string;
}

interface Comparison {
  readonly title: string;
  readonly query: string;
  readonly small: Side;
  readonly large: Side;
}

async function measureSide(session: Session, url: string, { query, side }: { query: string; side: Side }): Promise<FlatResult['small']> {
  const { label, owner, projectId, includes } = side;
  const variables = projectId === undefined ? {} : { id: projectId };
  const ask = async (): Promise<void> => {
    const data = JSON.stringify(await runOperation(url, { query, variables, token: owner.token }));
    if (!data.includes(includes)) throw new Error(`the answer for ${label} should have ${includes}, but is ${data.slice(0, 300)}`);
  };
  for (let i = 0; i < 5; i += 1) await ask();
  await session.proxy.configure({ delayMs: 0, record: true });
  await session.proxy.take();
  await ask();
  const { readUnits, calls } = countsOf(await session.proxy.take());
  await session.proxy.configure({ delayMs: 0, record: false });
  const times: number[] = [];
  for (let i = 0; i < timedRequests; i += 1) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  return { label, readUnits, calls, p50: median(times) };
}

function comparisonsOf(session: Session): Comparison[] {
  const [few, many, bodies] = [session.owner('fewRows'), session.owner('manyRows'), session.owner('generations')];
  const counted = (owner: Owner, rows: number, withProject: boolean): Side => ({
    label: `${rows} deployments`,
    owner,
    projectId: withProject ? owner.projectIds[0] : undefined,
    includes: `"deployments":${rows}`,
  });
  const listed = (i: number, bytes: number): Side => ({
    label: `25 bodies of ${bytes / 1000} KB`,
    owner: bodies,
    projectId: bodies.projectIds[i],
    includes: '"status":"COMPLETED"',
  });
  const { manyRows } = session.settings;
  return [
    { title: 'project.stats', query: queries.stats, small: counted(few, 10, true), large: counted(many, manyRows, true) },
    { title: 'dashboard.stats', query: queries.dashboard, small: counted(few, 10, false), large: counted(many, manyRows, false) },
    {
      title: 'project.codeGenerations(first: 25)',
      query: queries.generations,
      small: listed(0, generationBytes.small),
      large: listed(1, generationBytes.large),
    },
  ];
}

/** Measures this server, which must reach the database through the proxy. */
export async function measureFlat(session: Session, { url }: ServerProcess): Promise<FlatResult[]> {
  const results: FlatResult[] = [];
  for (const { title, query, small, large } of comparisonsOf(session)) {
    results.push({
      title,
      small: await measureSide(session, url, { query, side: small }),
      large: await measureSide(session, url, { query, side: large }),
    });
  }
  return results;
}

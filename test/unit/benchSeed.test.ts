/** The rows of the benchmark's seed. */
import { describe, expect, test } from '@jest/globals';
import { prefixOf } from '../../src/data/ids.ts';
import { generationOf, manyDeployments, seedRows, spreadMoments, type SeedPlan, type Spread } from '../bench/seedRows.ts';
import { seededRandom } from '../bench/statistics.ts';

const now = Date.parse('2026-11-22T00:00:00.000Z');
const projectIds = Array.from({ length: 20 }, (_, i) => `prj_${i}`);
const plan = (spread: Spread, seed = 1): SeedPlan => ({ ownerId: 'usr_1', projectIds, spread, now, random: seededRandom(seed) });

function countByProject(values: readonly { projectId: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { projectId } of values) counts.set(projectId, (counts.get(projectId) ?? 0) + 1);
  return counts;
}

describe('spreadMoments', () => {
  test.each(['interleaved', 'bursts'] as const)('%s: 8 to 12 each, in order, no two at once, none later than now', (spread) => {
    const moments = spreadMoments(plan(spread));
    const counts = [...countByProject(moments).values()];
    expect(counts).toHaveLength(20);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(8);
    expect(Math.max(...counts)).toBeLessThanOrEqual(12);
    const times = moments.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    expect(times.at(-1)).toBeLessThan(now);
    for (const projectId of projectIds) {
      const own = moments.filter((moment) => moment.projectId === projectId);
      expect(own.map(({ nth }) => nth)).toEqual(own.map((_, i) => i));
    }
  });

  /** How many projects have something among the newest 40. */
  const recent = (spread: Spread): number => countByProject(spreadMoments(plan(spread)).slice(-40)).size;

  test('interleaved work is on all projects, bursts are on few', () => {
    expect(recent('interleaved')).toBeGreaterThanOrEqual(18);
    expect(recent('bursts')).toBeLessThanOrEqual(6);
  });
});

describe('seedRows', () => {
  test('the same seed makes the same rows, another seed others', () => {
    expect(seedRows(plan('interleaved'))).toEqual(seedRows(plan('interleaved')));
    expect(seedRows(plan('interleaved'))).not.toEqual(seedRows(plan('interleaved', 2)));
  });

  test('rows belong to the owner, have ids of the API, and versions rise with time', () => {
    const rows = seedRows(plan('interleaved'));
    const children = rows.filter(({ put }) => put['projectId'] !== undefined);
    const prefixes = { schemas: 'sch', deployments: 'dep', activity: 'act' } as Record<string, string>;
    for (const { table, put } of children) {
      expect(put['userId']).toBe('usr_1');
      expect(prefixOf(put['id'] as string)).toBe(prefixes[table]);
    }
    expect(new Set(children.map(({ put }) => put['id'])).size).toBe(children.length);
    const versions = children.filter(({ table, put }) => table === 'schemas' && put['projectId'] === 'prj_3');
    expect(versions.map(({ put }) => put['version'])).toEqual(versions.map((_, i) => i + 1));
  });

  test('each project has one item that counts the versions of its schema', () => {
    const rows = seedRows(plan('bursts'));
    const counters = rows.filter(({ put }) => put['projectId'] === undefined);
    expect(counters).toHaveLength(20);
    const ofThird = rows.filter(({ table, put }) => table === 'schemas' && put['projectId'] === 'prj_3').length;
    expect(counters.find(({ put }) => put['id'] === 'name#prj_3#main')?.put).toMatchObject({
      userId: '-',
      latest: ofThird,
      versions: ofThird,
    });
  });
});

test('manyDeployments makes as many as asked for, of one project', () => {
  const rows = manyDeployments(plan('interleaved'), 50);
  expect(rows).toHaveLength(50);
  expect(new Set(rows.map(({ put }) => put['createdAt'])).size).toBe(50);
  expect(countByProject(rows.map(({ put }) => ({ projectId: String(put['projectId']) })))).toEqual(new Map([['prj_0', 50]]));
});

test('generationOf has a body of the size asked for', () => {
  const { row, body } = generationOf(plan('interleaved'), 3, 1_000);
  expect(row).toMatchObject({ userId: 'usr_1', projectId: 'prj_0', status: 'completed' });
  expect((body['generatedCode'] as { content: string }[])[0]?.content).toHaveLength(1_000);
});

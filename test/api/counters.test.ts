/** Counters and revisions under many writers at once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '../../src/data/connection.ts';
import { fakeDeployment, fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const slow = 150_000;
const errors = 'userErrors { code message }';
const numbers = 'schemas deployments deploymentsByStatus { status count }';
const stats = `query ($id: ID!) { project(id: $id) { stats { ${numbers} } } dashboard { stats { projects ${numbers} } } }`;
const remove = (field: string): string =>
  `mutation ($id: ID!) { ${field}(id: $id) { deletedId deletedCounts { projects schemas deployments } ${errors} } }`;

describe('200 writers at once', () => {
  test(
    'leave exact counters',
    async () => {
      const eve = await harness.signUp();
      const { id: projectId } = await fakeProject(harness, eve);
      const make = {
        schema: (i: number) => fakeSchema(harness, eve, { projectId, name: `parallel-${i}` }),
        deployment: () => fakeDeployment(harness, eve, { projectId }),
        project: () => fakeProject(harness, eve),
      };
      const made = await Promise.all(
        Array.from({ length: 200 }, async (_, i): Promise<[string, string]> => {
          const kind = (['schema', 'schema', 'deployment', 'project'] as const)[i % 4] ?? 'schema';
          return [kind, (await make[kind](i)).id];
        }),
      );
      const afterCreates = await harness.must(eve, stats, { id: projectId });
      const pending = (count: number): Data[] => [{ status: 'PENDING', count }];
      expect(afterCreates).toEqual({
        project: { stats: { schemas: 100, deployments: 50, deploymentsByStatus: pending(50) } },
        dashboard: { stats: { projects: 51, schemas: 100, deployments: 50, deploymentsByStatus: pending(50) } },
      });

      // Every second object goes, twice at once, while others come.
      const doomed = made.filter((_, i) => i % 8 < 4);
      const field: Record<string, string> = { schema: 'schemaDelete', deployment: 'deploymentDelete', project: 'projectDelete' };
      const answers = await Promise.all([
        ...doomed.flatMap(([kind, id]) => [0, 1].map(() => harness.run(eve, remove(field[kind] ?? ''), { id }))),
        ...Array.from({ length: 40 }, (_, i) => make.schema(1_000 + i)),
      ]);
      const deletions = answers.slice(0, doomed.length * 2) as Answer[];
      // Of two deletions of one object one did it; the other found nothing, or only helped with the removal.
      const counted = deletions.map(({ data, errors: top }, i) => {
        expect(top).toEqual([]);
        const { userErrors, deletedCounts } = Object.values(data as Record<string, Data>)[0];
        expect(userErrors.every(({ code }: Data) => code === 'NOT_FOUND')).toBe(true);
        return {
          kind: doomed[i >> 1]?.[0] ?? '',
          count: deletedCounts ? deletedCounts.projects || deletedCounts.schemas || deletedCounts.deployments : 0,
        };
      });
      const total = (wanted: string): number => counted.reduce((sum, { kind, count }) => sum + (kind === wanted ? Number(count) : 0), 0);
      expect([total('schema'), total('deployment'), total('project')]).toEqual([50, 25, 25]);
      await harness.settled();
      const afterDeletes = await harness.must(eve, stats, { id: projectId });
      expect(afterDeletes).toEqual({
        project: { stats: { schemas: 90, deployments: 25, deploymentsByStatus: pending(25) } },
        dashboard: { stats: { projects: 26, schemas: 90, deployments: 25, deploymentsByStatus: pending(25) } },
      });
      const { project } = await harness.must(
        eve,
        'query ($id: ID!) { project(id: $id) { schemas { totalCount } deployments { countUpTo { value } } } }',
        { id: projectId },
      );
      expect(project).toEqual({ schemas: { totalCount: 90 }, deployments: { countUpTo: { value: 25 } } });
    },
    slow,
  );

  const update = `mutation ($id: ID!, $name: String!, $revision: Int) { projectUpdate(id: $id, input: { name: $name }, expectedRevision: $revision) { project { name revision } userErrors { code ... on ConflictError { currentRevision changedFields } } } }`;

  test.each([
    ['with the revision that they read', 1],
    ['without one', null],
  ])(
    'of one project %s end in a serial result',
    async (_, revision) => {
      const { id } = await fakeProject(harness, ada);
      const answers = await Promise.all(
        Array.from({ length: 200 }, (__, i) => harness.run(ada, update, { id, name: `name ${i}`, revision })),
      );
      expect(answers.flatMap(({ errors: top }) => top)).toEqual([]);
      const payloads = answers.map(({ data }) => data.projectUpdate);
      const winners = payloads.filter(({ userErrors }) => userErrors.length === 0);
      const losers = payloads.filter(({ userErrors }) => userErrors.length > 0);
      expect(new Set(losers.map(({ userErrors }) => userErrors[0].code))).toEqual(losers.length > 0 ? new Set(['CONFLICT']) : new Set());
      // Each winner made one revision, and no two the same.
      expect(winners.map(({ project }) => project.revision).toSorted((a: number, b: number) => a - b)).toEqual(
        winners.map((__, i) => i + 2),
      );
      if (revision !== null) {
        expect(winners).toHaveLength(1);
        expect(losers.every(({ userErrors }) => userErrors[0].currentRevision === 2 && userErrors[0].changedFields[0] === 'name')).toBe(
          true,
        );
      }
      const { project } = await harness.must(
        ada,
        'query ($id: ID!) { project(id: $id) { name revision activity(first: 100) { countUpTo { value } } } }',
        { id },
      );
      const last = winners.find((winner) => winner.project.revision === winners.length + 1);
      expect(project).toEqual({
        name: last.project.name,
        revision: winners.length + 1,
        activity: { countUpTo: { value: winners.length + 1 } },
      });
    },
    slow,
  );
});

describe('reading counters', () => {
  test('costs the same for few and for many', async () => {
    const eve = await harness.signUp();
    const { id: projectId } = await fakeProject(harness, eve);
    const put = async (count: number): Promise<void> => {
      for (let shard = 0; shard < 8; shard += 1) {
        const counts = { schemas: count, deployments: count, 'deployments:pending': count };
        await harness.putRow('projects', { id: projectId, userId: `${eve.id}#stats#${shard}`, ...counts });
        await harness.putRow('settings', { userId: `stats#${eve.id}#${shard}`, projects: count, ...counts });
      }
    };
    const measure = async (): Promise<{ data: Data; units: number; calls: number; items: number }> => {
      const { data, calls } = await harness.run(eve, stats, { id: projectId });
      return {
        data,
        calls: calls.length,
        units: calls.reduce((sum, call) => sum + call.readUnits, 0),
        items: calls.reduce((sum, call) => sum + call.items, 0),
      };
    };
    await put(1);
    const few = await measure();
    await put(100_000);
    const many = await measure();
    expect(few.data.project.stats).toMatchObject({ schemas: 8, deployments: 8 });
    expect(many.data.dashboard.stats).toMatchObject({
      projects: 800_000,
      schemas: 800_000,
      deploymentsByStatus: [{ status: 'PENDING', count: 800_000 }],
    });
    expect({ ...many, data: null }).toEqual({ ...few, data: null });
    expect(few.units).toBeGreaterThan(0);

    // And the rows themselves are not read either.
    const rows = Array.from({ length: 300 }, (_, i) => ({
      id: `${projectId}-${i}`,
      userId: eve.id,
      projectId,
      name: `n${i}`,
      version: 1,
      createdAt: new Date().toISOString(),
      tables: [],
    }));
    await connect(harness.database, { signal: AbortSignal.timeout(20_000) }).writeAll(rows.map((row) => ({ table: 'schemas', put: row })));
    expect(await measure()).toEqual(many);
  });
});

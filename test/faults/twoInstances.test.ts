/**
 * Two instances of the service on the same tables: what keeps objects, counters and ownership right is in the
 * transactions, so nothing may rely on a lock or a cache of one process. `FAULT_ROUNDS` multiplies how much is done.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeDeployment, fakeInvitation, fakeProject, fakeSchema } from '../support/factories.ts';
import { faultRounds } from '../support/faultRounds.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let instances: [Harness, Harness];
let ada: TestUser;

beforeAll(async () => {
  instances = [await createHarness(), await createHarness()];
  ada = await instances[0].signUp();
});
afterAll(() => Promise.all(instances.map((instance) => instance.close())));

const slow = 120_000 * faultRounds;
const errors = 'userErrors { code message ... on ConflictError { currentRevision } }';

/** Does something this often at once, in turns on both instances. */
function together<T>(count: number, work: (instance: Harness, i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => work(instances[i % 2] as Harness, i)));
}

/** 70 tables, more than a row takes: they are written beside it, before the transaction. */
const tablesOf = (mark: string): object[] =>
  Array.from({ length: 70 }, (_, i) => ({ name: `t${i}_${mark}`, fields: [{ name: `f${'x'.repeat(60)}`, type: 'uuid', required: true }] }));

describe('edits of one object at once', () => {
  const update = `mutation ($id: ID!, $revision: Int!, $tables: [SchemaTableInput!]) { schemaUpdate(id: $id, expectedRevision: $revision, input: { tables: $tables }) { schema { revision tables { name } } ${errors} } }`;
  const read = 'query ($id: ID!) { databaseSchema(id: $id) { revision tables { name } } }';

  test(
    'end in a serial result: each winner made one revision, all others were told of a conflict',
    async () => {
      const { id, projectId } = await fakeSchema(instances[0], ada);
      const rounds = 10 * faultRounds;
      const writers = 20;
      const won: { revision: number; mark: string }[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const revision = won.length + 1;
        const answers = await together(writers, async (instance, i) => {
          const mark = `${round}_${i}`;
          return { mark, ...(await instance.run(ada, update, { id, revision, tables: tablesOf(mark) })) };
        });
        expect(answers.flatMap(({ errors: top }) => top)).toEqual([]);
        const winners = answers.filter(({ data }) => data.schemaUpdate.schema !== null);
        // Without the condition on the revision: twenty winners of one revision.
        expect(winners.map(({ data }) => data.schemaUpdate.schema.revision)).toEqual([revision + 1]);
        won.push(...winners.map(({ mark }) => ({ revision: revision + 1, mark })));
        const losers = answers.filter((answer) => !winners.includes(answer)).map(({ data }) => data.schemaUpdate.userErrors);
        expect(losers).toEqual(losers.map(() => [expect.objectContaining({ code: 'CONFLICT', currentRevision: revision + 1 })]));
      }
      const last = won.at(-1);
      const expected = { revision: rounds + 1, tables: tablesOf(last?.mark ?? '').map((table) => ({ name: (table as Data).name })) };
      for (const instance of instances) expect((await instance.must(ada, read, { id })).databaseSchema).toEqual(expected);
      // Nothing is left of those who lost, and of bodies that were replaced. Without `undo`: one chunk for each loser.
      expect(await instances[0].rows('schemas', id)).toHaveLength(2);
      const { project } = await instances[0].must(
        ada,
        'query ($id: ID!) { project(id: $id) { activity(filter: { action: "updated" }) { countUpTo { value } } } }',
        { id: projectId },
      );
      expect(project.activity.countUpTo.value).toBe(rounds);
    },
    slow,
  );
});

const remove = (field: string): string => `mutation ($id: ID!) { ${field}(id: $id) { deletedId ${errors} } }`;

/** Counters of a project and its owner, and what they count, row by row. */
async function countsOf(projectId: string, owner: TestUser): Promise<{ counters: object; rows: object }> {
  const numbers = 'schemas deployments deploymentsByStatus { status count }';
  const { project, dashboard } = await instances[1].must(
    owner,
    `query ($id: ID!) {
      project(id: $id) { stats { ${numbers} } schemas(first: 100) { totalCount nodes { id } } deployments(first: 100) { nodes { id status } } }
      dashboard { stats { ${numbers} } }
    }`,
    { id: projectId },
  );
  const deployments = project.deployments.nodes.length;
  const deploymentsByStatus = deployments === 0 ? [] : [{ status: 'PENDING', count: deployments }];
  const rows = { schemas: project.schemas.nodes.length, deployments, deploymentsByStatus };
  expect(project.schemas.totalCount).toBe(rows.schemas);
  return { counters: [project.stats, dashboard.stats], rows: [rows, rows] };
}

test(
  'creations and deletions in one project at once leave exact counters',
  async () => {
    for (let round = 0; round < faultRounds; round += 1) {
      const owner = await instances[0].signUp();
      const { id: projectId } = await fakeProject(instances[0], owner);
      const made = await together(120, async (instance, i) =>
        i % 3 === 0
          ? { field: 'deploymentDelete', id: (await fakeDeployment(instance, owner, { projectId })).id as string }
          : { field: 'schemaDelete', id: (await fakeSchema(instance, owner, { projectId })).id as string },
      );
      // Each goes twice at once, on both instances, while others come.
      const [deletions] = await Promise.all([
        together(2 * made.length, (instance, i) => {
          const { field, id } = made[i >> 1] as (typeof made)[number];
          return instance.run(owner, remove(field), { id });
        }),
        together(20, (instance) => fakeSchema(instance, owner, { projectId })),
      ]);
      expect(deletions.flatMap(({ errors: top }) => top)).toEqual([]);
      await Promise.all(instances.map((instance) => instance.settled()));
      // Without one transaction for row and counter: counters that went down twice.
      const { counters, rows } = await countsOf(projectId, owner);
      expect(counters).toEqual(rows);
      expect(rows).toMatchObject([{ schemas: 20, deployments: 0 }, {}]);
    }
  },
  slow,
);

test(
  'a project that is given to two people at once has one owner, who has all of it',
  async () => {
    for (let round = 0; round < faultRounds; round += 1) {
      const [owner, ...heirs] = await Promise.all([1, 2, 3].map(() => instances[0].signUp()));
      const { id: projectId } = await fakeProject(instances[0], owner!);
      await Promise.all([1, 2, 3].map(() => fakeSchema(instances[0], owner!, { projectId })));
      for (const heir of heirs) {
        const { id } = await fakeInvitation(instances[0], owner!, { projectId, email: heir.email, role: 'ADMIN' });
        await instances[0].must(heir, `mutation ($id: ID!) { invitationAccept(id: $id) { ${errors} } }`, { id });
      }
      const transfer = `mutation ($id: ID!, $userId: ID!) { ownershipTransfer(projectId: $id, userId: $userId) { project { owner { id } } ${errors} } }`;
      const answers = await together(8, (instance, i) => instance.run(owner!, transfer, { id: projectId, userId: heirs[i >> 2]?.id }));
      expect(answers.flatMap(({ errors: top }) => top)).toEqual([]);
      // Without the condition on the owner's row: two projects with one id.
      const won = answers.filter(({ data }) => data.ownershipTransfer.project !== null);
      expect(won).toHaveLength(1);
      await Promise.all(instances.map((instance) => instance.settled()));
      const rows = (await instances[1].rows('projects', projectId)).filter(({ userId }) => !/[#~]/.test(String(userId)));
      expect(rows.map(({ userId }) => userId)).toEqual([won[0]?.data.ownershipTransfer.project.owner.id]);
      const heir = heirs.find(({ id }) => id === rows[0]?.['userId'])!;
      const { project } = await instances[1].must(heir, 'query ($id: ID!) { project(id: $id) { members { nodes { role } } } }', {
        id: projectId,
      });
      expect(project.members.nodes.map(({ role }: Data) => role).toSorted()).toEqual(['ADMIN', 'ADMIN', 'OWNER']);
      const { counters, rows: counted } = await countsOf(projectId, heir);
      expect(counters).toEqual(counted);
      expect(counted).toMatchObject([{ schemas: 3 }, {}]);
    }
  },
  slow,
);

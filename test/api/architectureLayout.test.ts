import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeArchitecture, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const layOut = `mutation ($id: ID!, $rev: Int, $dryRun: Boolean! = false) {
  architectureLayout(id: $id, direction: RIGHT, expectedRevision: $rev, dryRun: $dryRun) {
    architecture { revision nodes { id label position { x y } } edges { source target } } userErrors { __typename code }
  } }`;
const read = 'query ($id: ID!) { architecture(id: $id) { revision nodes { position { x y } } } }';

const placesOf = ({ nodes }: Data): unknown[] => nodes.map(({ position }: Data) => position);

describe('architectureLayout', () => {
  test('stores a place for every node and leaves the rest; a second time it changes nothing', async () => {
    const { id } = await fakeArchitecture(harness, ada, { projectId });
    const { architectureLayout } = await harness.must(ada, layOut, { id, rev: 1 });
    expect(architectureLayout.architecture).toMatchObject({
      revision: 2,
      nodes: [
        { id: 'api', label: 'API', position: { x: 0, y: 0 } },
        { id: 'db', label: 'Database', position: { y: 0 } },
      ],
      edges: [{ source: 'api', target: 'db' }],
    });
    const stored = (await harness.must(ada, read, { id })).architecture;
    expect(placesOf(stored)).toEqual(placesOf(architectureLayout.architecture));
    expect((await harness.must(ada, layOut, { id, rev: 2 })).architectureLayout.architecture.revision).toBe(2);
  });

  test('dryRun shows the places and keeps none; a stale revision is a conflict', async () => {
    const { id } = await fakeArchitecture(harness, ada, { projectId });
    const { architectureLayout } = await harness.must(ada, layOut, { id, dryRun: true });
    expect(placesOf(architectureLayout.architecture)).not.toContain(null);
    const { data } = await harness.run(ada, layOut, { id, rev: 7 });
    expect(data.architectureLayout.userErrors).toEqual([{ __typename: 'ConflictError', code: 'CONFLICT' }]);
    expect((await harness.must(ada, read, { id })).architecture).toEqual({ revision: 1, nodes: [{ position: null }, { position: null }] });
  });
});

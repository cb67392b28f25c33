/** Following the log of a deployment: each line once and in order, whoever writes, and across connections. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { fakeDeployment, fakeMember, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Following, type Harness, type TestUser } from '../support/harness.ts';

const document = 'subscription ($id: ID!, $after: String) { deploymentLogs(id: $id, after: $after) { message level timestamp cursor } }';

interface Line {
  message: string;
  cursor: string;
}

let harness: Harness;
let owner: TestUser;
let projectId: string;
beforeAll(async () => {
  harness = await createHarness();
  owner = await harness.signUp();
  projectId = (await fakeProject(harness, owner)).id;
});
afterAll(() => harness.close());

async function newDeployment(): Promise<string> {
  return (await fakeDeployment(harness, owner, { projectId })).id;
}

/** Appends entries: a message, or one with its time in seconds. */
async function append(id: string, ...entries: (string | [message: string, second: number])[]): Promise<Data> {
  const input = entries.map((entry) => {
    const [message, second] = typeof entry === 'string' ? [entry] : entry;
    return second === undefined ? { message } : { message, timestamp: new Date(1_767_225_600_000 + second * 1_000).toISOString() };
  });
  const data = await harness.must(
    owner,
    'mutation ($id: ID!, $entries: [DeploymentLogEntryInput!]!) { deploymentLogAppend(id: $id, entries: $entries) { appendedCount userErrors { message code } } }',
    { id, entries: input },
  );
  return data.deploymentLogAppend;
}

/** Reads events until there are `count` lines. */
async function take(following: Following, count: number): Promise<Line[]> {
  const lines: Line[] = [];
  while (lines.length < count) lines.push(...(await following.must()).deploymentLogs);
  return lines;
}

const messages = (lines: readonly Line[]): string[] => lines.map(({ message }) => message);

async function follow(id: string, after?: string): Promise<Following> {
  return harness.follow(owner, document, { id, after });
}

describe('deploymentLogs', () => {
  test('begins with what is there in the order of time, and goes on with what is appended', async () => {
    const id = await newDeployment();
    await append(id, ['second', 20], ['first', 10]);
    const following = await follow(id);
    expect(messages(await take(following, 2))).toEqual(['first', 'second']);
    await append(id, ['third', 30]);
    // Earlier than what was told already: it still comes. By the place in the log alone it would be lost.
    await append(id, ['late', 5]);
    expect(messages(await take(following, 2))).toEqual(['third', 'late']);
    await harness.must(
      owner,
      'mutation ($id: ID!) { deploymentReport(id: $id, input: { status: FAILED, message: "broken" }) { userErrors { message } } }',
      { id },
    );
    expect((await following.must()).deploymentLogs).toMatchObject([{ message: 'broken', level: 'ERROR' }]);
  });

  test('an empty log is an empty list first, so that clients know that they are listening', async () => {
    const id = await newDeployment();
    const following = await follow(id);
    expect(await following.must()).toEqual({ deploymentLogs: [] });
    await append(id, 'one');
    expect(messages(await take(following, 1))).toEqual(['one']);
  });

  test('goes on after any line: of the replay, of what came live, and of the list', async () => {
    const id = await newDeployment();
    await append(id, ['a', 1], ['b', 2]);
    await append(id, ['c', 3]);
    const lines = await take(await follow(id), 3);
    await append(id, ['late', 0], ['d', 4]);
    // What was there is replayed in the order of time; what came later follows in the order of writing.
    const after = async (cursor: string, count: number): Promise<string[]> => messages(await take(await follow(id, cursor), count));
    expect(await after(lines[0]!.cursor, 4)).toEqual(['b', 'c', 'late', 'd']);
    expect(await after(lines[2]!.cursor, 2)).toEqual(['late', 'd']);
    const live = await take(await follow(id, lines[2]!.cursor), 2);
    await append(id, ['later', 0]);
    expect(await after(live[0]!.cursor, 2)).toEqual(['d', 'later']);
    expect(await after(live[1]!.cursor, 1)).toEqual(['later']);
    const { deployment } = await harness.must(
      owner,
      'query ($id: ID!) { deployment(id: $id) { logs(first: 4) { nodes { message } pageInfo { endCursor } } } }',
      { id },
    );
    expect(deployment.logs.nodes.map(({ message }: Line) => message)).toEqual(['late', 'later', 'a', 'b']);
    expect(await after(deployment.logs.pageInfo.endCursor, 2)).toEqual(['c', 'd']);
  });

  test('every line comes once, however times are mixed and wherever the connection breaks', async () => {
    const batch = fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 4 });
    const steps = fc.array(fc.record({ batch, readTo: fc.option(fc.nat({ max: 6 })) }), { minLength: 3, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const id = await newDeployment();
        const written: string[] = [];
        const read: Line[] = [];
        for (const { batch: seconds, readTo } of plan) {
          const entries = seconds.map((second, i): [string, number] => [`${written.length + i}`, second]);
          await append(id, ...entries);
          written.push(...entries.map(([message]) => message));
          if (readTo === null) continue;
          // A connection that breaks after some lines, in the middle of an event perhaps.
          const following = await follow(id, read.at(-1)?.cursor);
          const part = await take(following, Math.min(readTo + 1, written.length - read.length));
          following.end();
          read.push(...part.slice(0, readTo + 1));
        }
        if (read.length < written.length) read.push(...(await take(await follow(id, read.at(-1)?.cursor), written.length - read.length)));
        expect(messages(read).sort()).toEqual(written.sort());
      }),
      { numRuns: 12 },
    );
  });

  test('many writers at once: nobody is refused, every line comes once, those of one call in their order', async () => {
    const id = await newDeployment();
    const following = await follow(id);
    await following.must();
    const writers = Array.from({ length: 24 }, (_, i) => append(id, `${i}.0`, `${i}.1`));
    await Promise.all(writers);
    const lines = messages(await take(following, 48));
    expect([...lines].sort()).toEqual(
      Array.from({ length: 24 }, (_, i) => [`${i}.0`, `${i}.1`])
        .flat()
        .sort(),
    );
    expect(lines.filter((line) => line.endsWith('.1')).every((line) => lines.indexOf(line.replace('.1', '.0')) < lines.indexOf(line))).toBe(
      true,
    );
  });

  test('a long log comes in parts of 100 lines', async () => {
    const id = await newDeployment();
    for (let part = 0; part < 3; part += 1)
      await append(id, ...Array.from({ length: 90 }, (_, i): [string, number] => [`${part * 90 + i}`, part]));
    const following = await follow(id);
    const sizes: number[] = [];
    const lines: Line[] = [];
    while (lines.length < 270) {
      const { deploymentLogs } = await following.must();
      sizes.push(deploymentLogs.length);
      lines.push(...deploymentLogs);
    }
    expect(sizes).toEqual([100, 100, 70]);
    expect(messages(lines)).toEqual(Array.from({ length: 270 }, (_, i) => `${i}`));
  });

  test('lines that the earlier backend kept on the row come first', async () => {
    const id = `dep-old-${projectId}`;
    const createdAt = '2024-05-01T10:00:00.000Z';
    const logs = [{ timestamp: createdAt, level: 'info', message: 'old' }];
    const row = { id, userId: owner.id, projectId, environment: 'production', status: 'deploying', provider: 'aws', logs };
    await harness.putRow('deployments', { ...row, createdAt, updatedAt: createdAt });
    await append(id, 'new');
    const lines = await take(await follow(id), 2);
    expect(messages(lines)).toEqual(['old', 'new']);
    expect(messages(await take(await follow(id, lines[0]!.cursor), 1))).toEqual(['new']);
  });

  test('goes on when the project is given to another owner', async () => {
    const { id: moving } = await fakeProject(harness, owner);
    const heir = await fakeMember(harness, { projectId: moving, role: 'developer' });
    const { id } = await fakeDeployment(harness, owner, { projectId: moving });
    await append(id, ['before', 1]);
    const following = await harness.follow(heir, document, { id });
    const [line] = await take(following, 1);
    await harness.must(
      owner,
      'mutation ($project: ID!, $user: ID!) { ownershipTransfer(projectId: $project, userId: $user) { project { id } userErrors { message } } }',
      { project: moving, user: heir.id },
    );
    await harness.settled();
    await append(id, ['after', 0]);
    expect(messages(await take(following, 1))).toEqual(['after']);
    expect(messages(await take(await harness.follow(heir, document, { id, after: line!.cursor }), 1))).toEqual(['after']);
  });

  test('cursors of others, of other logs and of filtered lists are refused', async () => {
    const [id, other] = [await newDeployment(), await newDeployment()];
    await append(id, 'one');
    const guest = await fakeMember(harness, { projectId, role: 'viewer' });
    const [line] = await take(await follow(id), 1);
    const { deployment } = await harness.must(
      owner,
      'query ($id: ID!) { deployment(id: $id) { logs(first: 1, level: INFO) { pageInfo { endCursor } } } }',
      { id },
    );
    const attempts = [
      harness.follow(guest, document, { id, after: line!.cursor }),
      follow(other, line!.cursor),
      follow(id, deployment.logs.pageInfo.endCursor),
      follow(id, 'nonsense'),
    ];
    for (const attempt of attempts) expect((await (await attempt).next())?.errors).toMatchObject([{ extensions: { code: 'BAD_CURSOR' } }]);
  });

  test('ends with the deployment', async () => {
    const id = await newDeployment();
    const following = await follow(id);
    await following.must();
    await harness.must(owner, 'mutation ($id: ID!) { deploymentDelete(id: $id) { deletedId userErrors { message } } }', { id });
    expect((await following.next())?.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await harness.settled();
    expect(await harness.rows('deployments', id)).toEqual([]);
  });
});

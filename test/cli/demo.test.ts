import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDemo } from '../../src/cli/demo/demoCommand.ts';
import { demoPassword, people } from '../../src/cli/demo/demoProject.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { loadConfig } from '../../src/config.ts';
import { admin, recordTerminal, toolConfig } from './support.ts';

let harness: Harness;
let dataDir: string;
beforeAll(async () => {
  harness = await createHarness();
  dataDir = mkdtempSync(join(tmpdir(), 'snapinfra-demo-'));
});
afterAll(async () => {
  await harness.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function demo(args: string[] = [], env?: Record<string, string>) {
  const terminal = recordTerminal();
  const config = env ? loadConfig(env) : await toolConfig();
  const code = await runDemo(args, { terminal, signal: new AbortController().signal, config });
  return { code, out: terminal.lines.join('\n'), err: terminal.errors.join('\n') };
}

async function signIn(email: string): Promise<TestUser> {
  const { signIn: answer } = await harness.must(
    null,
    'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken user { id } userErrors { message } } }',
    { input: { email, password: demoPassword } },
  );
  return { id: answer.user.id, token: answer.accessToken, email, password: demoPassword, refreshToken: '' };
}

const workspace = `{
  dashboard { stats { projects schemas architectures deployments documentation members integrations deploymentsByStatus { status count } } }
  viewer {
    settings { theme revision }
    memberships { nodes { role project { name } } }
    activity(first: 1) { countUpTo(limit: 5000) { value } }
    projects {
      nodes {
        name
        createdAt
        stats { schemas members }
        schemas { nodes { name version tableCount relationships { fromTable toTable } problems { rule severity } } }
        architectures { nodes { name nodeCount edgeCount problems { rule severity } } }
        documentation { nodes { title } }
        deployments(first: 100) { nodes { version environment status createdAt logs(first: 5) { nodes { message } } } }
        metricEvents(first: 1) { countUpTo(limit: 1000) { value } }
      }
    }
  }
}`;

async function readAll(): Promise<Data> {
  const seen: Record<string, Data> = {};
  for (const { email } of Object.values(people)) seen[email] = await harness.must(await signIn(email), workspace);
  return seen;
}

/** Every sign-in leaves an activity of its own. */
function withoutSignIns(all: Data): Data {
  return Object.fromEntries(
    Object.entries(all).map(([email, data]) => [email, { ...(data as Data), viewer: { ...(data as Data).viewer, activity: null } }]),
  );
}

test('the demo makes a workspace that people can sign in to; a second run changes nothing', async () => {
  const first = await demo();
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain('The demo workspace is ready');
  for (const { email } of Object.values(people)) expect(first.out).toContain(email);
  const before = await readAll();

  const { dashboard, viewer } = before[people.mara.email];
  expect(dashboard.stats).toMatchObject({ projects: 2, schemas: 6, architectures: 3, documentation: 7, members: 3, integrations: 1 });
  expect(viewer.memberships.nodes).toEqual([
    { role: 'VIEWER', project: { name: 'City Library' } },
    { role: 'ADMIN', project: { name: 'Clinic Appointments' } },
    { role: 'DEVELOPER', project: { name: 'Cold Chain Fleet' } },
  ]);
  const shop = viewer.projects.nodes.find(({ name }: Data) => name === 'Nordwind Outdoor Shop');
  expect(shop.schemas.nodes.map(({ version, tableCount }: Data) => [version, tableCount])).toEqual([
    [3, 7],
    [2, 6],
    [1, 5],
  ]);
  expect(shop.schemas.nodes[0].relationships.length).toBeGreaterThanOrEqual(8);
  const statuses = new Set(shop.deployments.nodes.map(({ status }: Data) => status));
  for (const status of ['SUCCESS', 'ROLLED_BACK', 'DEPLOYING']) expect(statuses).toContain(status);
  const [newest, oldest] = [shop.deployments.nodes[0], shop.deployments.nodes.at(-1)];
  expect(Date.parse(newest.createdAt) - Date.parse(oldest.createdAt)).toBeGreaterThan(120 * 24 * 3_600_000);
  expect(Date.parse(newest.createdAt)).toBeLessThanOrEqual(Date.now());
  expect(oldest.logs.nodes[0].message).toContain('nordwind-shop');
  expect(shop.metricEvents.countUpTo.value).toBe(56 * 3);

  const second = await demo();
  expect(second).toMatchObject({ code: 0, err: '' });
  expect(second.out).toContain('nothing was changed');
  expect(withoutSignIns(await readAll())).toEqual(withoutSignIns(before));

  for (const { email } of Object.values(people)) {
    expect((await admin(['recount', '--owner', email])).out).toContain('all counters were right');
  }
}, 120_000);

test('the demo is refused in production, and other arguments are', async () => {
  const secrets = { JWT_SECRET: 'k3Vd0Zq8Yw1Lm5Tn7Rb2Xc9Pf4Hg6Js0', ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
  const refused = await demo([], { NODE_ENV: 'production', DYNAMODB_ENDPOINT: 'http://127.0.0.1:1', DATA_DIR: dataDir, ...secrets });
  expect({ code: refused.code, out: refused.out }).toEqual({ code: 1, out: '' });
  expect(refused.err).toContain('The demo is not for production');
  expect(await demo(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('A second run changes nothing.') });
  expect(await demo(['now'])).toMatchObject({ code: 2, err: expect.stringContaining('See `npm run demo -- --help`.') });
});

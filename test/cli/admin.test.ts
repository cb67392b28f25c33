import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { progressBar } from '../../src/cli/terminal.ts';
import { provisionTables } from '../../src/data/provision.ts';
import { testClient } from '../support/database.ts';
import { createHarness, uniqueEmail, type Harness, type TestUser } from '../support/harness.ts';
import { admin } from './support.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

const adminQuery = '{ admin { projectsByStatus(status: DRAFT, first: 1) { nodes { id } } } }';

async function mayAdministrate(user: TestUser): Promise<boolean> {
  const { data, errors } = await harness.run(user, adminQuery);
  if (errors.length > 0) expect(errors[0]?.extensions?.['code']).toBe('FORBIDDEN');
  return Boolean(data?.admin?.projectsByStatus);
}

describe('grant and revoke', () => {
  test('make an account a platform admin and take that back, each with an activity', async () => {
    const email = uniqueEmail();
    const user = await harness.signUp({ email, username: 'Ada' });
    expect(await mayAdministrate(user)).toBe(false);

    // The address may be typed in any case.
    expect(await admin(['grant', email.toUpperCase()])).toEqual({
      code: 0,
      out: `Ada <${email}> is a platform admin now. Running servers see it within 30 seconds.`,
      err: '',
    });
    expect(await mayAdministrate(user)).toBe(true);
    expect(await admin(['grant', email])).toMatchObject({ code: 0, out: `Ada <${email}> is a platform admin already; nothing changed.` });

    expect(await admin(['revoke', email])).toMatchObject({ code: 0, out: expect.stringContaining('is no platform admin now') });
    expect(await mayAdministrate(user)).toBe(false);
    expect(await admin(['revoke', email])).toMatchObject({ code: 0, out: expect.stringContaining('is no platform admin already') });

    const data = await harness.must(user, '{ viewer { role activity(first: 2) { nodes { action actorId changedFields } } } }');
    expect(data.viewer.role).toBe('USER');
    expect(data.viewer.activity.nodes).toEqual([
      { action: 'revoked-admin', actorId: user.id, changedFields: ['role'] },
      { action: 'granted-admin', actorId: user.id, changedFields: ['role'] },
    ]);
  });

  test('find rows of the earlier backend, which have no guard of their address, through EmailIndex', async () => {
    const email = `Old.${uniqueEmail()}`;
    const row = {
      id: `user_${crypto.randomUUID()}`,
      email,
      username: 'Old',
      createdAt: '2023-01-01T00:00:00.000Z',
      updatedAt: '2023-01-01T00:00:00.000Z',
    };
    await harness.putRow('users', row);
    expect(await admin(['grant', email])).toMatchObject({ code: 0 });
    expect(await harness.rows('users', row.id)).toEqual([expect.objectContaining({ role: 'admin', email })]);
  });

  test('say when there is no such account', async () => {
    const { code, out, err } = await admin(['grant', 'nobody@example.com']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'There is no account with the e-mail address nobody@example.com. Check the spelling; the person has to sign up first.',
    );
  });
});

describe('check', () => {
  test('is content with tables of the catalogue', async () => {
    expect(await admin(['check'])).toEqual({ code: 0, out: '12 tables and 28 indexes match the catalogue.', err: '' });
  });

  test('names what is wrong, and mends nothing', async () => {
    const prefix = `check${process.pid}-${Date.now().toString(36)}-`;
    const client = testClient();
    const name = `${prefix}users`;
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'email', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'email', AttributeType: 'S' }],
      }),
    );
    const missing = await admin(['check'], prefix);
    expect(missing.code).toBe(1);
    expect(missing.out.split('\n').filter((line) => line.endsWith('is missing.'))).toHaveLength(12);

    await provisionTables({ client, prefix, streams: false });
    const { code, out } = await admin(['check'], prefix);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      `Table ${name} has the key email (S) instead of id (S).`,
      `Table ${name}: index EmailIndex is missing.`,
    ]);
    client.destroy();
  });
});

describe('the command line', () => {
  test.each([[[]], [['help']], [['--help']]])('%j prints the help', async (args) => {
    const { code, out } = await admin(args);
    expect(code).toBe(0);
    for (const command of ['grant <e-mail>', 'revoke', 'check', 'recount --all']) expect(out).toContain(command);
  });

  test.each([
    [['grnat', 'a@example.com'], 'There is no command "grnat".'],
    [['recuont'], 'Did you mean "recount"?'],
    [['grant'], 'grant needs an e-mail address.'],
    [['grant', 'a@example.com', 'b@example.com'], 'grant does not know what to do with "b@example.com".'],
    [['grant', '--force', 'a@example.com'], "Unknown option '--force'"],
    [['check', 'users'], 'check does not know what to do with "users".'],
    [['recount'], 'recount needs exactly one of'],
    [['recount', 'prj_1', '--all'], 'recount needs exactly one of'],
    [['recount', '--owner'], "'--owner <value>' argument missing"],
  ])('%j is refused with code 2 and a hint', async (args, message) => {
    const { code, out, err } = await admin(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toContain('See `npm run admin` for the commands.');
  });
});

test.each([
  [0, 4, '[························]   0 % Shop'],
  [1, 4, '[######··················]  25 % Shop'],
  [4, 4, '[########################] 100 % Shop'],
  [0, 0, '[########################] 100 % Shop'],
])('the progress bar at %d of %d', (done, total, bar) => {
  expect(progressBar(done, total, 'Shop')).toBe(bar);
});

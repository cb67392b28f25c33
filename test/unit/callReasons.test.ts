import { describe, expect, test } from '@jest/globals';
import { reasonOfKeys, reasonOfQuery, reasonOfRound, reasonOfWrites, type WrittenItem } from '../../src/data/callReasons.ts';
import type { QueryRequest, Row } from '../../src/data/connection.ts';
import { tableIds, tables, type TableId } from '../../src/data/tables.ts';

const secret = 'usr_hidden';

test.each<[QueryRequest, string]>([
  [{ table: 'projects', partition: secret, limit: 1 }, 'the project by its id'],
  [{ table: 'projects', partition: secret }, 'one project and what is kept beside it'],
  [{ table: 'projects', partition: secret, range: { beginsWith: `${secret}#stats#` } }, 'the counters of one project'],
  [{ table: 'schemas', partition: secret, range: { beginsWith: `${secret}#body#x#` } }, 'the parts of bodies of one schema'],
  [{ table: 'deployments', partition: secret, range: { from: secret, to: `${secret}#log~` } }, 'the blocks of logs of one deployment'],
  [{ table: 'teams', partition: secret }, 'the members and invitations of one project'],
  [{ table: 'deployments', index: 'ProjectIdIndex', partition: secret, descending: true }, 'the deployments of one project, newest first'],
  [{ table: 'deployments', index: 'UserIdIndex', partition: secret }, 'the deployments of one user, oldest first'],
  [
    { table: 'deployments', index: 'UserIdStatusIndex', partition: secret, range: { equals: 'failed' } },
    'the deployments of one user, those with one status',
  ],
  [{ table: 'schemas', index: 'ProjectIdIndex', partition: secret, descending: true }, 'the schemas of one project, highest version first'],
  [{ table: 'schemas', index: 'ProjectIdNameIndex', partition: secret }, 'the schemas of one project, by name'],
  [{ table: 'documentation', index: 'ProjectIdIndex', partition: secret }, 'the documentation pages of one project, in their order'],
  [{ table: 'projects', index: 'StatusIndex', partition: secret, descending: true }, 'the projects with one status, last changed first'],
  [{ table: 'activity', index: 'EntityTypeIndex', partition: secret }, 'the activity entries about one kind of object, oldest first'],
  [{ table: 'teams', index: 'UserIdIndex', partition: secret }, 'the memberships and invitations of one user, oldest first'],
  [{ table: 'users', index: 'EmailIndex', partition: secret }, 'the accounts with one e-mail address'],
])('%j: %s', (request, expected) => {
  expect(reasonOfQuery(request)).toBe(expected);
});

describe('every index of the catalogue', () => {
  const all = tableIds.flatMap((table) => Object.keys(tables[table].indexes).map((index) => ({ table, index })));

  test.each(all)('$table.$index: words, and nothing of the keys', ({ table, index }) => {
    for (const descending of [true, false]) {
      const reason = reasonOfQuery({ table, index, partition: secret, range: { from: secret }, descending } as QueryRequest);
      expect(reason).toMatch(/^the [\w ,-]+$/);
      expect(reason).not.toContain(secret);
      expect(reason).not.toContain('one partition');
    }
  });
});

test.each<[TableId, Row[], string]>([
  ['deployments', [{ id: secret, userId: secret }], 'the deployment by its key'],
  ['activity', [{ id: `session#${secret}`, createdAt: '-' }], 'the session by its key'],
  ['activity', [{ id: secret, createdAt: '2026-01-01T00:00:00.000Z' }], 'the activity entry by its key'],
  [
    'users',
    [{ id: `email#${secret}` }, { id: `email#2${secret}` }, { id: secret }],
    '2 reserved e-mail addresses, 1 account by their keys',
  ],
  [
    'projects',
    [
      { id: secret, userId: secret },
      { id: secret, userId: '~#active#staging' },
      { id: 'b', userId: secret },
    ],
    '2 projects, 1 note of the active deployment by their keys',
  ],
  ['architectures', [0, 1, 2].map((i) => ({ id: secret, userId: `${secret}#body#x#000${i}` })), '3 parts of bodies by their keys'],
  ['settings', Array.from({ length: 8 }, (_, i) => ({ userId: `stats#${secret}#${i}` })), '8 counters by their keys'],
  ['teams', [{ projectId: 'inv_1', userId: '-' }], 'the way from an id to its invitation by its key'],
  ['teams', [{ projectId: secret, userId: `invite#${secret}` }], 'the invitation by its key'],
])('keys of %s: %j: %s', (table, keys, expected) => {
  expect(reasonOfKeys(table, keys)).toBe(expected);
});

test('writes are counted by what is done to what', () => {
  const items: WrittenItem[] = [
    { kind: 'put', table: 'activity', item: { id: secret, createdAt: secret, metadata: { secret } } },
    { kind: 'put', table: 'activity', item: { id: `idempotency#${secret}#key`, createdAt: '-' } },
    { kind: 'put', table: 'deployments', item: { id: secret, userId: secret } },
    { kind: 'put', table: 'deployments', item: { id: 'b', userId: secret } },
    { kind: 'check', table: 'projects', item: { id: secret, userId: secret } },
    { kind: 'update', table: 'settings', item: { userId: `stats#${secret}#1` } },
    { kind: 'update', table: 'projects', item: { id: secret, userId: `${secret}#stats#1` } },
    { kind: 'delete', table: 'teams', item: { projectId: secret, userId: secret } },
  ];
  const reason = reasonOfWrites(items);
  expect(reason).toBe(
    'puts 1 activity entry, 1 answer under an idempotency key, 2 deployments; updates 2 counters; deletes 1 membership; checks 1 project',
  );
  expect(reason).not.toContain(secret);
});

test('a repetition says which attempt it is', () => {
  expect([0, 1, 2].map((round) => reasonOfRound('why', round))).toEqual(['why', 'why (attempt 2)', 'why (attempt 3)']);
});

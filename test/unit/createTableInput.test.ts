import { describe, expect, it } from '@jest/globals';
import { createTableInput, timeToLiveInput } from '../../src/data/createTableInput.ts';
import { tableIds } from '../../src/data/tables.ts';
import type { TableId } from '../../src/data/tables.ts';

/** The fixed physical layout, written down once more so that an edit of the catalogue cannot pass unseen. */
const layout: Record<TableId, { key: string; indexes: string[]; stream?: true; ttl?: true }> = {
  projects: { key: 'id S, userId S', indexes: ['UserIdIndex: userId S, createdAt S', 'StatusIndex: status S, updatedAt S'], stream: true },
  schemas: {
    key: 'id S, userId S',
    indexes: ['UserIdIndex: userId S, createdAt S', 'ProjectIdIndex: projectId S, version N', 'ProjectIdNameIndex: projectId S, name S'],
  },
  architectures: {
    key: 'id S, userId S',
    indexes: ['UserIdIndex: userId S, createdAt S', 'ProjectIdIndex: projectId S, updatedAt S'],
  },
  codeGenerations: {
    key: 'id S, userId S',
    indexes: ['UserIdIndex: userId S, createdAt S', 'ProjectIdIndex: projectId S, createdAt S', 'StatusIndex: status S, updatedAt S'],
    ttl: true,
  },
  deployments: {
    key: 'id S, userId S',
    indexes: [
      'UserIdIndex: userId S, createdAt S',
      'ProjectIdIndex: projectId S, createdAt S',
      'UserIdStatusIndex: userId S, status S',
      'EnvironmentIndex: environment S, createdAt S',
    ],
    stream: true,
  },
  analytics: {
    key: 'id S, timestamp S',
    indexes: [
      'UserIdTimestampIndex: userId S, timestamp S',
      'ProjectIdIndex: projectId S, timestamp S',
      'MetricIndex: metric S, timestamp S',
    ],
    ttl: true,
  },
  activity: {
    key: 'id S, createdAt S',
    indexes: [
      'UserIdIndex: userId S, createdAt S',
      'ProjectIdIndex: projectId S, createdAt S',
      'EntityTypeIndex: entityType S, createdAt S',
    ],
    ttl: true,
  },
  documentation: {
    key: 'id S, userId S',
    indexes: [
      'UserIdIndex: userId S, createdAt S',
      'ProjectIdIndex: projectId S, order N',
      'ProjectIdCategoryIndex: projectId S, category S',
    ],
  },
  teams: { key: 'projectId S, userId S', indexes: ['UserIdIndex: userId S, createdAt S'] },
  settings: { key: 'userId S', indexes: [] },
  integrations: {
    key: 'id S, userId S',
    indexes: ['UserIdIndex: userId S, createdAt S', 'ProjectIdIndex: projectId S, type S', 'TypeIndex: type S, enabled S'],
  },
  users: { key: 'id S', indexes: ['EmailIndex: email S'] },
};

type Input = ReturnType<typeof createTableInput>;

function describeKey(input: Input, key: Input['KeySchema']): string {
  const types = new Map(input.AttributeDefinitions?.map((a) => [a.AttributeName, a.AttributeType]));
  expect(key?.map((k) => k.KeyType)).toEqual(['HASH', 'RANGE'].slice(0, key?.length));
  return (key ?? []).map((k) => `${k.AttributeName ?? '?'} ${types.get(k.AttributeName) ?? '?'}`).join(', ');
}

describe('createTableInput', () => {
  it.each(tableIds)('gives %s the keys, indexes and stream of the fixed layout', (table) => {
    const expected = layout[table];
    const input = createTableInput(table, 'snapinfra-');
    expect(describeKey(input, input.KeySchema)).toBe(expected.key);
    expect((input.GlobalSecondaryIndexes ?? []).map((i) => `${i.IndexName ?? '?'}: ${describeKey(input, i.KeySchema)}`)).toEqual(
      expected.indexes,
    );
    expect(input.StreamSpecification).toEqual(expected.stream && { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' });
    expect(input.BillingMode).toBe('PAY_PER_REQUEST');
    expect(input.SSESpecification).toEqual({ Enabled: true });
  });

  it('has 12 tables and 28 indexes, each projecting all attributes', () => {
    const indexes = tableIds.flatMap((table) => createTableInput(table, '').GlobalSecondaryIndexes ?? []);
    expect(tableIds).toHaveLength(12);
    expect(indexes).toHaveLength(28);
    expect(indexes.filter((i) => i.Projection?.ProjectionType !== 'ALL')).toEqual([]);
  });

  it.each(tableIds)('defines exactly the key attributes of %s, each once', (table) => {
    const input = createTableInput(table, '');
    const used = [input, ...(input.GlobalSecondaryIndexes ?? [])].flatMap((k) => k.KeySchema?.map((e) => e.AttributeName));
    expect(input.AttributeDefinitions?.map((a) => a.AttributeName).sort()).toEqual([...new Set(used)].sort());
  });

  it('puts the prefix before the name', () => {
    expect(createTableInput('codeGenerations', 't3-').TableName).toBe('t3-code-generations');
  });

  it('leaves out what DynamoDB refuses when empty, and the streams when told', () => {
    expect(createTableInput('settings', '')).not.toHaveProperty('GlobalSecondaryIndexes');
    expect(createTableInput('teams', '')).not.toHaveProperty('StreamSpecification');
    for (const table of tableIds) expect(createTableInput(table, '', { streams: false })).not.toHaveProperty('StreamSpecification');
  });
});

describe('timeToLiveInput', () => {
  it.each(tableIds)('is there for %s exactly when its items expire', (table) => {
    expect(timeToLiveInput(table, 't-')).toEqual(
      layout[table].ttl
        ? { TableName: createTableInput(table, 't-').TableName, TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } }
        : null,
    );
  });
});

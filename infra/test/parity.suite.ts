import { beforeAll, describe, expect, test } from '@jest/globals';
import { createTableInput, timeToLiveInput } from '../../src/data/createTableInput.ts';
import { tableIds, tables, type TableId } from '../../src/data/tables.ts';
import { synthesize, withoutOrder, type StackTemplate, type TableProperties } from './support.ts';

const prefix = 'parity-';

/**
 * The properties that only the deployed tables have. Recovery and deletion protection keep production data;
 * tables of development and tests are meant to be thrown away.
 */
const onlyDeployed = ['PointInTimeRecoverySpecification', 'DeletionProtectionEnabled'];

/** Writes what the server's provisioner sends to DynamoDB in the words of CloudFormation, which differ for encryption, streams and TTL. */
function asCloudFormation(table: TableId): TableProperties {
  const { SSESpecification, StreamSpecification, ...same } = createTableInput(table, prefix);
  const timeToLive = timeToLiveInput(table, prefix);
  const translated = {
    ...same,
    ...(SSESpecification && { SSESpecification: renamed(SSESpecification, 'Enabled', 'SSEEnabled') }),
    ...(StreamSpecification?.StreamEnabled && { StreamSpecification: { StreamViewType: StreamSpecification.StreamViewType } }),
    ...(timeToLive && { TimeToLiveSpecification: timeToLive.TimeToLiveSpecification }),
  };
  return withoutOrder(translated as TableProperties);
}

function renamed(object: object, from: string, to: string): object {
  return Object.fromEntries(Object.entries(object).map(([key, value]: [string, unknown]) => [key === from ? to : key, value]));
}

describe('the tables that the server creates and the tables that the stack deploys', () => {
  let template: StackTemplate;
  beforeAll(() => {
    template = synthesize({ tablePrefix: prefix });
  });

  function deployed(table: TableId): TableProperties | undefined {
    const name = `${prefix}${tables[table].name}`;
    const properties = Object.values(template.Resources).find(({ Properties }) => Properties.TableName === name)?.Properties;
    return properties && withoutOrder(properties);
  }

  test.each(tableIds)('are the same for %s', (table) => {
    const properties = Object.entries(deployed(table) ?? {}).filter(([property]) => !onlyDeployed.includes(property));
    expect(Object.fromEntries(properties)).toEqual(asCloudFormation(table));
  });

  test.each(tableIds)('differ for %s only in what keeps production data', (table) => {
    const created = Object.keys(asCloudFormation(table));
    const extra = Object.keys(deployed(table) ?? {}).filter((property) => !created.includes(property));
    expect(extra.sort()).toEqual([...onlyDeployed].sort());
  });
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import { productionTables, type ProductionTable } from './layout.ts';
import {
  synthesize,
  testApp,
  withoutMetadata,
  withoutOrder,
  type AttributeDefinition,
  type StackTemplate,
  type TableResource,
} from './support.ts';

function attributes(key: string): AttributeDefinition[] {
  return key.split(' ').map((attribute) => {
    const [AttributeName = '', AttributeType = ''] = attribute.split(':');
    return { AttributeName, AttributeType };
  });
}

function keySchema(key: string): unknown[] {
  return attributes(key).map(({ AttributeName }, position) => ({ AttributeName, KeyType: position === 0 ? 'HASH' : 'RANGE' }));
}

/** The whole resource, so that a property too many fails as well as one too few. */
function expectedResource({ name, key, indexes, stream, ttl }: ProductionTable): TableResource {
  const definitions = [key, ...Object.values(indexes)].flatMap(attributes);
  const distinct = new Map(definitions.map((definition) => [definition.AttributeName, definition]));
  const globalSecondaryIndexes = Object.entries(indexes).map(([IndexName, indexKey]) => ({
    IndexName,
    KeySchema: keySchema(indexKey),
    Projection: { ProjectionType: 'ALL' },
  }));
  return {
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: withoutOrder({
      TableName: name,
      AttributeDefinitions: [...distinct.values()],
      KeySchema: keySchema(key),
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
      DeletionProtectionEnabled: true,
      ...(globalSecondaryIndexes.length > 0 && { GlobalSecondaryIndexes: globalSecondaryIndexes }),
      ...(stream && { StreamSpecification: { StreamViewType: stream } }),
      ...(ttl && { TimeToLiveSpecification: { AttributeName: ttl, Enabled: true } }),
    }),
  };
}

describe('the template of SnapinfraDynamoDBStack', () => {
  let template: StackTemplate;
  beforeAll(() => {
    template = synthesize();
  });

  test('has the twelve tables under the logical ids of production, and no other resource', () => {
    expect(productionTables).toHaveLength(12);
    expect(Object.keys(template.Resources).sort()).toEqual(productionTables.map(({ logicalId }) => logicalId).sort());
  });

  test.each(productionTables)('declares $name exactly as production has it, with recovery and protection', (table) => {
    const resource = template.Resources[table.logicalId];
    expect(resource && { ...withoutMetadata(resource), Properties: withoutOrder(resource.Properties) }).toEqual(expectedResource(table));
  });

  test('has the 28 indexes', () => {
    const indexes = Object.values(template.Resources).flatMap(({ Properties }) => Properties.GlobalSecondaryIndexes ?? []);
    expect(indexes).toHaveLength(28);
  });

  test.each(productionTables)('gives the name of $name as output $output', ({ output, logicalId }) => {
    expect(template.Outputs[output]?.Value).toEqual({ Ref: logicalId });
  });

  test('has no other outputs', () => {
    expect(Object.keys(template.Outputs)).toHaveLength(12);
  });

  test('names the tables with another prefix and keeps their logical ids', () => {
    const staging = synthesize({ tablePrefix: 'staging-' });
    const names = Object.entries(staging.Resources).map(([logicalId, { Properties }]) => [logicalId, Properties.TableName]);
    expect(names).toEqual(productionTables.map(({ logicalId, name }) => [logicalId, name.replace('snapinfra-', 'staging-')]));
  });
});

describe('the stack', () => {
  test('is the production stack in us-east-1, protected against termination', () => {
    const { stack } = testApp();
    expect(stack).toMatchObject({ stackName: 'SnapinfraDynamoDBStack', region: 'us-east-1', terminationProtection: true });
  });

  test('writes its template under the same file name for every prefix', () => {
    expect(testApp().stack.templateFile).toBe('SnapinfraDynamoDBStack.template.json');
    expect(testApp({ tablePrefix: 'staging-' }).stack.templateFile).toBe('SnapinfraDynamoDBStack.template.json');
  });

  test('takes the account that it is given', () => {
    expect(testApp({}, '123456789012').stack.account).toBe('123456789012');
  });
});

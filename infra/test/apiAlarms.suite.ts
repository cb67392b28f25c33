/** Every alarm: what it looks at, from when on it sounds, and whom it tells. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { productionTables } from './layout.ts';
import { apiResources, imageContext, type Resource } from './support.ts';

interface MetricData {
  readonly Expression?: string;
  readonly Period?: number;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly { Name: string; Value: string }[];
    };
    readonly Period: number;
    readonly Stat: string;
  };
}

interface AlarmProperties {
  readonly Metrics?: readonly MetricData[];
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Period?: number;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly AlarmActions: unknown;
  readonly OKActions: unknown;
}

let resources: Readonly<Record<string, Resource>>;
beforeAll(() => {
  resources = apiResources({
    ...imageContext,
    alarmEmail: 'on-call@example.com',
    tableBudgetGiB: '100',
    readUnitsPerHour: '7',
    writeUnitsPerHour: '5',
  });
});

function ofType(type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

/** Returns the alarm whose construct has this id; logical ids end in eight hexadecimal digits. */
function alarm(id: string): AlarmProperties {
  const found = ofType('AWS::CloudWatch::Alarm').filter(([logicalId]) => logicalId.slice(0, -8) === `${id}Alarm`);
  expect([id, found.length]).toEqual([id, 1]);
  return found[0]?.[1].Properties as unknown as AlarmProperties;
}

/** Returns the metrics that an alarm adds up, such as `ReadThrottleEvents/UserIdIndex`. */
function summands({ Metrics = [] }: AlarmProperties, second: string): string[] {
  return Metrics.flatMap(({ MetricStat }) => {
    if (!MetricStat) return [];
    const { Metric, Period, Stat } = MetricStat;
    const dimensions = Object.fromEntries(Metric.Dimensions.map(({ Name, Value }) => [Name, Value]));
    return [[Metric.Namespace, Metric.MetricName, dimensions['TableName'], dimensions[second] ?? '-', Period, Stat].join(' ')];
  });
}

describe.each(productionTables)('$name', ({ name, output, indexes, stream }) => {
  const id = output.replace('TableName', '');

  test('sounds at more than 5 throttled reads or writes, also of an index, in 5 minutes', () => {
    const properties = alarm(`${id}Throttles`);
    expect(properties).toMatchObject({ Threshold: 5, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' });
    const expected = ['ReadThrottleEvents', 'WriteThrottleEvents'].flatMap((metric) =>
      ['-', ...Object.keys(indexes)].map((index) => `AWS/DynamoDB ${metric} ${name} ${index} 300 Sum`),
    );
    expect(summands(properties, 'GlobalSecondaryIndexName')).toEqual(expected);
    expect(expected.length).toBeLessThanOrEqual(10);
    expect(properties.Metrics?.[0]?.Expression?.split(',')).toHaveLength(expected.length);
  });

  test('sounds at more than 10 faults of DynamoDB in 5 minutes', () => {
    const properties = alarm(`${id}SystemErrors`);
    expect(properties).toMatchObject({ Threshold: 10, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' });
    const calls = ['GetItem', 'BatchGetItem', 'Query', 'TransactWriteItems', 'BatchWriteItem', ...(stream ? ['GetRecords'] : [])];
    expect(summands(properties, 'Operation')).toEqual(calls.map((call) => `AWS/DynamoDB SystemErrors ${name} ${call} 300 Sum`));
  });

  test('sounds at more than 80 % of the budget of its size', () => {
    expect(alarm(`${id}Size`)).toMatchObject({
      ...{ Namespace: 'Snapinfra/Tables', MetricName: 'TableSizeBytes', Statistic: 'Maximum', Period: 3600 },
      ...{ Dimensions: [{ Name: 'TableName', Value: name }], Threshold: 80 * 1024 ** 3, TreatMissingData: 'ignore' },
    });
  });
});

describe('the API', () => {
  test.each([
    [
      'LoadBalancerErrors',
      { Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_ELB_5XX_Count', Statistic: 'Sum', Period: 300, Threshold: 10 },
    ],
    [
      'ServerErrors',
      { Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_Target_5XX_Count', Statistic: 'Sum', Period: 300, Threshold: 10 },
    ],
    [
      'Latency',
      { Namespace: 'AWS/ApplicationELB', MetricName: 'TargetResponseTime', ExtendedStatistic: 'p95', Threshold: 1, EvaluationPeriods: 3 },
    ],
    [
      'UnhealthyHosts',
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'UnHealthyHostCount',
        Statistic: 'Minimum',
        Period: 60,
        Threshold: 0,
        EvaluationPeriods: 5,
      },
    ],
    ['Cpu', { Namespace: 'AWS/ECS', MetricName: 'CPUUtilization', Statistic: 'Average', Threshold: 85, EvaluationPeriods: 3 }],
    ['Memory', { Namespace: 'AWS/ECS', MetricName: 'MemoryUtilization', Statistic: 'Average', Threshold: 85, EvaluationPeriods: 3 }],
    ['TableSizesFailed', { Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Sum', Period: 3600, Threshold: 0 }],
  ])('has the alarm %s', (id, properties) => {
    expect(alarm(id)).toMatchObject(properties);
  });

  test.each([
    ['Read', 7],
    ['Write', 5],
  ])('sounds when all tables consumed more %s units in an hour than planned', (kind, threshold) => {
    const { Metrics: [query] = [], ...properties } = alarm(`${kind}Cost`);
    expect(properties).toMatchObject({ Threshold: threshold, EvaluationPeriods: 1 });
    expect(query?.Period).toBe(3600);
    const [, from = '', where = ''] =
      /^SELECT SUM\(Consumed(\w+)CapacityUnits\) FROM "AWS\/DynamoDB" WHERE (.+)$/.exec(query?.Expression ?? '') ?? [];
    expect([from, where.split(' OR ')]).toEqual([kind, productionTables.map(({ name }) => `TableName = '${name}'`)]);
  });

  test('has no other alarm, and each tells the one topic when it begins and ends', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties as unknown as AlarmProperties);
    const [[topic] = []] = ofType('AWS::SNS::Topic');
    expect([alarms.length, ofType('AWS::SNS::Topic').length]).toEqual([9 + 3 * 12, 1]);
    for (const { AlarmActions, OKActions, ComparisonOperator } of alarms)
      expect([AlarmActions, OKActions, ComparisonOperator]).toEqual([[{ Ref: topic }], [{ Ref: topic }], 'GreaterThanThreshold']);
  });

  test('sends mail where an address is given', () => {
    expect(ofType('AWS::SNS::Subscription').map(([, { Properties }]) => Properties)).toMatchObject([
      { Protocol: 'email', Endpoint: 'on-call@example.com' },
    ]);
  });

  test('lets CloudWatch, and nobody else, write to the topic', () => {
    const [[, policy] = []] = ofType('AWS::SNS::TopicPolicy');
    const { Statement } = policy?.Properties['PolicyDocument'] as { Statement: { Effect: string; Principal: unknown; Action: string }[] };
    expect(Statement.filter(({ Effect }) => Effect === 'Allow')).toMatchObject([
      {
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
  });
});

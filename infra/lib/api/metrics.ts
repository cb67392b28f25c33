/** What is known of a table in CloudWatch, for alarms and the dashboard. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { tableIds, tableName, tables, type TableId } from '../../../src/data/tables.ts';
import { sizeNamespace } from './tableSizes.ts';

/** What the alarms look at. */
export const alarmPeriod = Duration.minutes(5);

/** The calls of the server; DynamoDB counts its faults for each of them. */
const operations = ['GetItem', 'BatchGetItem', 'Query', 'TransactWriteItems', 'BatchWriteItem'];

interface OfTable {
  readonly table: TableId;
  readonly prefix: string;
}

function dynamoMetric(metricName: string, dimensionsMap: Record<string, string>): Metric {
  return new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap, statistic: Stats.SUM, period: alarmPeriod });
}

/**
 * A sum over metrics of a table, of which those without data count nothing; an alarm takes at most ten. Named one by one and after
 * the table: METRICS() would be those of all tables in a graph of several.
 */
function sumOf(metrics: readonly IMetric[], table: TableId): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, i) => [`${table}${i}`, metric]));
  const expression = `SUM([${Object.keys(usingMetrics).join(', ')}])`;
  return new MathExpression({ expression, usingMetrics, label: table, period: alarmPeriod });
}

/** Returns metrics of a table and of each of its indexes, which CloudWatch keeps apart. */
function withIndexes(metricNames: readonly string[], { table, prefix }: OfTable): Metric[] {
  const TableName = tableName(table, prefix);
  const indexes = Object.keys(tables[table].indexes).map((GlobalSecondaryIndexName) => ({ TableName, GlobalSecondaryIndexName }));
  return metricNames.flatMap((name) => [{ TableName }, ...indexes].map((dimensions) => dynamoMetric(name, dimensions)));
}

/**
 * Returns how many reads and writes of a table and its indexes were throttled. Not ThrottledRequests, which counts a batch only
 * when all of it was; every throttled request is at least one of these events.
 */
export function throttles(of: OfTable): MathExpression {
  return sumOf(withIndexes(['ReadThrottleEvents', 'WriteThrottleEvents'], of), of.table);
}

/** Returns how many calls of the server DynamoDB failed by its own fault. */
export function systemErrors({ table, prefix }: OfTable): MathExpression {
  const TableName = tableName(table, prefix);
  const calls = tables[table].stream ? [...operations, 'GetRecords'] : operations;
  return sumOf(
    calls.map((Operation) => dynamoMetric('SystemErrors', { TableName, Operation })),
    table,
  );
}

/** Returns the size of a table, measured every hour. */
export function size({ table, prefix }: OfTable): Metric {
  const dimensionsMap = { TableName: tableName(table, prefix) };
  const of = { namespace: sizeNamespace, metricName: 'TableSizeBytes', dimensionsMap };
  return new Metric({ ...of, statistic: Stats.MAXIMUM, period: Duration.hours(1) });
}

/** The two kinds of units that DynamoDB bills. */
export type Units = 'Read' | 'Write';

/** Returns the units that a table and its indexes consumed. */
export function unitsOf(kind: Units, of: OfTable): MathExpression {
  return sumOf(withIndexes([`Consumed${kind}CapacityUnits`], of), of.table);
}

/**
 * Returns the units that all tables and indexes consumed in an hour: a query, because an alarm takes ten metrics and these are
 * forty. Without a schema in FROM, it takes the metrics of tables and those of indexes.
 */
export function unitsOfAll(kind: Units, prefix: string): MathExpression {
  const names = tableIds.map((table) => `TableName = '${tableName(table, prefix)}'`).join(' OR ');
  return new MathExpression({
    expression: `SELECT SUM(Consumed${kind}CapacityUnits) FROM "AWS/DynamoDB" WHERE ${names}`,
    usingMetrics: {},
    label: `${kind} units in an hour`,
    period: Duration.hours(1),
  });
}

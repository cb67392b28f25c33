/** What the server may do with the tables: the calls that it makes, on the tables and indexes of the catalogue, and nothing else. */
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tableIds, tableName, tables, type TableId } from '../../../src/data/tables.ts';

/**
 * Calls on a table by its key. TransactWriteItems is no right of its own: IAM looks at what its items do. Neither
 * scans nor the life of tables are among them: the stack of the tables makes them, and the server reads by keys.
 */
const onTables = [
  'BatchGetItem',
  'BatchWriteItem',
  'ConditionCheckItem',
  'DeleteItem',
  'DescribeTable',
  'GetItem',
  'PutItem',
  'UpdateItem',
];

const onStreams = ['DescribeStream', 'GetRecords', 'GetShardIterator'];

const actions = (names: readonly string[]): string[] => names.map((name) => `dynamodb:${name}`);

/** Returns the ARN of a table by its name, so that no export ties the stack of the tables to this one. */
export function tableArn(scope: Construct, table: TableId, prefix: string): string {
  return Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName(table, prefix) });
}

function indexArns(scope: Construct, table: TableId, prefix: string): string[] {
  return Object.keys(tables[table].indexes).map((index) => `${tableArn(scope, table, prefix)}/index/${index}`);
}

/** Returns the ARNs of the streams that the server follows; one ends in the time when it was switched on, hence the `*`. */
export function streamArns(scope: Construct, prefix: string): string[] {
  return tableIds.filter((table) => tables[table].stream).map((table) => `${tableArn(scope, table, prefix)}/stream/*`);
}

/** Returns the statements of the server's role. */
export function tableStatements(scope: Construct, prefix: string): PolicyStatement[] {
  const arns = tableIds.map((table) => tableArn(scope, table, prefix));
  const indexes = tableIds.flatMap((table) => indexArns(scope, table, prefix));
  const allow = (names: readonly string[], resources: string[]): PolicyStatement =>
    new PolicyStatement({ effect: Effect.ALLOW, actions: actions(names), resources });
  return [allow(onTables, arns), allow(['Query'], [...arns, ...indexes]), allow(onStreams, streamArns(scope, prefix))];
}

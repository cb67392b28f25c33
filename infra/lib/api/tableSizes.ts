/** A function that measures the tables every hour: DynamoDB has neither a metric of their size nor a limit. */
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunctionOf, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { join } from 'node:path';
import { tableIds, tableName } from '../../../src/data/tables.ts';
import { tableArn } from './permissions.ts';

/** The name space of its metrics; each has the dimension TableName. */
export const sizeNamespace = 'Snapinfra/Tables';

/** Adds the function, its role (which may describe the twelve tables and write its own log) and its schedule; returns the function. */
export function addTableSizes(scope: Construct, tablePrefix: string): LambdaFunctionOf {
  const logGroup = new LogGroup(scope, 'TableSizesLogs', { retention: RetentionDays.ONE_MONTH });
  const role = new Role(scope, 'TableSizesRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  role.addToPolicy(
    new PolicyStatement({ actions: ['dynamodb:DescribeTable'], resources: tableIds.map((table) => tableArn(scope, table, tablePrefix)) }),
  );
  const sizes = new LambdaFunctionOf(scope, 'TableSizes', {
    description: 'Publishes the sizes of the Snapinfra tables as metrics',
    code: Code.fromAsset(join(import.meta.dirname, 'tableSizes')),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 256,
    timeout: Duration.minutes(1),
    environment: { TABLE_NAMES: tableIds.map((table) => tableName(table, tablePrefix)).join(',') },
    logGroup,
    role,
  });
  new Rule(scope, 'TableSizesSchedule', { schedule: Schedule.rate(Duration.hours(1)), targets: [new LambdaFunction(sizes)] });
  return sizes;
}

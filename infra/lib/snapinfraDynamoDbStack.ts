/**
 * The twelve tables as they exist in production. A deploy must be an in-place update: the tables are
 * `dynamodb.Table` (TableV2 is another CloudFormation type) directly on the stack, because a construct
 * between them and the stack, or another construct id, changes their logical ids, and CloudFormation
 * then replaces them.
 */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { keyAttributeType, tableIds, tableName, tables, ttlAttribute } from '../../src/data/tables.ts';
import type { KeyDefinition, TableDefinition, TableId } from '../../src/data/tables.ts';

/** Days that one can go back to; 35 is the longest that DynamoDB offers. */
const recoveryPeriodInDays = 35;

/** Properties of the stack. */
export interface SnapinfraDynamoDBStackProps extends StackProps {
  /** Prefix of the table names, such as `snapinfra-`. */
  readonly tablePrefix: string;
}

/** The stack of the twelve tables, with one output per table: its name. */
export class SnapinfraDynamoDBStack extends Stack {
  constructor(scope: Construct, id: string, props: SnapinfraDynamoDBStackProps) {
    super(scope, id, { description: 'DynamoDB tables of Snapinfra', terminationProtection: true, ...props });
    for (const tableId of tableIds) this.addTable(tableId, props.tablePrefix);
  }

  private addTable(tableId: TableId, prefix: string): void {
    const definition: TableDefinition = tables[tableId];
    const table = new dynamodb.Table(this, `${definition.construct}Table`, tableProps(tableId, prefix));
    for (const [indexName, key] of Object.entries(definition.indexes)) {
      table.addGlobalSecondaryIndex({ indexName, ...keySchema(tableId, key), projectionType: dynamodb.ProjectionType.ALL });
    }
    new CfnOutput(this, `${definition.construct}TableName`, {
      value: table.tableName,
      description: `Name of the ${definition.name} table`,
    });
  }
}

function tableProps(tableId: TableId, prefix: string): dynamodb.TableProps {
  const definition: TableDefinition = tables[tableId];
  return {
    tableName: tableName(tableId, prefix),
    ...keySchema(tableId, definition.key),
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    encryption: dynamodb.TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays },
    removalPolicy: RemovalPolicy.RETAIN,
    deletionProtection: true,
    ...(definition.stream && { stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES }),
    ...(definition.ttl && { timeToLiveAttribute: ttlAttribute }),
  };
}

function keySchema(tableId: TableId, key: KeyDefinition): dynamodb.SchemaOptions {
  return {
    partitionKey: attribute(tableId, key.partition),
    ...(key.sort !== undefined && { sortKey: attribute(tableId, key.sort) }),
  };
}

function attribute(tableId: TableId, name: string): dynamodb.Attribute {
  const type = keyAttributeType(tableId, name) === 'N' ? dynamodb.AttributeType.NUMBER : dynamodb.AttributeType.STRING;
  return { name, type };
}

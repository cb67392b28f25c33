/** Synthesizes the app as the CDK command line does, and gives the tests a typed view of the template. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp, type SnapinfraApp } from '../lib/app.ts';

/** Attribute definition in a template. */
export interface AttributeDefinition {
  readonly AttributeName: string;
  readonly AttributeType: string;
}

/** Global secondary index in a template. */
export interface GlobalSecondaryIndex {
  readonly IndexName: string;
  readonly KeySchema: unknown;
  readonly Projection: unknown;
}

/** Properties of AWS::DynamoDB::Table, with the lists that have no order of their own typed. */
export interface TableProperties extends Readonly<Record<string, unknown>> {
  readonly TableName: string;
  readonly AttributeDefinitions: readonly AttributeDefinition[];
  readonly GlobalSecondaryIndexes?: readonly GlobalSecondaryIndex[];
}

/** A resource in a template. */
export interface TableResource extends Readonly<Record<string, unknown>> {
  readonly Type: string;
  readonly Properties: TableProperties;
}

/** The parts of a template that the tests read. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, TableResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** Returns the app with the context of cdk.json, as the command line passes it, and `context` on top. */
export function testApp(context: Record<string, unknown> = {}, account?: string): SnapinfraApp {
  const cdkJson = JSON.parse(readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  return createApp(account, { context: { ...cdkJson.context, ...context } });
}

/** Returns the template of the stack; throws if synthesis does, so also on a finding of cdk-nag. */
export function synthesize(context?: Record<string, unknown>): StackTemplate {
  return Template.fromStack(testApp(context).stack).toJSON() as unknown as StackTemplate;
}

/** Returns the resource without its metadata: the command line adds the construct path, which changes nothing in AWS. */
export function withoutMetadata(resource: TableResource): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'Metadata'));
}

/**
 * Returns the properties with attribute definitions and indexes sorted by name: their order means nothing
 * to DynamoDB. The order inside a key schema stays, because it has a meaning: partition key first.
 */
export function withoutOrder(properties: TableProperties): TableProperties {
  const { AttributeDefinitions: attributes, GlobalSecondaryIndexes: indexes } = properties;
  return {
    ...properties,
    AttributeDefinitions: attributes.toSorted((a, b) => a.AttributeName.localeCompare(b.AttributeName)),
    ...(indexes && { GlobalSecondaryIndexes: indexes.toSorted((a, b) => a.IndexName.localeCompare(b.IndexName)) }),
  };
}

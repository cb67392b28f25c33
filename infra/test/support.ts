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

/**
 * Returns the app with the context of cdk.json, as the command line passes it, and `context` on top. It has a certificate
 * and an image that is there already unless `image` is empty: taking the fingerprint of one to build reads and copies the whole source.
 */
export function testApp(context: Record<string, unknown> = {}, account?: string): SnapinfraApp {
  const cdkJson = JSON.parse(readFileSync(join(import.meta.dirname, '../cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  return createApp(account, { context: { ...cdkJson.context, ...httpsContext, ...context } });
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

/** Context of an image that is there already. */
export const imageContext = { image: 'docker.io/snapinfra/api:1.2.3' } as const;

/** Context of an API with a certificate. */
export const httpsContext = { ...imageContext, certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c' } as const;

/** Context of an API without one, in which every synthesis warns. */
export const httpContext = { ...imageContext, certificateArn: '' } as const;

/** A resource of any kind in a template. */
export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Returns the resources of the API's stack, by logical id; throws if synthesis does. */
export function apiResources(context: Record<string, unknown> = httpsContext): Readonly<Record<string, Resource>> {
  const { Resources } = Template.fromStack(testApp(context).api).toJSON() as { Resources: Record<string, Resource> };
  return Resources;
}

/** Returns a value of a template as a text, with `<AccountId>` for a reference. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    Ref,
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
  } = value as {
    Ref?: string;
    'Fn::Join'?: [string, unknown[]];
    'Fn::GetAtt'?: string[];
  };
  if (Ref !== undefined) return `<${Ref.replace('AWS::', '')}>`;
  if (attribute) return `<${attribute.join('.')}>`;
  if (join) return join[1].map(asText).join(join[0]);
  throw new Error(`no text: ${JSON.stringify(value)}`);
}

/** What may differ between two deployments of the stack, and how it is read from the CDK context. */
import type { Node } from 'constructs';

/** The construct id of the stack; CloudFormation knows the production stack by this name. */
export const stackId = 'SnapinfraDynamoDBStack';

const defaultPrefix = 'snapinfra-';
const defaultRegion = 'us-east-1';

/** Settings of one deployment. */
export interface Settings {
  /** Prefix of the twelve table names; the server's DYNAMODB_TABLE_PREFIX must be the same. */
  readonly tablePrefix: string;
  readonly region: string;
  /** CloudFormation's name of the stack. */
  readonly stackName: string;
}

/** A context value that cannot be used; its message says which one and what to write instead. */
export class ContextError extends Error {
  override readonly name = 'ContextError';
}

/**
 * Returns the settings from the context keys `tablePrefix` and `region` (`cdk … -c key=value`).
 * The region of the caller's AWS profile is not consulted: it would create twelve empty tables there.
 * Throws a ContextError if a value cannot be used.
 */
export function readSettings(node: Node): Settings {
  const tablePrefix = readTablePrefix(node);
  return { tablePrefix, region: readRegion(node), stackName: stackNameFor(stackId, tablePrefix) };
}

/**
 * Returns the prefix. It ends in a hyphen and has only characters that a stack name may have too, so that
 * `stackNameFor` gives every prefix a stack of its own; 64 characters keep within the 128 of a stack name.
 */
function readTablePrefix(node: Node): string {
  const value: unknown = node.tryGetContext('tablePrefix') ?? defaultPrefix;
  if (typeof value === 'string' && value.length <= 64 && /^[A-Za-z0-9][A-Za-z0-9-]*-$/.test(value)) return value;
  throw new ContextError(
    `The context key tablePrefix is ${JSON.stringify(value)}. ` +
      'Use letters, digits and hyphens, at most 64 characters, with a hyphen at the end, such as -c tablePrefix=staging-',
  );
}

function readRegion(node: Node): string {
  const value: unknown = node.tryGetContext('region') ?? defaultRegion;
  if (typeof value === 'string' && /^[a-z]+(-[a-z]+)+-\d+$/.test(value)) return value;
  throw new ContextError(
    `The context key region is ${JSON.stringify(value)}. Use the code of an AWS region, such as -c region=${defaultRegion}`,
  );
}

/**
 * Returns a stack's name: its construct id for the default prefix, another one for every other prefix. With the same
 * name, a deploy for `staging-` would rename the tables of production, which CloudFormation does by replacing them.
 */
export function stackNameFor(id: string, tablePrefix: string): string {
  return tablePrefix === defaultPrefix ? id : `${id}-${tablePrefix.slice(0, -1)}`;
}

import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { ContextError, readSettings, type Settings } from '../lib/settings.ts';

function settings(context: Record<string, unknown>): Settings {
  return readSettings(new App({ context }).node);
}

describe('readSettings', () => {
  test('defaults to production', () => {
    expect(settings({})).toEqual({ tablePrefix: 'snapinfra-', region: 'us-east-1', stackName: 'SnapinfraDynamoDBStack' });
  });

  test.each([
    ['staging-', 'SnapinfraDynamoDBStack-staging'],
    ['snapinfra-staging-', 'SnapinfraDynamoDBStack-snapinfra-staging'],
    ['staging--', 'SnapinfraDynamoDBStack-staging-'],
    ['7-', 'SnapinfraDynamoDBStack-7'],
    [`${'a'.repeat(63)}-`, `SnapinfraDynamoDBStack-${'a'.repeat(63)}`],
  ])('gives the prefix %s a stack of its own', (tablePrefix, stackName) => {
    expect(settings({ tablePrefix })).toMatchObject({ tablePrefix, stackName });
  });

  test.each(['eu-west-1', 'ap-southeast-2', 'us-gov-west-1', 'eusc-de-east-1'])('takes the region %s', (region) => {
    expect(settings({ region }).region).toBe(region);
  });

  test.each(['', 'staging', '-', 'my_app-', 'my app-', 'a.b-', `${'a'.repeat(64)}-`, 7, true])('refuses the prefix %p', (tablePrefix) => {
    expect(() => settings({ tablePrefix })).toThrow(ContextError);
    expect(() => settings({ tablePrefix })).toThrow(/tablePrefix is .*with a hyphen at the end/);
  });

  test.each(['', 'us-east', 'us-east-1a', 'US-EAST-1', 'aws://1/us-east-1', 1])('refuses the region %p', (region) => {
    expect(() => settings({ region })).toThrow(ContextError);
    expect(() => settings({ region })).toThrow(/region is .*-c region=us-east-1/);
  });
});

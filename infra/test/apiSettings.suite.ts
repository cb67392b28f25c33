import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiContextKeys, readApiSettings, type ApiSettings } from '../lib/api/settings.ts';
import { ContextError } from '../lib/settings.ts';

function settings(context: Record<string, unknown>): ApiSettings {
  return readApiSettings(new App({ context }).node);
}

const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:ai-key-AbCdEf';

describe('readApiSettings', () => {
  test('has a default for all that is a number, and nothing else', () => {
    expect(settings({})).toEqual({
      ...{ minTasks: 2, maxTasks: 10, taskCpu: 1024, taskMemory: 2048, requestsPerTask: 6000 },
      ...{ tableBudgetGiB: 50, readUnitsPerHour: 4_000_000, writeUnitsPerHour: 800_000 },
    });
  });

  test.each([
    [{ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/snapinfra-api:1.0.0' }],
    [{ image: `ghcr.io/snapinfra/api@sha256:${'a1'.repeat(32)}` }],
    [{ certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a' }],
    [{ vpcId: 'vpc-0a1b2c3d4e5f' }],
    [{ alarmEmail: 'on-call@example.com' }],
    [{ publicUrl: 'https://api.example.com' }],
    [{ corsOrigin: 'https://app.example.com,http://localhost:5173' }],
    [{ oidcIssuer: 'https://login.example.com/', oidcAudience: 'snapinfra' }],
    [{ aiBaseUrl: 'https://api.openai.com/v1', aiModel: 'gpt', aiKeySecretArn: secret }],
    [{ previousKeysSecretArn: secret }],
    [{ metricsTokenSecretArn: secret, otlpEndpoint: 'http://collector.internal:4318' }],
  ])('takes %p', (context) => {
    expect(settings(context)).toMatchObject(context);
  });

  test('takes numbers as the command line passes them', () => {
    expect(settings({ minTasks: '3', maxTasks: '7' })).toMatchObject({ minTasks: 3, maxTasks: 7 });
  });

  test.each([
    ['image', 'snapinfra-api'],
    ['image', 'docker.io/snapinfra/api'],
    ['certificateArn', 'arn:aws:iam::123456789012:server-certificate/a'],
    ['vpcId', 'default'],
    ['alarmEmail', 'on-call'],
    ['publicUrl', 'api.example.com'],
    ['corsOrigin', 'https://app.example.com/'],
    ['corsOrigin', '*'],
    ['aiKeySecretArn', 'ai-key'],
    ['minTasks', '0'],
    ['maxTasks', 'many'],
    ['taskCpu', 1.5],
    ['tableBudgetGiB', '-1'],
    ['readUnitsPerHour', '1e9'],
  ])('refuses %s = %p, and says what it must be', (key, value) => {
    expect(() => settings({ [key]: value })).toThrow(ContextError);
    expect(() => settings({ [key]: value })).toThrow(
      new RegExp(`^The context key ${key} is ${JSON.stringify(value).replace(/[*]/g, '.')}. It must be `),
    );
  });

  test.each([
    [{ oidcIssuer: 'https://login.example.com/' }, /oidcIssuer and oidcAudience go together/],
    [{ aiModel: 'gpt' }, /aiBaseUrl and aiModel go together/],
    [{ aiKeySecretArn: secret }, /aiKeySecretArn needs aiBaseUrl/],
    [{ minTasks: '5', maxTasks: '4' }, /maxTasks is 4\. It must not be less than minTasks, 5/],
  ])('refuses %p', (context, message) => {
    expect(() => settings(context)).toThrow(message);
  });
});

test('docs/deployment.md lists every context key, with its default where it has one', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/deployment.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\| ([^|]+?) *\|/gm)].map(([, key = '', usual = '']) => [key, usual.replaceAll(',', '')]);
  const listed = rows.filter(([key = '']) => key !== 'tablePrefix' && key !== 'region');
  const defaults: Readonly<Record<string, unknown>> = { ...settings({}) };
  expect(listed.sort()).toEqual(
    apiContextKeys()
      .map((key) => [key, key in defaults ? String(defaults[key]) : '–'])
      .sort(),
  );
});

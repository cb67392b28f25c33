/** What the server may do, written out by hand: these actions on these resources, and no other. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productionTables } from './layout.ts';
import { apiResources, asText, type Resource } from './support.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

let resources: Readonly<Record<string, Resource>>;
beforeAll(() => {
  resources = apiResources();
});

/** Returns `action resource` for all that the policies of a role allow. */
function grants(role: RegExp): string[] {
  const policies = Object.values(resources).filter(({ Type, Properties }) => {
    const roles = Properties['Roles'] as unknown[] | undefined;
    return Type === 'AWS::IAM::Policy' && roles?.some((one) => role.test(asText(one)));
  });
  const statements = policies.flatMap(({ Properties }) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
  expect(statements.map(({ Effect }) => Effect)).toEqual(statements.map(() => 'Allow'));
  return statements.flatMap(({ Action, Resource: on }) =>
    [Action].flat().flatMap((action) => [on].flat().map((resource) => `${action} ${asText(resource)}`)),
  );
}

const arn = (path: string): string => `arn:aws:dynamodb:us-east-1:<AccountId>:table/${path}`;
const names = productionTables.map(({ name }) => name);
const indexes = productionTables.flatMap(({ name, indexes: of }) => Object.keys(of).map((index) => `${name}/index/${index}`));

/** Each right of the server, and what it has it on. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:GetItem': names,
  'dynamodb:BatchGetItem': names,
  'dynamodb:Query': [...names, ...indexes],
  'dynamodb:PutItem': names,
  'dynamodb:UpdateItem': names,
  'dynamodb:DeleteItem': names,
  'dynamodb:ConditionCheckItem': names,
  'dynamodb:BatchWriteItem': names,
  'dynamodb:DescribeTable': names,
  'dynamodb:DescribeStream': ['snapinfra-projects/stream/*', 'snapinfra-deployments/stream/*'],
  'dynamodb:GetRecords': ['snapinfra-projects/stream/*', 'snapinfra-deployments/stream/*'],
  'dynamodb:GetShardIterator': ['snapinfra-projects/stream/*', 'snapinfra-deployments/stream/*'],
};

describe('the role of the server', () => {
  test.each(Object.entries(expected))('may %s on these resources only', (action, paths) => {
    const on = grants(/TaskTaskRole/).filter((grant) => grant.startsWith(`${action} `));
    expect(on.sort()).toEqual(paths.map((path) => `${action} ${arn(path)}`).sort());
  });

  test('may do nothing else', () => {
    const actions = new Set(grants(/TaskTaskRole/).map((grant) => grant.split(' ')[0]));
    expect([...actions].sort()).toEqual(Object.keys(expected).sort());
    expect(indexes).toHaveLength(28);
  });

  test('has no managed policy', () => {
    const roles = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.flatMap(({ Properties }) => Properties['ManagedPolicyArns'] ?? [])).toEqual([]);
  });
});

describe('the calls of the server', () => {
  const root = join(import.meta.dirname, '../../src');

  /** Rights that a call of the SDK needs; none for calls that the server makes on local databases only. */
  const needs: Readonly<Record<string, readonly string[]>> = {
    Get: ['GetItem'],
    BatchGet: ['BatchGetItem'],
    Query: ['Query'],
    TransactWrite: ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    BatchWrite: ['BatchWriteItem'],
    DescribeTable: ['DescribeTable'],
    DescribeStream: ['DescribeStream'],
    GetRecords: ['GetRecords'],
    GetShardIterator: ['GetShardIterator'],
    CreateTable: [],
    DescribeTimeToLive: [],
    UpdateTimeToLive: [],
  };

  test('are those that the rights are for', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).filter((source) => source.includes('@aws-sdk/'));
    const calls = sources.flatMap((source) => [...source.matchAll(/new (?:sdk\.)?(\w+)Command\(/g)].map(([, call = '']) => call));
    expect([...new Set(calls)].sort()).toEqual(Object.keys(needs).sort());
    const rights = Object.values(needs).flatMap((actions) => actions.map((action) => `dynamodb:${action}`));
    expect(rights.sort()).toEqual(Object.keys(expected).sort());
  });
});

describe('the other roles', () => {
  test('the agent that starts tasks reads the secrets of the task, and writes its log', () => {
    const withoutHashes = grants(/TaskExecutionRole/).map((grant) => grant.replace(/[A-F\d]{8}(?=[.>])/, ''));
    expect(withoutHashes.sort()).toEqual([
      'logs:CreateLogStream <Logs.Arn>',
      'logs:PutLogEvents <Logs.Arn>',
      'secretsmanager:DescribeSecret <CacheUrl>',
      'secretsmanager:DescribeSecret <EncryptionKey>',
      'secretsmanager:DescribeSecret <JwtSecret>',
      'secretsmanager:GetSecretValue <CacheUrl>',
      'secretsmanager:GetSecretValue <EncryptionKey>',
      'secretsmanager:GetSecretValue <JwtSecret>',
    ]);
  });

  test('the function of sizes describes the twelve tables, and writes its log', () => {
    expect(grants(/TableSizesRole/).sort()).toEqual([
      ...names.map((name) => `dynamodb:DescribeTable ${arn(name)}`).sort(),
      expect.stringMatching(/^logs:CreateLogStream <TableSizesLogs\w{8}\.Arn>$/),
      expect.stringMatching(/^logs:PutLogEvents <TableSizesLogs\w{8}\.Arn>$/),
    ]);
  });
});

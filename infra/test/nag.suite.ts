import { describe, expect, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { Table, AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { httpContext, testApp } from './support.ts';

/** Ids and paths of all findings that are taken as seen, below a construct. */
function acknowledged(scope: IConstruct): string[] {
  return scope.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.keys(data as Record<string, string>))
      // The CDK takes a few findings of its own as seen.
      .filter((id) => !id.startsWith('CloudFormation-Validate::'))
      .map((id) => `${node.path} ${id.replace(/^\w+::(?=AwsSolutions-)/, '')}`),
  );
}

const api = 'SnapinfraApiStack';
const stream = (table: string): string =>
  `AwsSolutions-IAM5[Resource::arn:aws:dynamodb:us-east-1:<AWS::AccountId>:table/snapinfra-${table}/stream/*]`;

describe('cdk-nag, AwsSolutions rules', () => {
  test.each([
    ['with an image that the deploy builds', { image: '' }],
    ['with an image of a registry, over HTTP', httpContext],
    ['over HTTPS', {}],
  ])('finds nothing %s', (_, context) => {
    const { app } = testApp(context);
    app.synth();
    expect(new AwsSolutionsChecks().validateScope(app)).toEqual({ success: true, violations: [] });
  });

  test('finds nothing in the tables without any rule being acknowledged away', () => {
    expect(acknowledged(testApp().stack)).toEqual([]);
  });

  test('what is acknowledged of the API is this, and nothing else', () => {
    expect(acknowledged(testApp().api).sort()).toEqual(
      [
        `${api}/LoadBalancerGroup AwsSolutions-EC23`,
        `${api}/JwtSecret AwsSolutions-SMG4`,
        `${api}/EncryptionKey AwsSolutions-SMG4`,
        `${api}/CacheToken AwsSolutions-SMG4`,
        `${api}/CacheUrl AwsSolutions-SMG4`,
        `${api}/AccessLogs AwsSolutions-S1`,
        `${api}/Task AwsSolutions-ECS2`,
        `${api}/Task/TaskRole ${stream('projects')}`,
        `${api}/Task/TaskRole ${stream('deployments')}`,
        `${api}/Task/ExecutionRole AwsSolutions-IAM5[Resource::*]`,
      ].sort(),
    );
  });

  test('another right with a * stops the synthesis', () => {
    const { app, api: stack } = testApp();
    const task = stack.node.findChild('Task') as unknown as { addToTaskRolePolicy(statement: PolicyStatement): void };
    task.addToTaskRolePolicy(new PolicyStatement({ actions: ['dynamodb:Scan'], resources: ['*'] }));
    expect(() => app.synth()).toThrow(/AwsSolutions-IAM5/);
  });

  test('something new in the stack of the API is looked at, too', () => {
    const { app, api: stack } = testApp();
    new Queue(stack, 'Queue');
    expect(() => app.synth()).toThrow(/AwsSolutions-SQS/);
  });

  test('stops the synthesis of a table without recovery', () => {
    const { app, stack } = testApp();
    new Table(stack, 'Unprotected', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    expect(() => app.synth()).toThrow(/AwsSolutions-DDB3/);
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual(['AwsSolutions-DDB3']);
  });
});

import { describe, expect, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { Table, AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import { AwsSolutionsChecks } from 'cdk-nag';
import { testApp } from './support.ts';

describe('cdk-nag, AwsSolutions rules', () => {
  test('finds nothing', () => {
    const { app } = testApp();
    app.synth();
    expect(new AwsSolutionsChecks().validateScope(app)).toEqual({ success: true, violations: [] });
  });

  test('finds nothing without any rule being acknowledged away', () => {
    const { app } = testApp();
    const acknowledged = app.node
      .findAll()
      .flatMap(({ node }) => node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY));
    expect(acknowledged).toEqual([]);
  });

  test('stops the synthesis of a table without recovery', () => {
    const { app, stack } = testApp();
    new Table(stack, 'Unprotected', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    expect(() => app.synth()).toThrow(/AwsSolutions-DDB3/);
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual(['AwsSolutions-DDB3']);
  });
});

/** The CDK app: one stack, checked by cdk-nag while it is synthesized. */
import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readSettings, stackId } from './settings.ts';
import { SnapinfraDynamoDBStack } from './snapinfraDynamoDbStack.ts';

/** The app and its only stack. */
export interface SnapinfraApp {
  readonly app: App;
  readonly stack: SnapinfraDynamoDBStack;
}

/**
 * Returns the app with its stack, not yet synthesized; synthesis fails on any finding of cdk-nag's AwsSolutions rules.
 * `account` is the AWS account id to deploy to; without it, the account of the credentials is used at deploy time.
 * Throws a ContextError if a context value cannot be used.
 */
export function createApp(account?: string, props?: AppProps): SnapinfraApp {
  const app = new App(props);
  const { tablePrefix, region, stackName } = readSettings(app.node);
  const env = { region, ...(account && { account }) };
  const stack = new SnapinfraDynamoDBStack(app, stackId, { stackName, env, tablePrefix });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack };
}

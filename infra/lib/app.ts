/** The CDK app: the stack of the tables and that of the API, checked by cdk-nag while they are synthesized. */
import { App, Validations, type AppProps } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { apiStackId, readApiSettings } from './api/settings.ts';
import { SnapinfraApiStack } from './api/snapinfraApiStack.ts';
import { readSettings, stackId, stackNameFor } from './settings.ts';
import { SnapinfraDynamoDBStack } from './snapinfraDynamoDbStack.ts';

/** The app and its stacks. */
export interface SnapinfraApp {
  readonly app: App;
  /** That of the tables. */
  readonly stack: SnapinfraDynamoDBStack;
  readonly api: SnapinfraApiStack;
}

/**
 * Returns the app with its stacks, not yet synthesized; synthesis fails on any finding of cdk-nag's AwsSolutions rules.
 * `account` is the AWS account id to deploy to; without it, the account of the credentials is used at deploy time.
 * Throws a ContextError if a context value cannot be used.
 */
export function createApp(account?: string, props?: AppProps): SnapinfraApp {
  const app = new App(props);
  const { tablePrefix, region, stackName } = readSettings(app.node);
  const settings = readApiSettings(app.node);
  const env = { region, ...(account && { account }) };
  const stack = new SnapinfraDynamoDBStack(app, stackId, { stackName, env, tablePrefix });
  const api = new SnapinfraApiStack(app, apiStackId, { stackName: stackNameFor(apiStackId, tablePrefix), env, tablePrefix, settings });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack, api };
}

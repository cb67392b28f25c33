/** Entry point of the CDK command line (`app` in cdk.json), which sets CDK_DEFAULT_ACCOUNT when it has credentials. */
import { createApp } from '../lib/app.ts';
import { ContextError } from '../lib/settings.ts';

try {
  createApp(process.env.CDK_DEFAULT_ACCOUNT).app.synth();
} catch (error) {
  if (!(error instanceof ContextError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

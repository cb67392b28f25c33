// Writes the CloudFormation templates to cdk.out, and says in one line each what it is and where. The templates come from
// `cdk synth`, so they are what `cdk deploy` sends; needs neither network nor AWS credentials.
// Run as `npm --prefix infra run synth [-- -c tablePrefix=staging- -c region=eu-west-1]`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

const folder = join(import.meta.dirname, '..');
const output = join(folder, 'cdk.out');

/** What is said of each stack, by its resources. */
const summaries = {
  SnapinfraDynamoDBStack(resources) {
    const names = resources.filter(({ Type }) => Type === 'AWS::DynamoDB::Table').map(({ Properties }) => Properties.TableName);
    return `${names.length} tables (${names[0]} … ${names.at(-1)})`;
  },
  SnapinfraApiStack(resources) {
    const count = (type) => resources.filter(({ Type }) => Type === type).length;
    return `${count('AWS::ECS::Service')} service, ${count('AWS::CloudWatch::Alarm')} alarms`;
  },
};

/** Returns the `-c key=value` arguments; anything else ends the script with the usage. */
function contextArguments() {
  try {
    const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
    return (values.context ?? []).flatMap((pair) => ['--context', pair]);
  } catch (error) {
    console.error(`${error.message}\nUsage: npm --prefix infra run synth [-- -c tablePrefix=staging- -c region=eu-west-1]`);
    process.exit(2);
  }
}

/** Prints what was synthesized, as read back from the files that were written. */
function printSummary() {
  const { artifacts } = JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'));
  for (const [stackId, summary] of Object.entries(summaries)) {
    const { environment, properties } = artifacts[stackId];
    const file = join(output, properties.templateFile);
    const resources = Object.values(JSON.parse(readFileSync(file, 'utf8')).Resources);
    const stackName = properties.stackName ?? stackId;
    // npm starts a script in the package's folder and keeps the caller's in INIT_CWD.
    const path = relative(process.env.INIT_CWD ?? process.cwd(), file);
    console.log(`${stackName}: ${summary(resources)}, ${environment.split('/').at(-1)}. Template: ${path}`);
  }
}

const cdk = spawnSync(
  process.execPath,
  [join(folder, 'node_modules', 'aws-cdk', 'bin', 'cdk'), 'synth', '--quiet', '--no-lookups', ...contextArguments()],
  // Outside EC2, asking the metadata service for credentials ends only with its timeout.
  { cwd: folder, stdio: 'inherit', env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' } },
);
if (cdk.error) throw cdk.error;
if (cdk.status === 0) printSummary();
process.exitCode = cdk.status ?? 1;

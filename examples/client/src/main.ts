/** Signs up, makes a project, follows its deployments, and shows the dashboard. Run against `npm start` of the API: `npm start [url]`. */
import { accepted, createClient, type Client } from './client.ts';
import { CreateDeployment, CreateProject, Dashboard, DeploymentUpdated, ReportDeployment, SignUp } from './operations.ts';

const url = process.argv[2] ?? 'http://localhost:5000/graphql';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Tells of each deployment of a project until the first that has succeeded. */
async function follow(client: Client, projectId: string): Promise<void> {
  for await (const { deploymentUpdated } of client.subscribe(DeploymentUpdated, { projectId })) {
    if (!deploymentUpdated) say('No deployment yet.');
    else say(`${deploymentUpdated.environment} is ${deploymentUpdated.status}`);
    if (deploymentUpdated?.status === 'SUCCESS') return;
  }
}

async function main(): Promise<void> {
  const client = createClient(url);
  try {
    const email = `example-${Date.now()}@example.com`;
    const { signUp } = await client.request(SignUp, { input: { email, password: 'correct horse battery', username: 'Example' } });
    const { accessToken } = accepted(signUp);
    if (!accessToken) throw new Error('Signing up gave no token.');
    client.authorize(accessToken);

    const { projectCreate } = await client.request(CreateProject, { input: { name: 'Web shop' }, idempotencyKey: crypto.randomUUID() });
    const projectId = accepted(projectCreate).project?.id ?? '';
    const followed = follow(client, projectId);
    const input = { projectId, environment: 'PRODUCTION', provider: 'AWS', version: '1.0.0' } as const;
    const { deploymentCreate } = await client.request(CreateDeployment, { input });
    const id = accepted(deploymentCreate).deployment?.id ?? '';
    for (const status of ['DEPLOYING', 'SUCCESS'] as const)
      accepted((await client.request(ReportDeployment, { id, input: { status } })).deploymentReport);
    await followed;

    const { dashboard } = await client.request(Dashboard);
    for (const project of dashboard?.recentProjects?.nodes ?? []) {
      say(`${project.name} (${project.viewerRole})`);
      for (const deployment of project.deployments?.nodes ?? [])
        say(`  ${deployment.environment} ${deployment.version}: ${deployment.status}`);
      for (const entry of project.activity?.nodes ?? [])
        say(`  ${entry.createdAt} ${entry.entityType} ${entry.entityName ?? ''} ${entry.action}`);
    }
  } finally {
    await client.close();
  }
}

await main();

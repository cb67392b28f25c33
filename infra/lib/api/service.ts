/** The service: tasks of the server on Fargate, how they come and go, and how many there are. */
import { Duration, Stack } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  AvailabilityZoneRebalancing,
  Capability,
  Cluster,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret as SecretOfTask,
} from 'aws-cdk-lib/aws-ecs';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts';
import { serverImage } from './image.ts';
import { serverPort, type Network } from './network.ts';
import { streamArns, tableStatements } from './permissions.ts';
import type { ServerSecrets } from './secrets.ts';
import type { ApiSettings } from './settings.ts';

/** After SIGTERM the server needs 20 s at the most; ECS kills it then. */
export const stopTimeout = Duration.seconds(30);

/** What the service is made of. */
export interface ServiceParts {
  readonly settings: ApiSettings;
  readonly tablePrefix: string;
  readonly network: Network;
  readonly secrets: ServerSecrets;
  readonly cacheUrl: ISecret;
  readonly targets: ApplicationTargetGroup;
}

/** The service with what it runs in. */
export interface Service {
  readonly cluster: Cluster;
  readonly service: FargateService;
  readonly taskDefinition: FargateTaskDefinition;
  readonly logGroup: LogGroup;
}

/** Returns the plain settings of the server; what must not be read by everybody who sees the task is a secret. */
function environment(scope: Construct, { settings, tablePrefix }: ServiceParts): Record<string, string> {
  const { publicUrl, corsOrigin, oidcIssuer, oidcAudience, aiBaseUrl, aiModel, otlpEndpoint } = settings;
  return {
    NODE_ENV: 'production',
    PORT: String(serverPort),
    AWS_REGION: Stack.of(scope).region,
    DYNAMODB_TABLE_PREFIX: tablePrefix,
    // The load balancer, and only it, is in front; tasks take connections from nobody else.
    TRUST_PROXY: '1',
    ...(publicUrl !== undefined && { PUBLIC_URL: publicUrl }),
    ...(corsOrigin !== undefined && { CORS_ORIGIN: corsOrigin }),
    ...(oidcIssuer !== undefined && oidcAudience !== undefined && { OIDC_ISSUER: oidcIssuer, OIDC_AUDIENCE: oidcAudience }),
    ...(otlpEndpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }),
    ...(aiBaseUrl !== undefined && aiModel !== undefined && { AI_BASE_URL: aiBaseUrl, AI_MODEL: aiModel }),
  };
}

function secretsOfTask(scope: Construct, { settings, secrets, cacheUrl }: ServiceParts): Record<string, SecretOfTask> {
  const given = (id: string, arn: string | undefined, name: string): Record<string, SecretOfTask> =>
    arn === undefined ? {} : { [name]: SecretOfTask.fromSecretsManager(Secret.fromSecretCompleteArn(scope, id, arn)) };
  return {
    JWT_SECRET: SecretOfTask.fromSecretsManager(secrets.jwtSecret),
    ENCRYPTION_KEY: SecretOfTask.fromSecretsManager(secrets.encryptionKey),
    REDIS_URL: SecretOfTask.fromSecretsManager(cacheUrl),
    ...given('AiKey', settings.aiKeySecretArn, 'AI_API_KEY'),
    ...given('PreviousKeys', settings.previousKeysSecretArn, 'ENCRYPTION_KEY_PREVIOUS'),
    ...given('MetricsToken', settings.metricsTokenSecretArn, 'METRICS_TOKEN'),
  };
}

/** Whether the process answers; whether it may get requests is the load balancer's question (/readyz). */
const livenessCheck = `fetch('http://127.0.0.1:${serverPort}/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;

function addContainer(scope: Construct, taskDefinition: FargateTaskDefinition, parts: ServiceParts & { logGroup: LogGroup }): void {
  const linuxParameters = new LinuxParameters(scope, 'LinuxParameters', { initProcessEnabled: false });
  linuxParameters.dropCapabilities(Capability.ALL);
  taskDefinition.addContainer('server', {
    image: serverImage(scope, parts.settings.image),
    environment: environment(scope, parts),
    secrets: secretsOfTask(scope, parts),
    logging: LogDrivers.awsLogs({ logGroup: parts.logGroup, streamPrefix: 'server' }),
    portMappings: [{ containerPort: serverPort }],
    user: '1000:1000',
    readonlyRootFilesystem: true,
    linuxParameters,
    stopTimeout,
    healthCheck: {
      command: ['CMD', 'node', '-e', livenessCheck],
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      retries: 3,
      startPeriod: Duration.seconds(30),
    },
  });
}

function addTaskDefinition(scope: Construct, parts: ServiceParts & { logGroup: LogGroup }): FargateTaskDefinition {
  const { settings, tablePrefix } = parts;
  const taskDefinition = new FargateTaskDefinition(scope, 'Task', {
    family: `${tablePrefix}api`,
    cpu: settings.taskCpu,
    memoryLimitMiB: settings.taskMemory,
    runtimePlatform: { cpuArchitecture: CpuArchitecture.X86_64, operatingSystemFamily: OperatingSystemFamily.LINUX },
  });
  addContainer(scope, taskDefinition, parts);
  for (const statement of tableStatements(scope, tablePrefix)) taskDefinition.addToTaskRolePolicy(statement);
  acknowledgeTask(scope, taskDefinition, tablePrefix);
  return taskDefinition;
}

/** Each `*` is named, so that another one is found. */
function acknowledgeTask(scope: Construct, taskDefinition: FargateTaskDefinition, tablePrefix: string): void {
  acknowledge(taskDefinition, { id: 'AwsSolutions-ECS2', reason: 'Plain settings only; secrets come from Secrets Manager.' });
  for (const arn of streamArns(scope, tablePrefix))
    acknowledgeWildcard(taskDefinition.taskRole, arn, 'The ARN of a stream ends in the time when it was switched on.');
  const noResource = 'ecr:GetAuthorizationToken, which has no resource; what it lets in is named repository by repository.';
  acknowledgeWildcard(taskDefinition.obtainExecutionRole(), '*', noResource);
}

function addScaling(service: FargateService, { settings, targets }: ServiceParts): void {
  const scaling = service.autoScaleTaskCount({ minCapacity: settings.minTasks, maxCapacity: settings.maxTasks });
  // Quickly more, slowly fewer: a task that goes takes its WebSockets with it.
  const cooldowns = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(10) };
  scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, ...cooldowns });
  scaling.scaleOnRequestCount('Requests', { requestsPerTarget: settings.requestsPerTask, targetGroup: targets, ...cooldowns });
}

/** Adds the cluster and the service. A deployment that does not become healthy is taken back by itself. */
export function addService(scope: Construct, parts: ServiceParts): Service {
  const { network, targets } = parts;
  const cluster = new Cluster(scope, 'Cluster', { vpc: network.vpc, containerInsightsV2: ContainerInsights.ENABLED });
  const logGroup = new LogGroup(scope, 'Logs', { retention: RetentionDays.ONE_MONTH });
  const taskDefinition = addTaskDefinition(scope, { ...parts, logGroup });
  const service = new FargateService(scope, 'Service', {
    cluster,
    taskDefinition,
    availabilityZoneRebalancing: AvailabilityZoneRebalancing.ENABLED,
    // No desiredCount: each deploy would set it back to that. A new version takes its place beside the old one before that goes.
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { enable: true, rollback: true },
    healthCheckGracePeriod: Duration.seconds(60),
    securityGroups: [network.serverGroup],
    vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    assignPublicIp: false,
  });
  service.attachToApplicationTargetGroup(targets);
  addScaling(service, parts);
  return { cluster, service, taskDefinition, logGroup };
}

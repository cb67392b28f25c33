/** The stack of the API: how requests come to a task, what a task is, and that the tables do not depend on it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackId } from '../lib/settings.ts';
import { SnapinfraDynamoDBStack } from '../lib/snapinfraDynamoDbStack.ts';
import { apiResources, asText, httpContext, httpsContext, synthesize, testApp, withoutMetadata, type Resource } from './support.ts';

let http: Readonly<Record<string, Resource>>;
let https: Readonly<Record<string, Resource>>;
beforeAll(() => {
  http = apiResources(httpContext);
  https = apiResources({
    ...httpsContext,
    tablePrefix: 'staging-',
    publicUrl: 'https://api.example.com',
    aiBaseUrl: 'https://ai.example.com/v1',
    aiModel: 'model',
    aiKeySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:ai-key-AbCdEf',
  });
});

function only(resources: Readonly<Record<string, Resource>>, type: string): Readonly<Record<string, unknown>> {
  const found = Object.values(resources).filter(({ Type }) => Type === type);
  expect([type, found.length]).toEqual([type, 1]);
  return found[0]?.Properties ?? {};
}

interface Container {
  readonly Environment: readonly { Name: string; Value: unknown }[];
  readonly Secrets: readonly { Name: string; ValueFrom: unknown }[];
}

function container(resources: Readonly<Record<string, Resource>>): Container {
  const [definition] = only(resources, 'AWS::ECS::TaskDefinition')['ContainerDefinitions'] as Container[];
  if (!definition) throw new Error('no container');
  return definition;
}

describe('the stack of the tables', () => {
  test('is the same beside the API as alone, and exports nothing that would hold it', () => {
    const alone = new SnapinfraDynamoDBStack(new App(), stackId, { tablePrefix: 'snapinfra-', env: { region: 'us-east-1' } });
    const expected = Template.fromStack(alone).toJSON() as ReturnType<typeof synthesize>;
    const beside = synthesize();
    const plain = ({ Resources }: typeof beside): unknown =>
      Object.entries(Resources).map(([id, resource]) => [id, withoutMetadata(resource)]);
    expect(plain(beside)).toEqual(plain(expected));
    expect(beside.Outputs).toEqual(expected.Outputs);
    expect(JSON.stringify(beside.Outputs)).not.toContain('Export');
  });

  test('is not deployed because the API is: the API knows it by names only', () => {
    expect(testApp().api.dependencies).toEqual([]);
    expect(JSON.stringify(http)).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput/);
  });
});

describe('requests', () => {
  test('without a certificate come over HTTP, and a warning says so', () => {
    expect(only(http, 'AWS::ElasticLoadBalancingV2::Listener')).toMatchObject({ Port: 80, DefaultActions: [{ Type: 'forward' }] });
    const { api } = testApp(httpContext);
    Annotations.fromStack(api).hasWarning('*', Match.stringLikeRegexp('certificateArn.*plain HTTP'));
  });

  test('with a certificate come over HTTPS, and HTTP leads there', () => {
    const listeners = Object.values(https).filter(({ Type }) => Type === 'AWS::ElasticLoadBalancingV2::Listener');
    expect(listeners.map(({ Properties }) => Properties)).toMatchObject([
      { Port: 80, DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', StatusCode: 'HTTP_301' } }] },
      { Port: 443, DefaultActions: [{ Type: 'forward' }], Certificates: [{ CertificateArn: httpsContext.certificateArn }] },
    ]);
    Annotations.fromStack(testApp(httpsContext).api).hasNoWarning('*', Match.stringLikeRegexp('plain HTTP'));
  });

  test('go to tasks that are ready, over connections that the balancer gives up before the server does', () => {
    const attributes = only(http, 'AWS::ElasticLoadBalancingV2::LoadBalancer')['LoadBalancerAttributes'] as {
      Key: string;
      Value: string;
    }[];
    const idle = attributes.find(({ Key }) => Key === 'idle_timeout.timeout_seconds')?.Value;
    const server = readFileSync(join(import.meta.dirname, '../../src/server.ts'), 'utf8');
    const keepAliveMs = Number(/keepAliveMs = ([\d_]+);/.exec(server)?.[1]?.replaceAll('_', ''));
    expect(Number(idle) * 1_000).toBeLessThan(keepAliveMs);
    // What the assistant has, and the operation besides (src/config).
    expect(Number(idle)).toBeGreaterThan(120 + 10);
    expect(only(http, 'AWS::ElasticLoadBalancingV2::TargetGroup')).toMatchObject({ HealthCheckPath: '/readyz', Port: 5000 });
  });

  test('reach a task from the load balancer only, and the cache from tasks only', () => {
    const rules = Object.values(http).filter(({ Type }) => Type === 'AWS::EC2::SecurityGroupIngress');
    const ways = rules.map(({ Properties: { GroupId, SourceSecurityGroupId, FromPort, ToPort } }) =>
      [asText(SourceSecurityGroupId), asText(GroupId), FromPort, ToPort].join(' ').replace(/[A-F\d]{8}\.GroupId/g, ''),
    );
    expect(ways.sort()).toEqual(['<LoadBalancerGroup> <ServerGroup> 5000 5000', '<ServerGroup> <CacheGroup> 6380 6380']);
  });
});

describe('a task', () => {
  test('cannot write to its file system, has no rights of the system, and may finish its requests', () => {
    expect(container(http)).toMatchObject({
      ...{ ReadonlyRootFilesystem: true, User: '1000:1000', StopTimeout: 30 },
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
    });
  });

  test('gets plain settings as variables', () => {
    const variables = Object.fromEntries(container(https).Environment.map(({ Name, Value }) => [Name, Value]));
    expect(variables).toEqual({
      ...{ NODE_ENV: 'production', PORT: '5000', AWS_REGION: 'us-east-1', DYNAMODB_TABLE_PREFIX: 'staging-', TRUST_PROXY: '1' },
      ...{ PUBLIC_URL: 'https://api.example.com', AI_BASE_URL: 'https://ai.example.com/v1', AI_MODEL: 'model' },
    });
  });

  test.each([
    ['the usual ones', () => http, ['JWT_SECRET', 'ENCRYPTION_KEY', 'REDIS_URL']],
    ['with the key of the assistant', () => https, ['JWT_SECRET', 'ENCRYPTION_KEY', 'REDIS_URL', 'AI_API_KEY']],
  ])('gets secrets from Secrets Manager: %s', (_, resources, names) => {
    expect(container(resources()).Secrets.map(({ Name }) => Name)).toEqual(names);
  });

  test('is one of two at least, by CPU and by requests, and is taken back when it does not become healthy', () => {
    expect(only(http, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({ MinCapacity: 2, MaxCapacity: 10 });
    const policies = Object.values(http).filter(({ Type }) => Type === 'AWS::ApplicationAutoScaling::ScalingPolicy');
    expect(policies.map(({ Properties }) => Properties['TargetTrackingScalingPolicyConfiguration'])).toMatchObject([
      { TargetValue: 60, PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' } },
      { TargetValue: 6000, PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' } },
    ]);
    const service = only(http, 'AWS::ECS::Service');
    expect(service['DeploymentConfiguration']).toMatchObject({
      ...{ MinimumHealthyPercent: 100, MaximumPercent: 200, DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
    });
    // A deploy would set the number back.
    expect(service['DesiredCount']).toBeUndefined();
    expect(only(http, 'AWS::ECS::Cluster')['ClusterSettings']).toEqual([{ Name: 'containerInsights', Value: 'enabled' }]);
  });
});

describe('secrets', () => {
  const secrets = (): [string, Resource][] => Object.entries(http).filter(([, { Type }]) => Type === 'AWS::SecretsManager::Secret');

  test('are encrypted with a key of the stack that rotates', () => {
    const [[keyId, key] = []] = Object.entries(http).filter(([, { Type }]) => Type === 'AWS::KMS::Key');
    expect([key?.Properties['EnableKeyRotation'], key?.DeletionPolicy]).toEqual([true, 'Retain']);
    expect(secrets()).toHaveLength(4);
    for (const [, { Properties }] of secrets()) expect(Properties['KmsKeyId']).toEqual({ 'Fn::GetAtt': [keyId, 'Arn'] });
  });

  test('ENCRYPTION_KEY is made of 64 hexadecimal digits, and stays when the stack goes', () => {
    const [, secret] = secrets().find(([id]) => id.startsWith('EncryptionKey')) ?? [];
    const { PasswordLength, ExcludeCharacters, ...flags } = secret?.Properties['GenerateSecretString'] as Record<string, unknown>;
    const possible = Array.from('abcdefghijklmnopqrstuvwxyz0123456789').filter((one) => !String(ExcludeCharacters).includes(one));
    expect([PasswordLength, possible.join(''), flags]).toEqual([
      64,
      'abcdef0123456789',
      { ExcludePunctuation: true, ExcludeUppercase: true },
    ]);
    expect(secret?.DeletionPolicy).toBe('Retain');
  });

  test('the URL of the cache holds the password as a reference, and asks for TLS', () => {
    const [, url] = secrets().find(([id]) => id.startsWith('CacheUrl')) ?? [];
    expect(asText(url?.Properties['SecretString'])).toMatch(
      /^rediss:\/\/:\{\{resolve:secretsmanager:<CacheToken\w{8}>:SecretString:::\}\}@<Cache\.PrimaryEndPoint\.Address>:6380$/,
    );
    expect(only(http, 'AWS::ElastiCache::ReplicationGroup')).toMatchObject({
      ...{ TransitEncryptionEnabled: true, AtRestEncryptionEnabled: true, MultiAZEnabled: true, NumCacheClusters: 2 },
    });
  });
});

test('the image of a private ECR may be pulled, that repository only', () => {
  const resources = apiResources({ image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api:1.0.0' });
  const text = JSON.stringify(Object.entries(resources).filter(([id]) => id.startsWith('TaskExecutionRoleDefaultPolicy')));
  expect(text).toContain('"arn:aws:ecr:eu-west-1:123456789012:repository/team/api"');
});

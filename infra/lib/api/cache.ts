/** The Redis that instances share their rate limits through, and tell each other of changes by. */
import { CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { cachePort, type Network } from './network.ts';
import { addCacheUrl, type ServerSecrets } from './secrets.ts';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/**
 * Adds two small nodes in two zones, encrypted in transit and at rest, with a password; returns the secret with their URL.
 * Not ElastiCache Serverless, which speaks the cluster protocol: the server does not. Nothing in it has to outlive it.
 */
export function addCache(scope: Construct, { vpc, cacheGroup }: Network, secrets: ServerSecrets): ISecret {
  const subnets = new CfnSubnetGroup(scope, 'CacheSubnets', {
    description: 'Subnets of the tasks',
    subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds,
  });
  const cache = new CfnReplicationGroup(scope, 'Cache', {
    replicationGroupDescription: 'Rate limits and hints of changes of the Snapinfra API',
    engine: 'valkey',
    engineVersion: '8.0',
    cacheNodeType: 'cache.t4g.micro',
    port: cachePort,
    numCacheClusters: 2,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
    authToken: secrets.cacheToken.secretValue.unsafeUnwrap(),
    cacheSubnetGroupName: subnets.ref,
    securityGroupIds: [cacheGroup.securityGroupId],
    snapshotRetentionLimit: 0,
  });
  return addCacheUrl(scope, secrets, { host: cache.attrPrimaryEndPointAddress, port: cachePort });
}

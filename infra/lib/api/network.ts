/** The network of the service: two zones, tasks without public addresses, and a free way to DynamoDB that no NAT gateway carries. */
import { Fn } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type IVpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** Port of the server in its task. */
export const serverPort = 5000;
/** Not the usual one: what scans for open caches looks there. */
export const cachePort = 6380;

/** The network, and who may talk to whom in it. */
export interface Network {
  readonly vpc: IVpc;
  readonly loadBalancerGroup: SecurityGroup;
  readonly serverGroup: SecurityGroup;
  readonly cacheGroup: SecurityGroup;
}

function addVpc(scope: Construct): Vpc {
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
    // Named without asking AWS, so that synthesis needs no credentials.
    availabilityZones: [0, 1].map((zone) => Fn.select(zone, Fn.getAzs())),
    // One in each zone: the loss of one zone must not take the way out of the other.
    natGateways: 2,
    subnetConfiguration: [
      { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: 'tasks', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
    ],
    gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB }, S3: { service: GatewayVpcEndpointAwsService.S3 } },
    // Would add a function with rights over security groups; nothing is in the default group.
    restrictDefaultSecurityGroup: false,
  });
  const logGroup = new LogGroup(scope, 'FlowLogs', { retention: RetentionDays.ONE_MONTH });
  vpc.addFlowLog('FlowLog', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
  return vpc;
}

/** Adds the network, or looks the given one up. `isEncrypted` opens the port of HTTPS besides that of HTTP, which leads there. */
export function addNetwork(scope: Construct, { vpcId, isEncrypted }: { vpcId: string | undefined; isEncrypted: boolean }): Network {
  const vpc = vpcId === undefined ? addVpc(scope) : Vpc.fromLookup(scope, 'Vpc', { vpcId });
  const group = (id: string, description: string, allowAllOutbound: boolean): SecurityGroup =>
    new SecurityGroup(scope, id, { vpc, description, allowAllOutbound });
  const loadBalancerGroup = group('LoadBalancerGroup', 'Load balancer of the Snapinfra API', false);
  // Out to providers of integrations, to the assistant, to OpenID providers: their addresses change.
  const serverGroup = group('ServerGroup', 'Tasks of the Snapinfra API', true);
  const cacheGroup = group('CacheGroup', 'Valkey of the Snapinfra API', false);
  for (const port of isEncrypted ? [80, 443] : [80]) loadBalancerGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(port), 'clients');
  acknowledge(loadBalancerGroup, { id: 'AwsSolutions-EC23', reason: 'A public API: its clients are anywhere.' });
  loadBalancerGroup.addEgressRule(serverGroup, Port.tcp(serverPort), 'tasks');
  serverGroup.addIngressRule(loadBalancerGroup, Port.tcp(serverPort), 'load balancer');
  cacheGroup.addIngressRule(serverGroup, Port.tcp(cachePort), 'tasks');
  return { vpc, loadBalancerGroup, serverGroup, cacheGroup };
}

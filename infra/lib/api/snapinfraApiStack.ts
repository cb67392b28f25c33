/**
 * The API on AWS: a service of two or more tasks behind a load balancer, with what it needs, its alarms and its dashboard.
 * It knows the tables by their names only: an export of their stack would keep that stack from changing.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addAlarms } from './alarms.ts';
import { addCache } from './cache.ts';
import { addDashboard } from './dashboard.ts';
import { addLoadBalancer, type Balancing } from './loadBalancer.ts';
import { addNetwork, type Network } from './network.ts';
import { addSecrets } from './secrets.ts';
import { addService, type Service } from './service.ts';
import type { ApiSettings } from './settings.ts';
import { addTableSizes } from './tableSizes.ts';

/** Properties of the stack. */
export interface SnapinfraApiStackProps extends StackProps {
  /** Prefix of the table names, such as `snapinfra-`. */
  readonly tablePrefix: string;
  readonly settings: ApiSettings;
}

/** The stack of the API, with what operators need to name as outputs. */
export class SnapinfraApiStack extends Stack {
  constructor(scope: Construct, id: string, { settings, tablePrefix, ...props }: SnapinfraApiStackProps) {
    super(scope, id, { description: 'API of Snapinfra', ...props });
    const { certificateArn, vpcId } = settings;
    const network = addNetwork(this, { vpcId, isEncrypted: certificateArn !== undefined });
    const secrets = addSecrets(this);
    const cacheUrl = addCache(this, network, secrets);
    const balancing = addLoadBalancer(this, network, certificateArn);
    const service = addService(this, { settings, tablePrefix, network, secrets, cacheUrl, targets: balancing.targets });
    const tableSizes = addTableSizes(this, tablePrefix);
    const watched = { settings, tablePrefix, ...balancing, ...service, tableSizes };
    const { topic, alarms } = addAlarms(this, watched);
    const dashboard = addDashboard(this, { ...watched, alarms });
    this.addOutputs({ ...balancing, ...service, network });
    this.output('AlarmTopicArn', topic.topicArn, 'Topic that all alarms go to');
    this.output('DashboardName', dashboard.dashboardName, 'CloudWatch dashboard');
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }

  private addOutputs({
    loadBalancer,
    cluster,
    service,
    taskDefinition,
    logGroup,
    network,
  }: Balancing & Service & { network: Network }): void {
    const subnets = network.vpc.privateSubnets.map(({ subnetId }) => subnetId).join(',');
    this.output('LoadBalancerDnsName', loadBalancer.loadBalancerDnsName, 'What the name of the API has to point to');
    this.output('ClusterName', cluster.clusterName, 'ECS cluster');
    this.output('ServiceName', service.serviceName, 'ECS service');
    this.output('TaskFamily', taskDefinition.family, 'Family of the task definitions, for run-task');
    this.output('LogGroupName', logGroup.logGroupName, 'Log of the server');
    this.output(
      'TaskNetwork',
      `awsvpcConfiguration={subnets=[${subnets}],securityGroups=[${network.serverGroup.securityGroupId}],assignPublicIp=DISABLED}`,
      'Network configuration for aws ecs run-task',
    );
  }
}

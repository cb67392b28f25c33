/** The load balancer: HTTPS where there is a certificate, health by /readyz, times that fit the server's own. */
import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCertificate,
  SslPolicy,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { serverPort, type Network } from './network.ts';

/** The load balancer and the targets that it sends to. */
export interface Balancing {
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly targets: ApplicationTargetGroup;
}

/**
 * Longer than the slowest answer: the assistant has 120 s (AI_TIMEOUT_MS) and the operation 10 s more. And shorter than the
 * server keeps idle connections (150 s, `keepAliveMs` in src/server.ts): the balancer has to give them up first, or it sends
 * a request into a connection that is just being closed and answers 502.
 */
export const idleTimeout = Duration.seconds(140);

/** Answers may take 10 s (OPERATION_TIMEOUT_MS) unless the assistant is asked; ECS ends the task only afterwards. */
export const deregistrationDelay = Duration.seconds(30);

function addAccessLogs(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'AccessLogs', {
    // Load balancers write to no other kind.
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [{ expiration: Duration.days(90) }],
  });
  acknowledge(bucket, { id: 'AwsSolutions-S1', reason: 'It holds access logs; logs of access to logs would go on for ever.' });
  return bucket;
}

function addTargets(scope: Construct, { vpc }: Network): ApplicationTargetGroup {
  return new ApplicationTargetGroup(scope, 'Targets', {
    vpc,
    port: serverPort,
    protocol: ApplicationProtocol.HTTP,
    targetType: TargetType.IP,
    deregistrationDelay,
    healthCheck: {
      path: '/readyz',
      healthyHttpCodes: '200',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
    },
  });
}

function addListeners(loadBalancer: ApplicationLoadBalancer, targets: ApplicationTargetGroup, certificateArn: string | undefined): void {
  const listen = (id: string, props: ConstructorParameters<typeof ApplicationListener>[2]): void => {
    new ApplicationListener(loadBalancer, id, props);
  };
  // `open` would add a rule to the security group, which has its rules already.
  const common = { loadBalancer, open: false } as const;
  const forward = ListenerAction.forward([targets]);
  if (certificateArn === undefined) {
    listen('Http', { ...common, port: 80, protocol: ApplicationProtocol.HTTP, defaultAction: forward });
    return;
  }
  const toHttps = ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true });
  listen('Http', { ...common, port: 80, protocol: ApplicationProtocol.HTTP, defaultAction: toHttps });
  listen('Https', {
    ...common,
    port: 443,
    protocol: ApplicationProtocol.HTTPS,
    certificates: [ListenerCertificate.fromArn(certificateArn)],
    sslPolicy: SslPolicy.RECOMMENDED_TLS,
    defaultAction: forward,
  });
}

/** Adds the load balancer with its listeners. Without a certificate, every synthesis warns of plain HTTP. */
export function addLoadBalancer(scope: Construct, network: Network, certificateArn: string | undefined): Balancing {
  const loadBalancer = new ApplicationLoadBalancer(scope, 'LoadBalancer', {
    vpc: network.vpc,
    internetFacing: true,
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    securityGroup: network.loadBalancerGroup,
    idleTimeout,
    dropInvalidHeaderFields: true,
  });
  loadBalancer.logAccessLogs(addAccessLogs(scope));
  const targets = addTargets(scope, network);
  addListeners(loadBalancer, targets, certificateArn);
  if (certificateArn === undefined)
    Annotations.of(scope).addWarningV2(
      'snapinfra:plainHttp',
      'Without the context key certificateArn the API speaks plain HTTP: passwords and tokens can be read on the way. For a first try only.',
    );
  return { loadBalancer, targets };
}

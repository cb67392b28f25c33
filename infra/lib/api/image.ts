/** The image of the server: one from a registry, or one that the deploy builds. */
import { IgnoreMode } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

const privateEcr = /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[\w-]+)\.amazonaws\.com(?:\.cn)?\/(?<name>[^:@]+)[:@](?<version>.+)$/;

/**
 * Returns the image. One of a private ECR brings the rights to pull it. Without a name it is built from the Dockerfile by
 * `cdk deploy`, which needs Docker; synthesis only takes the fingerprint of the files that .dockerignore lets through.
 */
export function serverImage(scope: Construct, name: string | undefined): ContainerImage {
  if (name === undefined)
    return ContainerImage.fromAsset(root, { platform: Platform.LINUX_AMD64, ignoreMode: IgnoreMode.DOCKER, assetName: 'snapinfra-api' });
  const { account, region, name: repositoryName, version } = privateEcr.exec(name)?.groups ?? {};
  if (account === undefined || region === undefined || repositoryName === undefined || version === undefined)
    return ContainerImage.fromRegistry(name);
  const repository = Repository.fromRepositoryAttributes(scope, 'Repository', {
    repositoryArn: `arn:aws:ecr:${region}:${account}:repository/${repositoryName}`,
    repositoryName,
  });
  return ContainerImage.fromEcrRepository(repository, version);
}

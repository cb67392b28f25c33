/** The secrets of the server, made by the deploy: random, encrypted with a key of this stack, and kept when the stack goes. */
import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret, type ISecret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** 64 hexadecimal digits, the form of a key of 32 bytes that ENCRYPTION_KEY takes: all other lower-case letters are left out. */
const hexadecimal: SecretStringGenerator = {
  passwordLength: 64,
  excludeUppercase: true,
  excludePunctuation: true,
  excludeCharacters: 'ghijklmnopqrstuvwxyz',
};

/** Letters and digits, which a URL and an environment variable take as they are. */
const alphanumeric: SecretStringGenerator = { passwordLength: 64, excludePunctuation: true };

/** The secrets, and the key that encrypts them. */
export interface ServerSecrets {
  readonly key: Key;
  readonly jwtSecret: Secret;
  readonly encryptionKey: Secret;
  /** Password of the Redis. */
  readonly cacheToken: Secret;
}

const noRotation = {
  id: 'AwsSolutions-SMG4',
  reason: 'A new value needs both values for a while, or everybody signs in again: changed by hand, as docs/deployment.md says.',
};

/** Adds the key and the secrets. Losing ENCRYPTION_KEY loses the stored secrets of integrations, so none of it goes with the stack. */
export function addSecrets(scope: Construct): ServerSecrets {
  const key = new Key(scope, 'SecretsKey', {
    description: 'Encrypts the secrets of the Snapinfra API, among them the key that integration secrets are encrypted with',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const add = (id: string, description: string, generateSecretString: SecretStringGenerator): Secret => {
    const secret = new Secret(scope, id, { description, encryptionKey: key, generateSecretString, removalPolicy: RemovalPolicy.RETAIN });
    acknowledge(secret, noRotation);
    return secret;
  };
  return {
    key,
    jwtSecret: add('JwtSecret', 'JWT_SECRET: signs access tokens and cursors', alphanumeric),
    encryptionKey: add('EncryptionKey', 'ENCRYPTION_KEY: encrypts secrets of integrations', hexadecimal),
    cacheToken: add('CacheToken', 'Password of the Valkey that instances share', alphanumeric),
  };
}

/** Where the Redis is. */
export interface CacheAddress {
  readonly host: string;
  readonly port: number;
}

/** Returns a secret with the URL of the Redis, password included; CloudFormation puts it together, so it is in no template. */
export function addCacheUrl(scope: Construct, { key, cacheToken }: ServerSecrets, { host, port }: CacheAddress): ISecret {
  const token = cacheToken.secretValue.unsafeUnwrap();
  const secret = new Secret(scope, 'CacheUrl', {
    description: 'REDIS_URL of the Snapinfra API',
    encryptionKey: key,
    // "Unsafe" says that the text is in the template: it is a reference, which CloudFormation follows at deploy time.
    secretStringValue: SecretValue.unsafePlainText(`rediss://:${token}@${host}:${port}`),
  });
  acknowledge(secret, { id: 'AwsSolutions-SMG4', reason: 'Made of the password above, and changes with it.' });
  return secret;
}

/** AWS: the Security Token Service tells who an access key belongs to. Source: AWS STS API reference, version 2011-06-15. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  failureOf,
  objectOf,
  ProviderFailed,
  textOf,
  type Answer,
  type Provider,
  type ProviderCall,
  type ProviderProblem,
  type ProviderRequest,
} from './provider.ts';

const name = 'AWS';

/** SHA-256 and, with a secret, HMAC-SHA-256, as the signer of the AWS SDK wants them. */
class NodeSha256 {
  private readonly hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  /** Part of the signer's contract; it makes a new one each time. */
  reset(): void {
    throw new Error('This hash is used once.');
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

const messages = {
  credentials: [
    'CREDENTIALS_REFUSED',
    'AWS refused the access key. Make a new one in IAM → Users → Security credentials, and update the integration with both parts of it.',
  ],
  region: ['PERMISSION_MISSING', 'The region is not switched on for this AWS account. Switch it on, or configure another region.'],
  role: [
    'PERMISSION_MISSING',
    'AWS accepted the access key, but it may not do this. Allow sts:AssumeRole on the role for this user, and let the role trust it.',
  ],
} as const;

const meaningOfCode: Readonly<Record<string, readonly [ProviderProblem, string]>> = {
  InvalidClientTokenId: messages.credentials,
  SignatureDoesNotMatch: messages.credentials,
  ExpiredToken: messages.credentials,
  UnrecognizedClientException: messages.credentials,
  RegionDisabledException: messages.region,
  AccessDenied: messages.role,
};

/** Codes of errors come in JSON or XML, whatever answers. */
const errorCode = /"Code"\s*:\s*"(\w{1,60})"|<Code>(\w{1,60})<\/Code>/;

function signer(config: ProviderCall['config']): NonNullable<ProviderRequest['sign']> {
  const { accessKeyId = '', secretAccessKey = '', region = '' } = config;
  const signature = new SignatureV4({ service: 'sts', region, credentials: { accessKeyId, secretAccessKey }, sha256: NodeSha256 });
  return async ({ url, headers, body }) => {
    const { protocol, hostname, pathname } = url;
    const request = { method: 'POST', protocol, hostname, path: pathname, query: {}, headers: { ...headers, host: url.host }, body };
    return (await signature.sign(request)).headers;
  };
}

async function callAction({ config, send }: ProviderCall, action: string, args: Record<string, string> = {}): Promise<Answer> {
  const { status, text } = await send({
    endpoint: 'aws',
    region: config['region'] ?? '',
    path: '/',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ Action: action, Version: '2011-06-15', ...args }).toString(),
    sign: signer(config),
  });
  if (status !== 200) {
    const [, inJson, inXml] = errorCode.exec(text) ?? [];
    const meaning = meaningOfCode[inJson ?? inXml ?? ''];
    throw meaning ? new ProviderFailed(...meaning, status) : failureOf(name, status, { 403: messages.credentials });
  }
  return resultOf(action, text);
}

function resultOf(action: string, text: string): Answer {
  try {
    const answer = objectOf(JSON.parse(text) as unknown);
    return objectOf(objectOf(answer[`${action}Response`])[`${action}Result`]);
  } catch {
    throw new ProviderFailed(
      'UNEXPECTED_ANSWER',
      'AWS answered with something else than JSON. Is something between this server and AWS?',
      200,
    );
  }
}

/** Returns who the access key belongs to and, with a role configured, whether it may take it. The role's temporary credentials are dropped. */
async function identify(call: ProviderCall): Promise<{ account: string | null; arn: string | null; assumedRole?: string | null }> {
  const identity = await callAction(call, 'GetCallerIdentity');
  const { roleArn } = call.config;
  const role = roleArn
    ? await callAction(call, 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'snapinfra', DurationSeconds: '900' })
    : null;
  const assumedRole = role && { assumedRole: textOf(objectOf(role['AssumedRoleUser'])['Arn']) };
  return { account: textOf(identity['Account']), arn: textOf(identity['Arn']), ...assumedRole };
}

/** The integration for AWS: both functions ask who the access key belongs to. */
export const aws: Provider = {
  async test(call) {
    const details = await identify(call);
    const role = details.assumedRole === undefined ? '' : ', and it can take the role';
    return { message: `AWS accepted the access key of account ${details.account ?? 'unknown'}${role}.`, details };
  },

  async sync(call) {
    return { ...(await identify(call)), region: call.config['region'] ?? null };
  },
};

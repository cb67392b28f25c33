/** What may differ between two deployments of the API, and how it is read from the CDK context. */
import type { Node } from 'constructs';
import { ContextError } from '../settings.ts';

/** The construct id of the stack. */
export const apiStackId = 'SnapinfraApiStack';

/** Settings of the API's deployment; every one but the numbers may be left out. */
export interface ApiSettings {
  /** An image in a registry. Without it, one is built from the Dockerfile in the project's root and pushed by the deploy. */
  readonly image?: string;
  /** A certificate of ACM in the region of the stack: without it, the load balancer speaks plain HTTP. */
  readonly certificateArn?: string;
  /** An existing network; its name is looked up with credentials. Without it, the stack makes one. */
  readonly vpcId?: string;
  /** Who hears of alarms; must confirm the subscription. */
  readonly alarmEmail?: string;
  readonly publicUrl?: string;
  readonly corsOrigin?: string;
  readonly oidcIssuer?: string;
  readonly oidcAudience?: string;
  readonly aiBaseUrl?: string;
  readonly aiModel?: string;
  /** A secret that holds AI_API_KEY as plain text. */
  readonly aiKeySecretArn?: string;
  /** A secret that holds ENCRYPTION_KEY_PREVIOUS, during and after a change of the key. */
  readonly previousKeysSecretArn?: string;
  /** A secret that holds METRICS_TOKEN: without one, /metrics is closed. */
  readonly metricsTokenSecretArn?: string;
  /** Where traces go. */
  readonly otlpEndpoint?: string;
  readonly minTasks: number;
  readonly maxTasks: number;
  /** vCPU units of a task, of which 1024 are one core. */
  readonly taskCpu: number;
  /** Of a task, in MiB. */
  readonly taskMemory: number;
  /** Requests in a minute that one task gets before another is started. */
  readonly requestsPerTask: number;
  /** Size of a table at which it costs more than was planned, in GiB. */
  readonly tableBudgetGiB: number;
  /** Read and write units of all tables in an hour that were planned for. */
  readonly readUnitsPerHour: number;
  readonly writeUnitsPerHour: number;
}

type TextKey = { [K in keyof ApiSettings]-?: NonNullable<ApiSettings[K]> extends string ? K : never }[keyof ApiSettings];
type NumberKey = Exclude<keyof ApiSettings, TextKey>;

const url = [/^https?:\/\/[^\s/]+(\/[^\s]*)?$/, 'a URL such as https://api.example.com'] as const;
const secretArn = [/^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}$/, 'the complete ARN of a secret'] as const;
const name = [/^\S+$/, 'a text without spaces'] as const;

/** What each text has to look like, and the words for it. */
const texts: Readonly<Record<TextKey, readonly [RegExp, string]>> = {
  image: [/^[\w.-]+(:\d+)?\/[\w./-]+(:[\w.-]+|@sha256:[a-f\d]{64})$/, 'an image with its registry and its tag or digest'],
  certificateArn: [/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, 'the ARN of a certificate in ACM'],
  vpcId: [/^vpc-[a-f\d]+$/, 'the id of a VPC such as vpc-0a1b2c3d'],
  alarmEmail: [/^[^\s@]+@[^\s@]+$/, 'an e-mail address'],
  publicUrl: url,
  corsOrigin: [/^https?:\/\/[^\s/]+(,https?:\/\/[^\s/]+)*$/, 'origins such as https://app.example.com, comma-separated and without a path'],
  oidcIssuer: url,
  oidcAudience: name,
  aiBaseUrl: url,
  aiModel: name,
  aiKeySecretArn: secretArn,
  previousKeysSecretArn: secretArn,
  metricsTokenSecretArn: secretArn,
  otlpEndpoint: url,
};

/** Default, least and greatest value. A size that Fargate does not offer is refused by the deploy. */
const numbers: Readonly<Record<NumberKey, readonly [number, number, number]>> = {
  minTasks: [2, 1, 100],
  maxTasks: [10, 1, 1000],
  taskCpu: [1024, 256, 16_384],
  taskMemory: [2048, 512, 122_880],
  requestsPerTask: [6_000, 10, 1_000_000],
  tableBudgetGiB: [50, 1, 1_000_000],
  readUnitsPerHour: [4_000_000, 1, 1e12],
  writeUnitsPerHour: [800_000, 1, 1e12],
};

/** Returns every context key of the API. */
export function apiContextKeys(): string[] {
  return [...Object.keys(texts), ...Object.keys(numbers)];
}

function readText(node: Node, key: TextKey): string | undefined {
  const value: unknown = node.tryGetContext(key);
  if (value === undefined || value === '') return undefined;
  const [pattern, expected] = texts[key];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new ContextError(`The context key ${key} is ${JSON.stringify(value)}. It must be ${expected}.`);
}

function readNumber(node: Node, key: NumberKey): number {
  const [usual, least, most] = numbers[key];
  const value: unknown = node.tryGetContext(key) ?? usual;
  // The command line passes texts, cdk.json numbers.
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most) return number;
  throw new ContextError(`The context key ${key} is ${JSON.stringify(value)}. It must be a whole number from ${least} to ${most}.`);
}

function requirePairs(settings: ApiSettings): void {
  for (const [one, other] of [
    ['oidcIssuer', 'oidcAudience'],
    ['aiBaseUrl', 'aiModel'],
  ] as const) {
    if ((settings[one] === undefined) !== (settings[other] === undefined))
      throw new ContextError(`The context keys ${one} and ${other} go together: give both or none.`);
  }
  if (settings.aiKeySecretArn !== undefined && settings.aiBaseUrl === undefined)
    throw new ContextError('The context key aiKeySecretArn needs aiBaseUrl and aiModel besides.');
  if (settings.maxTasks < settings.minTasks)
    throw new ContextError(`The context key maxTasks is ${settings.maxTasks}. It must not be less than minTasks, ${settings.minTasks}.`);
}

/** Returns the settings from the context (`cdk … -c key=value`). Throws a ContextError if a value cannot be used. */
export function readApiSettings(node: Node): ApiSettings {
  const given = (Object.keys(texts) as TextKey[]).flatMap((key) => {
    const value = readText(node, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const counts = (Object.keys(numbers) as NumberKey[]).map((key) => [key, readNumber(node, key)] as const);
  const settings = Object.fromEntries([...given, ...counts]) as unknown as ApiSettings;
  requirePairs(settings);
  return settings;
}

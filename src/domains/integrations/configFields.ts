/** What the configuration of each provider consists of: fields, which are required, which are secret, what they look like. */
import { isPublicHost } from './outbound/addresses.ts';
import type { IntegrationType } from './integration.ts';

/** One field of a configuration; all are text. */
export interface ConfigField {
  readonly required: boolean;
  /** Encrypted before it is stored, and shown masked. */
  readonly secret: boolean;
  /** Decides who receives the secrets: a change needs them again, or an admin could have a stored token sent to their own server. */
  readonly destination?: boolean;
  /** Returns what is wrong with a value, as a sentence that does not repeat it, or null. */
  readonly problem: (value: string) => string | null;
}

/** Longest value of a configuration; tokens of today have 20 to 300 characters, JSON Web Tokens more. */
const maxLength = 4_096;

function matches(pattern: RegExp, message: string): ConfigField['problem'] {
  return (value) => (pattern.test(value) ? null : message);
}

/** Header values are what secrets become: visible ASCII only. */
const token = matches(
  /^[\x21-\x7e]{4,4096}$/,
  'This is no token: it has spaces, line breaks or special characters, or fewer than 4 characters. Copy it again.',
);
const secret = (problem: ConfigField['problem'] = token): ConfigField => ({ required: true, secret: true, problem });
const open = (problem: ConfigField['problem']): ConfigField => ({ required: true, secret: false, problem });
const optional = (field: ConfigField): ConfigField => ({ ...field, required: false });

function both(first: ConfigField['problem'], second: ConfigField['problem']): ConfigField['problem'] {
  return (value) => first(value) ?? second(value);
}

/** Returns what is wrong with the address of a GitHub Enterprise Server. Names are looked up when it is called, not here. */
function baseUrlProblem(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 'https:') return 'Send an https address, such as https://github.example.com/api/v3.';
  if (url.username || url.password || url.search || url.hash) return 'Send the address without user name, password, ? and #.';
  return isPublicHost(url.hostname) ? null : 'The address is private or reserved. Only public addresses are called.';
}

function webhookProblem(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isHook = url?.origin === 'https://hooks.slack.com' && !url.username && !url.password && url.pathname.length > 1;
  return isHook ? null : 'Send the whole address of an incoming webhook: https://hooks.slack.com/services/….';
}

function publishableKeyProblem(value: string): string | null {
  return value.startsWith('pk_') ? 'This is a publishable key (pk_…). Send the secret key (sk_…) or a restricted one (rk_…).' : null;
}

/** The fields of each provider's configuration. Sources of the patterns: the providers' documents on names and identifiers. */
export const configFields: Readonly<Record<IntegrationType, Readonly<Record<string, ConfigField>>>> = {
  github: {
    token: secret(),
    owner: open(matches(/^[A-Za-z\d][\w-]{0,99}$/, 'Send the name of a user or an organization, such as octocat.')),
    repository: open(matches(/^(?!\.{1,2}$)[\w.-]{1,100}$/, 'Send the name of the repository alone, such as hello-world.')),
    baseUrl: { ...optional(open(baseUrlProblem)), destination: true },
  },
  aws: {
    accessKeyId: secret(matches(/^\w{16,128}$/, 'An access key id has 16 to 128 letters and digits, such as AKIA….')),
    secretAccessKey: secret(),
    region: open(matches(/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/, 'Send a region, such as us-east-1.')),
    roleArn: optional(
      open(
        matches(
          /^arn:aws[a-z-]{0,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
          'Send the ARN of a role, such as arn:aws:iam::123456789012:role/deploy.',
        ),
      ),
    ),
  },
  slack: {
    botToken: optional(secret()),
    webhookUrl: optional(secret(both(token, webhookProblem))),
    channel: open(matches(/^#?[^\s#@<>&]{1,80}$/u, 'Send the name or the id of a channel, such as #deployments or C0123456789.')),
  },
  vercel: {
    token: secret(),
    teamId: optional(open(matches(/^[\w-]{1,100}$/, 'Send the id of a team, such as team_….'))),
    projectId: optional(open(matches(/^[\w.-]{1,100}$/, 'Send the id or the name of a project.'))),
  },
  stripe: { secretKey: secret(both(token, publishableKeyProblem)) },
  sendgrid: {
    apiKey: secret(),
    fromEmail: open(
      matches(/^[^\s@<>",;]{1,64}@[^\s@<>",;]{1,190}\.[^\s@<>",;.]{2,63}$/u, 'Send an e-mail address, such as hello@example.com.'),
    ),
  },
};

/** Fields of which a configuration needs at least one, in words. */
export function alternativesProblem(type: IntegrationType, config: Readonly<Record<string, unknown>>): string | null {
  if (type !== 'slack' || 'botToken' in config || 'webhookUrl' in config) return null;
  return 'The configuration needs a botToken or a webhookUrl.';
}

/** Returns the field of a configuration, or null for one that the type does not have. */
export function fieldOf(type: IntegrationType | null, name: string): ConfigField | null {
  if (type === null || !Object.hasOwn(configFields[type], name)) return null;
  return configFields[type][name] ?? null;
}

/** Returns what is wrong with the value of a field, or null. */
export function valueProblem(field: ConfigField, value: string): string | null {
  if (value === '') return 'The field is empty. Send a value, or null to clear an optional field.';
  if (value.length > maxLength) return `The value has ${value.length} characters; at most ${maxLength} are allowed.`;
  return field.problem(value);
}

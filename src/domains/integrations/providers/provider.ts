/** What every provider's module has in common: how it is called, what it finds out, and how failures are told. */
import type { EndpointName } from '../endpoints.ts';
import type { OutboundAnswer, OutboundProblem } from '../outbound/outbound.ts';

/** Why a provider could not be used. */
export type ProviderProblem =
  OutboundProblem | 'CREDENTIALS_REFUSED' | 'PERMISSION_MISSING' | 'NOT_FOUND' | 'RATE_LIMITED' | 'PROVIDER_DOWN' | 'UNEXPECTED_ANSWER';

/** A provider could not be used. The message is for people, says what to do, and holds nothing that the provider or the user sent. */
export class ProviderFailed extends Error {
  override readonly name = 'ProviderFailed';

  constructor(
    readonly problem: ProviderProblem,
    message: string,
    /** HTTP status of the answer, where there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** One call to a provider. */
export interface ProviderRequest {
  endpoint: EndpointName;
  /** Path with its query; parts that come from a configuration are encoded by the caller. */
  path: string;
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Base address that the user configured, in place of the endpoint's. */
  userBase?: string | undefined;
  /** Region of AWS, where the endpoint has one. */
  region?: string;
  /** Changes the headers when the whole address is known, for signatures. */
  sign?: (request: { url: URL; headers: Record<string, string>; body: string }) => Promise<Record<string, string>>;
}

/** Sends a call within the time and the limits of a test or synchronization. Throws ProviderFailed when there is no answer. */
export type SendRequest = (request: ProviderRequest) => Promise<OutboundAnswer>;

/** What a provider's module gets: the configuration in plain text, and the way to call. */
export interface ProviderCall {
  config: Readonly<Record<string, string>>;
  send: SendRequest;
}

/** What a test found out. */
export interface Finding {
  message: string;
  details: Record<string, unknown>;
}

/** A provider. Both functions throw ProviderFailed. */
export interface Provider {
  /** Checks that the credentials work, by calls that change nothing. */
  test(call: ProviderCall): Promise<Finding>;
  /** Fetches what is useful to know; small and without secrets. */
  sync(call: ProviderCall): Promise<Record<string, unknown>>;
}

/** A JSON object of an answer; nothing is known about its members. */
export type Answer = Readonly<Record<string, unknown>>;

/** Longest text that is taken over from an answer. */
const maxText = 300;

/** Returns a text of an answer, shortened where it is very long; null for anything else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, maxText) : null;
}

/** Returns true or false of an answer, null for anything else. */
export function flagOf(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

/** Returns a finite number of an answer, null for anything else. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Returns an object of an answer, an empty one for anything else. */
export function objectOf(value: unknown): Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Answer) : {};
}

/** Returns the objects of a list of an answer, none for anything else. */
export function listOf(value: unknown): Answer[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** What a status of an answer means to a provider's user; the others mean the same everywhere. */
export type Meanings = Readonly<Partial<Record<number, readonly [ProviderProblem, string]>>>;

/** Returns the failure that a status stands for; `provider` is its name. */
export function failureOf(provider: string, status: number, meanings: Meanings = {}): ProviderFailed {
  const meaning = meanings[status];
  if (meaning) return new ProviderFailed(...meaning, status);
  if (status === 429)
    return new ProviderFailed('RATE_LIMITED', `${provider} limits how often it is called. Try again in a few minutes.`, status);
  if (status >= 500)
    return new ProviderFailed(
      'PROVIDER_DOWN',
      `${provider} has a problem of its own (status ${status}). Try again later, or see its status page.`,
      status,
    );
  return new ProviderFailed(
    'UNEXPECTED_ANSWER',
    `${provider} answered with the unexpected status ${status}. Check the configuration.`,
    status,
  );
}

/** Returns the JSON of an answer with a status below 300. Throws what its status means, or UNEXPECTED_ANSWER for something else than JSON. */
export function jsonOf(provider: string, answer: OutboundAnswer, meanings: Meanings = {}): unknown {
  if (answer.status < 200 || answer.status >= 300) throw failureOf(provider, answer.status, meanings);
  try {
    return JSON.parse(answer.text) as unknown;
  } catch {
    throw new ProviderFailed(
      'UNEXPECTED_ANSWER',
      `${provider} answered with something else than JSON. Is something between this server and ${provider}?`,
      answer.status,
    );
  }
}

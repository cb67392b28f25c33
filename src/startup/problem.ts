/** What went wrong at the start, in words that say what to do. */
import type { Config } from '../config.ts';

/** The start cannot go on; `message` is for the person who started the server. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}

/** Errors whose message is already written for the person who started the server. */
const plainNames = new Set(['StartProblem', 'ConfigInvalid', 'EmbeddedDatabaseError', 'ProvisioningRefused']);

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
]);

/** Names of the SDK's errors about who asks, and of those about what they may do (DynamoDB API reference, "Common Errors"). */
const credentialNames = new Set([
  'CredentialsProviderError',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
]);

/** The parts of Node's and the SDK's errors that tell causes apart. */
interface KnownError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly stack?: string;
}

function listenProblem(code: string | undefined, { host, port }: Config['http']): string | null {
  switch (code) {
    case 'EADDRINUSE': {
      const mac = port === 5000 && process.platform === 'darwin' ? ' (on macOS that is often AirPlay Receiver)' : '';
      return `Port ${port} on ${host} is in use by another program${mac}. Stop that, or choose another port: PORT=${port === 65_535 ? 5001 : port + 1}`;
    }
    case 'EACCES':
      return `Port ${port} needs more rights than this process has. Choose one above 1023: PORT=5000`;
    case 'EADDRNOTAVAIL':
      return `HOST=${host} is not an address of this machine. Use 127.0.0.1 (this machine only) or 0.0.0.0 (all networks).`;
    default:
      return null;
  }
}

/** Returns the error for a port that cannot be had, or the error itself when it is about something else. */
export function explainListenError(error: unknown, http: Config['http']): unknown {
  const problem = listenProblem((error as KnownError | null)?.code, http);
  return problem ? new StartProblem(problem, { cause: error }) : error;
}

/** Returns the error for a database that cannot be used, or the error itself when it is about something else. */
export function explainDatabaseError(error: unknown, where: string): unknown {
  const { name = '', message = '', code = '' } = (error ?? {}) as KnownError;
  const cause = { cause: error };
  if (plainNames.has(name)) return error;
  if (unreachableCodes.has(code) || name === 'TimeoutError') {
    return new StartProblem(
      `The database at ${where} does not answer (${code || message}). Start it, or correct DYNAMODB_ENDPOINT or AWS_REGION.`,
      cause,
    );
  }
  if (credentialNames.has(name))
    return new StartProblem(`AWS does not accept the credentials of this process, or there are none (${name}).`, cause);
  if (name === 'AccessDeniedException')
    return new StartProblem(`The AWS credentials of this process may not read the tables at ${where} (AccessDeniedException).`, cause);
  return error;
}

/** Returns what to print on standard error: one line for what a person can mend, the stack for what only a programmer can. */
export function startProblemText(error: unknown): string {
  const { name = '', message = '', stack } = (error ?? {}) as KnownError;
  return plainNames.has(name) ? message : `The server could not start: ${stack ?? String(error)}`;
}

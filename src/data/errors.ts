/** Errors of the data layer, and how the SDK's errors are told apart. What users see of them is decided in `src/errors.ts`. */
import type { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/** DynamoDB could not take the work for now: throttling, or a retry budget that ran out. Trying again later is right. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';
}

/** A transaction was refused as a whole because conditions did not hold; nothing was written. */
export class TransactionRejected extends Error {
  override readonly name = 'TransactionRejected';

  /** `reasons[i]` is DynamoDB's code for write `i`: `None`, `ConditionalCheckFailed`, `TransactionConflict`, … */
  constructor(
    readonly reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`transaction refused: ${reasons.join(', ')}`, options);
  }

  /** Returns the rejection that an SDK error stands for, or null when it is another error: also for writes that DynamoDB finds invalid. */
  static from(error: unknown): TransactionRejected | null {
    if (nameOf(error) !== 'TransactionCanceledException') return null;
    const reasons = ((error as TransactionCanceledException).CancellationReasons ?? []).map((reason) => reason.Code ?? 'None');
    const rejected = new TransactionRejected(reasons, { cause: error });
    return rejected.isConflictOnly || reasons.includes('ConditionalCheckFailed') ? rejected : null;
  }

  /** True when only concurrent transactions or throttling stood in the way; then the same transaction may be tried again. */
  get isConflictOnly(): boolean {
    const failed = this.reasons.filter((reason) => reason !== 'None');
    return failed.length > 0 && failed.every((reason) => retryableReasons.has(reason));
  }

  /** True when the condition of write `index` did not hold. */
  failedAt(index: number): boolean {
    return this.reasons[index] === 'ConditionalCheckFailed';
  }
}

const retryableReasons = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const throttlingNames = new Set([
  'DatabaseBusy',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
  'TransactionConflictException',
  'LimitExceededException',
]);

/**
 * What the errors of Node, of the SDK and of HTTP clients have in common. They are told apart by these members, never by
 * their class: errors that Node itself makes may come from another realm, where `instanceof Error` is false.
 */
interface ErrorMembers {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

function membersOf(error: unknown): ErrorMembers {
  return typeof error === 'object' && error !== null ? error : {};
}

function nameOf(error: unknown): string {
  const { name } = membersOf(error);
  return typeof name === 'string' ? name : '';
}

/** True when DynamoDB asked for less load. */
export function isThrottling(error: unknown): boolean {
  return throttlingNames.has(nameOf(error));
}

/** True when a call ran out of time or was cancelled. */
export function isTimeout(error: unknown): boolean {
  return ['TimeoutError', 'AbortError'].includes(nameOf(error));
}

/** True when no answer came, or none that tells: nobody knows whether a write was done, or still will be. */
export function isUnanswered(error: unknown): boolean {
  return isTimeout(error) || isUnavailable(error);
}

/** Codes of Node's sockets and name service, and of undici, for a server that can not be reached or went away. */
const unreachableCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
]);

/** True when DynamoDB could not be reached or failed by itself; the SDK has tried three times by then. */
export function isUnavailable(error: unknown): boolean {
  const { code, $metadata } = membersOf(error);
  const status = $metadata?.httpStatusCode;
  return (typeof code === 'string' && unreachableCodes.has(code)) || (typeof status === 'number' && status >= 500);
}

/**
 * Every error that a client can meet, and the one mapping to what it sees: expected ones become `userErrors` of a
 * payload, the others a top-level error with a code. Nothing of a stack, a table name or AWS text passes through here.
 */
import { isThrottling, isTimeout, isUnavailable } from './data/errors.ts';
import { BadCursor } from './data/cursor.ts';

/** Codes of `userErrors`. */
export type UserErrorCode =
  | 'VALIDATION'
  | 'CONFLICT'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'INVALID_TRANSITION'
  | 'ALREADY_EXISTS'
  | 'QUOTA_EXCEEDED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_TOKEN'
  | 'SYNTAX_ERROR'
  | 'TOO_LARGE'
  | 'PROVIDER_FAILED'
  | 'UNSUPPORTED'
  | 'AI_NOT_CONFIGURED'
  | 'AI_MISCONFIGURED'
  | 'AI_UNAVAILABLE'
  | 'AI_RATE_LIMITED'
  | 'AI_TIMEOUT'
  | 'AI_REFUSED'
  | 'AI_CONTEXT_TOO_LONG'
  | 'AI_ANSWER_TOO_LARGE'
  | 'AI_INVALID_ANSWER'
  | 'AI_BUSY';

/** One entry of `userErrors`, as the SDL types `ValidationError`, `ConflictError` and `GenericError` show it. */
export type UserErrorEntry =
  | { __typename: 'ValidationError'; message: string; code: UserErrorCode; field: string[] | null; line?: number; column?: number }
  | {
      __typename: 'ConflictError';
      message: string;
      code: 'CONFLICT';
      field: null;
      currentRevision: number;
      current: object;
      changedFields: string[];
    }
  | { __typename: 'GenericError'; message: string; code: UserErrorCode; field: string[] | null };

/** Something that a user can expect and mend; nothing was written. Carries one entry or several. */
export class ExpectedError extends Error {
  override readonly name = 'ExpectedError';

  constructor(readonly entries: readonly UserErrorEntry[]) {
    super(entries.map((entry) => entry.message).join(' '));
  }
}

/** Returns the error for one invalid input field; `field` is the path from the arguments, such as `['input', 'name']`. */
export function invalid(field: string | readonly string[], message: string, code: UserErrorCode = 'VALIDATION'): ExpectedError {
  return new ExpectedError([validationEntry(field, message, code)]);
}

/** Returns one entry about an invalid input field, for errors that collect several. */
export function validationEntry(field: string | readonly string[], message: string, code: UserErrorCode = 'VALIDATION'): UserErrorEntry {
  return { __typename: 'ValidationError', message, code, field: typeof field === 'string' ? [field] : [...field] };
}

/** Returns an expected error that no single input field causes. */
export function refused(code: UserErrorCode, message: string, field: readonly string[] | null = null): ExpectedError {
  return new ExpectedError([{ __typename: 'GenericError', message, code, field: field && [...field] }]);
}

/** Returns the error for an object that does not exist, or that the viewer may not know of: both look the same. */
export function notFound(kind: string, id: string): ExpectedError {
  return refused('NOT_FOUND', `There is no ${kind} with the id "${id}", or you have no access to it.`, ['id']);
}

/** Returns the error for a write against an old revision; `current` is the object as it is now. */
export function staleRevision(current: { __typename: string; revision?: number }, changedFields: string[]): ExpectedError {
  const currentRevision = current.revision ?? 1;
  const message = `The object was changed since you read it and is at revision ${currentRevision} now. Read it again, merge, and send that revision.`;
  return new ExpectedError([
    { __typename: 'ConflictError', message, code: 'CONFLICT', field: null, currentRevision, current, changedFields },
  ]);
}

/** Codes of top-level errors, beside Apollo's own. */
export type RequestErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'BAD_CURSOR'
  | 'QUERY_TOO_COMPLEX'
  | 'RATE_LIMITED'
  | 'THROTTLED'
  | 'TIMEOUT'
  | 'INTERNAL_SERVER_ERROR';

/** Something that stops a request, or the field it happened in. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly code: RequestErrorCode,
    message: string,
    options?: ErrorOptions & { retryable?: boolean },
  ) {
    super(message, options);
    this.retryable = options?.retryable ?? false;
  }

  /** True when the same request may succeed later. */
  readonly retryable: boolean;
}

/** Returns the error for a request that needs a signed-in user. */
export function unauthenticated(message = 'Sign in first: send "Authorization: Bearer <access token or API key>".'): RequestError {
  return new RequestError('UNAUTHENTICATED', message);
}

/** Returns the request error that any thrown value stands for; an unexpected one is masked as INTERNAL_SERVER_ERROR. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof BadCursor) {
    return new RequestError(
      'BAD_CURSOR',
      'The cursor is not of this list: use cursors only with the same field, arguments and user that they came from.',
    );
  }
  if (error instanceof ExpectedError) return new RequestError('BAD_USER_INPUT', error.message);
  if (isThrottling(error))
    return new RequestError('THROTTLED', 'The database is busy. Try again in a moment.', { cause: error, retryable: true });
  if (isTimeout(error))
    return new RequestError('TIMEOUT', 'The request took too long and was stopped. Try again.', { cause: error, retryable: true });
  const retryable = isUnavailable(error);
  const message = retryable
    ? 'The database does not answer. Try again in a moment.'
    : 'Something went wrong on our side. Tell us the request id if it happens again.';
  return new RequestError('INTERNAL_SERVER_ERROR', message, { cause: error, retryable });
}

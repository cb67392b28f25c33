/** What becomes of every error that can come up from the database, and what clients see of it. */
import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { request } from 'node:http';
import pino from 'pino';
import { BadCursor } from '../../src/data/cursor.ts';
import { DatabaseBusy, isThrottling, isTimeout, isUnavailable, TransactionRejected } from '../../src/data/errors.ts';
import { ExpectedError, invalid, notFound, RequestError, staleRevision, toRequestError, unauthenticated } from '../../src/errors.ts';
import { formatError } from '../../src/graphql/formatError.ts';

/** An error as the SDK makes it; its text has what must not get out. */
function sdkError(name: string, members: object = {}): Error {
  const error = new Error(`${name}: arn:aws:dynamodb:us-east-1:123456789012:table/snapinfra-projects is throttled by AmazonDynamoDBv2`);
  return Object.assign(error, { name, ...members });
}

/** The same error as if another realm had made it, as Node's own modules do under Jest. */
function foreign(error: Error): object {
  return { ...(error as object), name: error.name, message: error.message, stack: error.stack };
}

const cases: readonly (readonly [string, Error, string, boolean])[] = [
  ...[
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'ThrottlingException',
    'TransactionInProgressException',
    'TransactionConflictException',
    'LimitExceededException',
  ].map((name) => [name, sdkError(name), 'THROTTLED', true] as const),
  ['a retry budget that ran out', new DatabaseBusy('BatchGetItem left keys unprocessed'), 'THROTTLED', true],
  ['a time-out', sdkError('TimeoutError'), 'TIMEOUT', true],
  ['a cancelled call', sdkError('AbortError'), 'TIMEOUT', true],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_SOCKET'].map(
    (code) => [code, sdkError('Error', { code }), 'INTERNAL_SERVER_ERROR', true] as const,
  ),
  ['500 of DynamoDB', sdkError('InternalServerError', { $metadata: { httpStatusCode: 500 } }), 'INTERNAL_SERVER_ERROR', true],
  ['503 of DynamoDB', sdkError('ServiceUnavailable', { $metadata: { httpStatusCode: 503 } }), 'INTERNAL_SERVER_ERROR', true],
  ['a refused command', sdkError('ValidationException', { $metadata: { httpStatusCode: 400 } }), 'INTERNAL_SERVER_ERROR', false],
  ['a missing table', sdkError('ResourceNotFoundException', { $metadata: { httpStatusCode: 400 } }), 'INTERNAL_SERVER_ERROR', false],
  ['no right to the table', sdkError('AccessDeniedException', { $metadata: { httpStatusCode: 400 } }), 'INTERNAL_SERVER_ERROR', false],
  [
    'a mistake of ours',
    new TypeError("Cannot read properties of undefined (reading 'snapinfra-projects')"),
    'INTERNAL_SERVER_ERROR',
    false,
  ],
];

const secrets = /snapinfra|arn:|aws|dynamo|table|exception|TypeError|ECONN|undefined|\bat .*:\d+/i;
const site = { requestId: 'req-1', log: pino({ level: 'silent' }) };

describe.each(cases)('%s', (_, error, code, retryable) => {
  test(`becomes ${code}`, () => {
    const shown = toRequestError(error);
    expect({ code: shown.code, retryable: shown.retryable, cause: shown.cause }).toEqual({ code, retryable, cause: error });
  });

  test('is told apart without its class', () => {
    const shown = toRequestError(foreign(error));
    expect({ code: shown.code, retryable: shown.retryable }).toEqual({ code, retryable });
  });

  test('shows clients nothing of what is behind', () => {
    const wrapped = new GraphQLError(error.message, { originalError: error, path: ['project'] });
    const answer = formatError(
      { message: error.message, extensions: { code: 'INTERNAL_SERVER_ERROR', stacktrace: [error.stack] } },
      wrapped,
      site,
    );
    expect(answer.extensions).toEqual({ code, requestId: 'req-1', retryable });
    expect(answer.message.replaceAll('The database', '')).not.toMatch(secrets);
    expect(JSON.stringify(answer.extensions)).not.toMatch(secrets);
  });
});

test('a connection that Node refuses counts as unavailable', async () => {
  const error = await new Promise((done) => {
    request({ host: '127.0.0.1', port: 1 }).on('error', done).end();
  });
  expect(isUnavailable(error)).toBe(true);
  expect(isThrottling(error)).toBe(false);
});

test('a call that its signal ended counts as a time-out', async () => {
  const error: unknown = await new Promise((done) => {
    AbortSignal.timeout(1).addEventListener('abort', ({ target }) => done((target as AbortSignal).reason));
  });
  expect(isTimeout(error)).toBe(true);
});

describe.each([null, undefined, 'text', 42, {}, { name: 5, code: {}, $metadata: { httpStatusCode: 'x' } }])('thrown: %j', (thrown) => {
  test('is unexpected, and masked', () => {
    expect(toRequestError(thrown)).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: false });
    expect([isThrottling(thrown), isTimeout(thrown), isUnavailable(thrown), TransactionRejected.from(thrown)]).toEqual([
      false,
      false,
      false,
      null,
    ]);
  });
});

describe('transactions', () => {
  const cancelled = (codes: (string | undefined)[]): TransactionRejected | null =>
    TransactionRejected.from(sdkError('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) }));

  test.each([
    [['TransactionConflict', 'None'], true],
    [['ThrottlingError', 'TransactionConflict'], true],
    [['None', 'ProvisionedThroughputExceeded'], true],
    [['ConditionalCheckFailed', 'TransactionConflict'], false],
    [['ConditionalCheckFailed', 'None'], false],
    [['ConditionalCheckFailed', 'ValidationError'], false],
  ])('refused with %j may be sent again: %s', (codes, again) => {
    expect(cancelled(codes)?.isConflictOnly).toBe(again);
  });

  test.each([[['ItemCollectionSizeLimitExceeded']], [['ValidationError', 'TransactionConflict']], [[undefined, 'None']], [[]]])(
    'with writes that DynamoDB finds invalid (%j) were not refused by a condition',
    (codes) => {
      expect(cancelled(codes)).toBeNull();
    },
  );

  test('tell which condition failed', () => {
    const rejected = cancelled(['None', 'ConditionalCheckFailed']);
    expect([rejected?.failedAt(0), rejected?.failedAt(1), rejected?.failedAt(2)]).toEqual([false, true, false]);
  });

  test('refused without reasons are no riddle', () => {
    expect(TransactionRejected.from(sdkError('TransactionCanceledException'))).toBeNull();
    expect(TransactionRejected.from(sdkError('ValidationException'))).toBeNull();
  });
});

describe('expected errors', () => {
  test.each([
    [
      'of an input field',
      invalid(['input', 'name'], 'Too long.'),
      { __typename: 'ValidationError', code: 'VALIDATION', field: ['input', 'name'] },
    ],
    ['of a missing object', notFound('project', 'prj_1'), { __typename: 'GenericError', code: 'NOT_FOUND', field: ['id'] }],
    [
      'of a stale write',
      staleRevision({ __typename: 'Project', revision: 4 }, ['name']),
      { code: 'CONFLICT', currentRevision: 4, changedFields: ['name'] },
    ],
    ['of an old row', staleRevision({ __typename: 'Project' }, []), { currentRevision: 1 }],
  ])('%s have their entry', (_, error, entry) => {
    expect(error.entries).toEqual([expect.objectContaining(entry)]);
    expect(toRequestError(error)).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
  });

  test('join the messages of several entries', () => {
    const both = new ExpectedError([...invalid('a', 'One.').entries, ...invalid('b', 'Two.').entries]);
    expect(both.message).toBe('One. Two.');
  });
});

test.each([
  ['a cursor of another list', new BadCursor('x'), 'BAD_CURSOR'],
  ['nobody signed in', unauthenticated(), 'UNAUTHENTICATED'],
  ['a refusal', new RequestError('FORBIDDEN', 'Only admins.'), 'FORBIDDEN'],
])('%s keeps its code', (_, error, code) => {
  expect(toRequestError(error).code).toBe(code);
});

test('errors of the GraphQL library keep their message and code', () => {
  const error = new GraphQLError('Cannot query field "x" on type "Query".');
  const formatted = { message: error.message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
  expect(formatError(formatted, error, site)).toEqual({
    message: error.message,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', requestId: 'req-1', retryable: false },
  });
});

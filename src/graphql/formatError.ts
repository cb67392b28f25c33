/** The top-level error contract: `extensions { code requestId retryable }`, and nothing that was not meant for clients. */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { RequestError, toRequestError } from '../errors.ts';

/** Where an error happened. */
export interface ErrorSite {
  requestId: string;
  log: Logger;
}

/**
 * Returns what a client sees of an error. Errors of the GraphQL library itself (syntax, validation, variables) keep
 * their message and Apollo's code; everything that a resolver threw goes through the one mapping of `errors.ts`.
 * Unexpected errors are logged here, once, with their cause.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown, { requestId, log }: ErrorSite): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? error.originalError : error;
  const code = formatted.extensions?.['code'];
  const isLibraryError =
    (original == null || original instanceof GraphQLError) && typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR';
  if (isLibraryError)
    return { ...formatted, message: shorten(withoutValues(formatted.message)), extensions: { code, requestId, retryable: false } };
  const shown = toRequestError(original ?? error);
  if (shown.code === 'INTERNAL_SERVER_ERROR')
    log.error({ err: shown.cause ?? error, path: formatted.path }, 'unexpected error in a resolver');
  return {
    message: shown.message,
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
    extensions: { code: shown.code, requestId, retryable: shown.retryable },
  };
}

/**
 * Returns a message of the GraphQL library without the value that was wrong: it quotes whole inputs, with passwords and
 * tokens in them, and clients tend to log messages. Where and why stays.
 */
function withoutValues(message: string): string {
  return message
    .replace(/( cannot represent [\w -]{0,60}value): [\s\S]*$/, '$1.')
    .replace(/ got invalid value [\s\S]*?((?: at "[\w.[\]]+")?; [A-Z][^;]*)$/, ' got an invalid value$1')
    .replace(/ got invalid value [\s\S]*$/, ' got an invalid value.')
    .replace(/(Expected value of type "[^"]+"), found [\s\S]*?(; [A-Z][^;]*)?$/, '$1$2');
}

/** Messages quote names and values that the client sent, however long they are. */
const maxMessageCharacters = 1_000;

function shorten(message: string): string {
  return message.length <= maxMessageCharacters ? message : `${message.slice(0, maxMessageCharacters).toWellFormed()}…`;
}

/** Turns an error outside of execution (a refused request) into the same shape. */
export function formatRequestError(error: unknown, site: ErrorSite): GraphQLFormattedError {
  if (error instanceof GraphQLError) return formatError(error.toJSON(), error, site);
  const shown = error instanceof RequestError ? error : toRequestError(error);
  if (shown.code === 'INTERNAL_SERVER_ERROR') site.log.error({ err: shown.cause ?? error }, 'unexpected error');
  return { message: shown.message, extensions: { code: shown.code, requestId: site.requestId, retryable: shown.retryable } };
}

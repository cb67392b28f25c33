/** What clients see of an execution outside of Apollo Server: the same errors, with the same codes, and the same extensions. */
import { GraphQLError, Kind, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import { formatError, formatRequestError, type ErrorSite } from '../../graphql/formatError.ts';

/** Returns an error with the code that Apollo Server gives it: BAD_USER_INPUT for variables that do not fit, its own if it has one. */
function withCode(error: GraphQLError): GraphQLFormattedError {
  const isVariable = error.nodes?.length === 1 && error.nodes[0]?.kind === Kind.VARIABLE_DEFINITION;
  const code = error.extensions['code'] ?? (isVariable ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR');
  return { ...error.toJSON(), extensions: { code } };
}

/** Returns errors as clients see them; unexpected ones are logged. */
export function formatErrors(errors: readonly unknown[], site: ErrorSite): GraphQLFormattedError[] {
  return errors.map((error) =>
    error instanceof GraphQLError ? formatError(withCode(error), error, site) : formatRequestError(error, site),
  );
}

/** Returns a result as clients see it. */
export function formatResult({ data, errors }: ExecutionResult, site: ErrorSite): FormattedExecutionResult {
  return { ...(errors && { errors: formatErrors(errors, site) }), ...(data !== undefined && { data }) };
}

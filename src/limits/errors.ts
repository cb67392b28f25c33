/** Refusals of the limits: GraphQL errors with the code and the HTTP status that every transport shows. */
import { GraphQLError, type ASTNode } from 'graphql';

/** Returns the error for an operation that is over a limit. `node` is where in the document. */
export function tooComplex(message: string, node?: ASTNode): GraphQLError {
  return refusal('QUERY_TOO_COMPLEX', message, node);
}

/** Returns the error for values that no operation may have. */
export function badInput(message: string, node?: ASTNode): GraphQLError {
  return refusal('BAD_USER_INPUT', message, node);
}

/** Returns an error with a code of the contract, or of Apollo Server, that HTTP answers with status 400. */
export function refusal(code: string, message: string, node?: ASTNode): GraphQLError {
  return new GraphQLError(message, { ...(node && { nodes: node }), extensions: { code, http: { status: 400 } } });
}

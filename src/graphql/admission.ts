/** The gate of every operation: HTTP, WebSocket and Server-Sent Events all ask here right before they run one. */
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Context } from '../context.ts';
import { isPlatformAdmin } from '../domains/users/users.service.ts';
import { refusal } from '../limits/errors.ts';
import { checkOperation } from '../limits/operation.ts';
import { payFor } from './rateLimiting.ts';

/** A valid operation of a client. */
export interface Candidate {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

/** What the server allows. */
export interface AdmissionRules {
  /** Whether everybody may ask for the schema; platform admins always may. */
  readonly introspection: boolean;
}

/** What was found out about an operation that may run. */
export interface Admission {
  /** Points; see `limits/fieldCosts.ts`. */
  readonly cost: number;
}

/** Takes the cost of an operation from its sender's points and resolves when it may run. Rejects with a GraphQLError, whose code says why not, when it may not. */
export async function admit(context: Context, candidate: Candidate, rules: AdmissionRules): Promise<Admission> {
  const { cost, introspects } = checkOperation(candidate);
  await payFor(context, cost);
  if (introspects && !rules.introspection && !(await mayIntrospect(context))) {
    // The code that Apollo Server gives to the same refusal.
    const message = 'Introspection is switched off here. Sign in as a platform admin, or read the published schema.';
    throw refusal('GRAPHQL_VALIDATION_FAILED', message, candidate.operation);
  }
  return { cost };
}

/** Bad credentials are refused by the fields that need good ones; here they count as none. */
async function mayIntrospect(context: Context): Promise<boolean> {
  return 'viewer' in context.credentials && (await isPlatformAdmin(context));
}

/** People who use a test server, signed up over HTTP. */
import { uniqueEmail } from '../../support/harness.ts';
import type { TestServer } from './testServer.ts';

/** Somebody with credentials at a server. */
export interface SignedUp {
  readonly id: string;
  readonly sessionId: string;
  /** The header of HTTP requests, and the payload of `connection_init`. */
  readonly header: { readonly authorization: string };
  /** Runs an operation and returns its data; throws on errors. */
  run<T = unknown>(query: string, variables?: Record<string, unknown>): Promise<T>;
}

/** Signs somebody new up. */
export async function signUpAt(server: TestServer): Promise<SignedUp> {
  async function send<T>(header: Record<string, string>, query: string, variables?: Record<string, unknown>): Promise<T> {
    const { data, errors } = (await (await server.post({ query, variables }, header)).json()) as { data: T; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }
  const { signUp } = await send<{ signUp: { accessToken: string; user: { id: string } } }>(
    {},
    'mutation ($email: String!) { signUp(input: { email: $email, password: "correct horse battery", username: "Ada" }) { accessToken user { id } } }',
    { email: uniqueEmail() },
  );
  const claims = JSON.parse(Buffer.from(signUp.accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sid: string };
  const header = { authorization: `Bearer ${signUp.accessToken}` };
  return { id: signUp.user.id, sessionId: claims.sid, header, run: (query, variables) => send(header, query, variables) };
}

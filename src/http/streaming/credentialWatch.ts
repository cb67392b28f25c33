/** Credentials end while connections stay open: sign-out, a new password, a revoked key, the end of a token's time. */
import type { Context } from '../../context.ts';
import type { RequestError } from '../../errors.ts';

/** What is watched. */
export interface WatchedCredentials {
  /** Checks the credentials anew. Rejects when that was impossible, such as without a database. */
  readonly check: () => Promise<Context['credentials']>;
  readonly everyMs: number;
  /** Called once, when the credentials are not valid any more. */
  readonly onLost: (problem: RequestError) => void;
}

/**
 * Checks credentials again and again until they are lost or the returned function is called. What could not be checked
 * counts as valid until the next time: a database that is away for a minute must not sign everybody out.
 */
export function watchCredentials({ check, everyMs, onLost }: WatchedCredentials): () => void {
  let isOver = false;
  let timer: NodeJS.Timeout;
  const plan = (): void => {
    timer = setTimeout(() => void look(), everyMs).unref();
  };
  async function look(): Promise<void> {
    const credentials = await check().catch(() => null);
    if (isOver) return;
    if (credentials === null || !('problem' in credentials) || credentials.problem.retryable) {
      plan();
      return;
    }
    isOver = true;
    onLost(credentials.problem);
  }
  plan();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

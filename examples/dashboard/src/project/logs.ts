/** Follows the log of a deployment, each line once, also across lost connections. */
import { print } from 'graphql';
import { useEffect, useState } from 'react';
import { useApi } from '../api/api.ts';
import type { DeploymentLogsSubscription } from '../gql/graphql.ts';
import { DeploymentLogs } from '../operations.ts';

/** A line of a log. */
export type LogLine = DeploymentLogsSubscription['deploymentLogs'][number];

/** The lines so far. `isComplete` is true when what was there at the beginning has come. */
export interface FollowedLog {
  readonly lines: readonly LogLine[];
  readonly isComplete: boolean;
  readonly problem: string | null;
}

/** The most lines that are kept, so that a long log does not fill the tab's memory. */
const most = 5_000;

/** Returns the log of a deployment as it is now. */
export function useDeploymentLog(id: string): FollowedLog {
  const { socket } = useApi();
  const [log, setLog] = useState<FollowedLog>({ lines: [], isComplete: false, problem: null });
  useEffect(() => {
    let last: string | undefined;
    const variables = {
      id,
      // graphql-ws sends the operation again on each new connection, and reads this then: the log goes on after the last line.
      get after() {
        return last;
      },
    };
    return socket.subscribe<DeploymentLogsSubscription>(
      { query: print(DeploymentLogs), variables },
      {
        next({ data, errors }) {
          if (errors?.length) setLog((log) => ({ ...log, problem: errors.map(({ message }) => message).join(' ') }));
          const lines = data?.deploymentLogs ?? [];
          last = lines.at(-1)?.cursor ?? last;
          setLog((log) => ({ ...log, lines: [...log.lines, ...lines].slice(-most), isComplete: true }));
        },
        error: (reason) => setLog((log) => ({ ...log, problem: messageOf(reason) })),
        complete: () => undefined,
      },
    );
  }, [socket, id]);
  return log;
}

/** Errors of an operation come as a list of GraphQL errors, those of the connection as anything else. */
function messageOf(reason: unknown): string {
  if (Array.isArray(reason)) return reason.map((error: { message: string }) => error.message).join(' ');
  return 'The connection to the server was refused. Reload the page to try again.';
}

/** How this server talks to a Redis that it can do without: what cannot be sent now is not sent later. */

/** Returns the options of a connection that is given up on after `answerWithinMs` without an answer. */
export function redisOptions(answerWithinMs: number) {
  return {
    // The one bounds how long a command waits, the other takes a connection that hangs out of use until Redis answers again.
    commandTimeout: answerWithinMs,
    socketTimeout: answerWithinMs,
    disconnectTimeout: 200,
    // Reconnecting goes on for ever, and often enough that Redis is used within two seconds of being back.
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 1_000),
    // Servers before Redis 6 do not know the protocol that is usual today, and nothing here needs it.
    protocol: 2 as const,
    // Nothing waits for a connection, nothing is sent a second time.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
}

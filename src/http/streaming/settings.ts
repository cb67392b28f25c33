/** What the transports that stay open (WebSocket, Server-Sent Events) live by. */

/** Times in milliseconds; the usual values are those of `usualStreaming`. */
export interface StreamingSettings {
  /** A WebSocket sends `connection_init` within this time, or is closed with 4408. */
  readonly initTimeoutMs: number;
  /** A WebSocket that has not answered the last ping when the next is due is dead, and is cut off. */
  readonly pingIntervalMs: number;
  /** Between the comments that keep an event stream open: proxies cut silent connections, many after 30 s. */
  readonly heartbeatMs: number;
  /** An event stream whose client takes nothing for this long is cut off. Longer than `heartbeatMs`. */
  readonly stallMs: number;
  /** Between two looks at the credentials of a connection. With the 30 s of the caches behind it, what was revoked ends within 60 s. */
  readonly credentialCheckMs: number;
  /** WebSockets of one user, or of one address as long as nobody is signed in; as many event streams beside them. */
  readonly connectionsPerClient: number;
  /** WebSockets and event streams of the process, each kind. */
  readonly connections: number;
  /** Operations that run at the same time over one WebSocket. */
  readonly operationsPerSocket: number;
  /** Bytes that may wait for a client that reads too slowly, before it is disconnected. One answer has up to 10 MB. */
  readonly sendBufferBytes: number;
  /** Operations in flight get this long when the server stops: with the rest of the way down, less than orchestrators wait. */
  readonly stopWaitMs: number;
  /** How long a WebSocket may take to agree to its end before it is cut off. */
  readonly closeTimeoutMs: number;
}

/** The values for everyday use. */
export const usualStreaming: StreamingSettings = {
  initTimeoutMs: 5_000,
  pingIntervalMs: 25_000,
  heartbeatMs: 12_000,
  stallMs: 60_000,
  credentialCheckMs: 15_000,
  connectionsPerClient: 100,
  connections: 20_000,
  operationsPerSocket: 100,
  sendBufferBytes: 16 * 1024 * 1024,
  stopWaitMs: 11_000,
  closeTimeoutMs: 3_000,
};

/** The embedded database could not start or go on; the message tells the person at the terminal what to do. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}

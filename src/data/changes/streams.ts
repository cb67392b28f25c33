/**
 * The second source of changes: DynamoDB Streams, which tell of the writes of all instances, and of whatever else writes to
 * the tables. Order of an item is kept: a shard is read from its beginning only after the shard that it came from.
 */
import type { Logger } from 'pino';
import type { Database } from '../client.ts';
import { tableIds, tables, type TableId } from '../tables.ts';
import { openStreamsClient, type StreamsClient } from './streams/client.ts';
import { createHealth } from './streams/health.ts';
import { pauseQuietly, publisherTo, usualWaits, type ChangeSink, type Pause, type Reading, type Waits } from './streams/reading.ts';
import { readTable } from './streams/tableReader.ts';

/** The tables that have a stream in the catalogue. */
export const streamedTables: readonly TableId[] = tableIds.filter((table) => tables[table].stream);

/** What a reader of streams needs. */
export interface StreamsOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly sink: ChangeSink;
  readonly waits?: Waits | undefined;
}

/** The same, with the streams opened already. */
export interface OpenedStreams {
  readonly client: StreamsClient;
  readonly sink: ChangeSink;
  readonly log: Logger;
  /** Physical name of a table, for the log. */
  readonly name: (table: TableId) => string;
  readonly waits?: Waits | undefined;
  readonly pause?: Pause | undefined;
}

/** Reads opened streams until the signal is aborted; then everything has ended within a call that was already under way. */
export async function readOpenedStreams(
  { client, sink, log, name, waits = usualWaits, pause = pauseQuietly }: OpenedStreams,
  signal: AbortSignal,
): Promise<void> {
  const readings = streamedTables.map((table): Reading => {
    const publisher = publisherTo(sink, table);
    const health = createHealth({ table: name(table), log, onGap: publisher.publishGap });
    return { table, client, waits, pause, health, ...publisher };
  });
  await Promise.all(readings.map((reading) => readTable(reading, signal)));
}

/**
 * Reads the streams of all tables until the signal is aborted. Begins with what is written from now on, and tells the sink
 * of a gap as soon as it would miss nothing more. Failures are logged and tried again; whoever is watching then is told of a gap.
 */
export async function readStreams({ database, log, sink, waits }: StreamsOptions, signal: AbortSignal): Promise<void> {
  const client = await openStreamsClient(database);
  try {
    await readOpenedStreams({ client, sink, log, name: (table) => database.name(table), waits }, signal);
  } finally {
    client.close();
  }
}

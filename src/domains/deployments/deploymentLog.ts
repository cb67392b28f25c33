/**
 * Logs of a deployment. The entries of one call are kept together in blocks: items under the deployment's partition key
 * that no index lists, `<owner>#log#<time of its first entry>#<call>#<number>`. A block costs as much as a row, where
 * one item for each entry would cost a hundred times that, and all blocks of a call fit into its transaction.
 */
import { invalid, validationEntry, ExpectedError, type UserErrorEntry } from '../../errors.ts';
import { redactLines } from './redaction.ts';

/** Levels as stored, least urgent first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** A log entry as stored; rows of the earlier backend may have other levels. */
export type LogEntry = { timestamp: string; level: string; message: string };

/** A log entry as clients send it. */
export interface LogEntryInput {
  timestamp?: string | null;
  level?: string | null;
  message: string;
}

/** Entries that are stored as one item. */
export interface LogBlock {
  /** Time of the first entry. */
  time: string;
  entries: LogEntry[];
}

/** Largest number of entries in one call. */
export const maxEntries = 100;

/** Largest message, in bytes of UTF-8. */
export const maxMessageBytes = 8 * 1024;

/** Far below DynamoDB's 400 KB an item, so that reading one block never costs more than 32 read units. */
const maxBlockBytes = 128 * 1024;

/** With the activity row, the check and the key's answer this stays far below the 100 writes of a transaction. */
const maxBlocks = 40;

/** Entries further apart than this go into different blocks, so that the blocks of several writers interleave by time. */
const gapMilliseconds = 1_000;

/** Returns what is wrong with a message, or null. Escape sequences for colours are normal in build logs and stay. */
export function messageProblem(message: string): string | null {
  if (!message.isWellFormed()) return 'The text has half of a surrogate pair. Send valid Unicode.';
  if (message.includes('\u0000')) return 'The text has NUL characters. Remove them.';
  const bytes = Buffer.byteLength(message);
  if (bytes > maxMessageBytes) return `The text has ${bytes} bytes; at most ${maxMessageBytes} are allowed. Split it into several entries.`;
  return null;
}

/** Returns checked entries in the order of time, without secrets, and how many secrets were replaced. `now` stands in for absent timestamps. */
export function prepareEntries(inputs: readonly LogEntryInput[], now: string): { entries: LogEntry[]; redactedCount: number } {
  if (inputs.length === 0 || inputs.length > maxEntries)
    throw invalid('entries', `Send 1 to ${maxEntries} entries; ${inputs.length} came.`);
  const problems = inputs.flatMap(({ message }, i): UserErrorEntry[] => {
    const problem = messageProblem(message);
    return problem === null ? [] : [validationEntry(['entries', String(i), 'message'], problem)];
  });
  if (problems.length > 0) throw new ExpectedError(problems);
  const { messages, count } = redactLines(inputs.map(({ message }) => message));
  const entries = inputs.map(({ timestamp, level }, i) => ({
    timestamp: timestamp ?? now,
    level: level ?? 'info',
    message: messages[i] ?? '',
  }));
  // Sorting is stable: entries of one millisecond stay as they were sent.
  return { entries: entries.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0)), redactedCount: count };
}

/** Cuts entries in the order of time into blocks: at the longest pauses, and where a block would become too large. */
export function blocksOf(entries: readonly LogEntry[]): LogBlock[] {
  const pauses = new Set(longestPauses(entries));
  const blocks: LogBlock[] = [];
  let bytes = 0;
  entries.forEach((entry, i) => {
    const size = Buffer.byteLength(entry.message) + 100;
    const block = blocks.at(-1);
    if (!block || pauses.has(i) || bytes + size > maxBlockBytes) {
      blocks.push({ time: entry.timestamp, entries: [entry] });
      bytes = size;
    } else {
      block.entries.push(entry);
      bytes += size;
    }
  });
  return blocks;
}

/** Returns the places before which the longest pauses lie. */
function longestPauses(entries: readonly LogEntry[]): number[] {
  const pauses = entries.map(({ timestamp }, i) => ({
    i,
    length: i === 0 ? 0 : Date.parse(timestamp) - Date.parse(entries[i - 1]?.timestamp ?? ''),
  }));
  return pauses
    .filter(({ length }) => length > gapMilliseconds)
    .sort((a, b) => b.length - a.length)
    .slice(0, maxBlocks - 1)
    .map(({ i }) => i);
}

/** Returns an entry as the row has it, with sensible values for what an odd row of the earlier backend lacks. */
export function readEntry(stored: unknown, fallbackTime: string): LogEntry {
  if (typeof stored === 'string') return { timestamp: fallbackTime, level: 'info', message: stored };
  const { timestamp, level, message } = (stored ?? {}) as Partial<Record<keyof LogEntry, unknown>>;
  return {
    timestamp: typeof timestamp === 'string' ? timestamp : fallbackTime,
    level: typeof level === 'string' ? level : 'info',
    message: typeof message === 'string' ? message : message === undefined ? '' : JSON.stringify(message),
  };
}

/** What a reader of logs looks for. */
export interface LogFilter {
  level?: string | null | undefined;
  contains?: string | null | undefined;
}

/** Returns whether an entry has the level and contains the text, in any case of letters. */
export function matches(entry: LogEntry, { level, contains }: LogFilter): boolean {
  return (level == null || entry.level === level) && (contains == null || entry.message.toLowerCase().includes(contains.toLowerCase()));
}

/** Statements that define no tables: what they are called in a warning, so that nothing disappears in silence. */
import { objectOf, type Statement } from './statements.ts';
import { plural, type Warnings } from './warnings.ts';

interface Kind {
  code: string;
  construct: string;
  /** What `count` of them are, with the verb. */
  says: (count: number) => string;
}

const dropped =
  (one: string, rest = '') =>
  (count: number) =>
    `${plural(count, one)}${rest} left out.`;
const kind = (code: string, construct: string, says = dropped(`${construct} statement`)): Kind => ({ code, construct, says });

const session = kind(
  'SESSION_STATEMENT',
  'Session statement',
  (count) => `${plural(count, 'statement')} for the session or transaction (SET, BEGIN and the like) did not matter here.`,
);
const data = kind('DATA', 'Data', dropped('data statement', ' (UPDATE, DELETE, SELECT and the like)'));
const access = kind('ACCESS_CONTROL', 'Access control', dropped('statement', ' about users, roles or rights'));
const database = kind('DATABASE', 'Database', dropped('statement', ' about whole databases (CREATE DATABASE, USE and the like)'));
const other = kind('OTHER_STATEMENT', 'Other statement');

/** By first word. */
const byVerb: Record<string, Kind> = {
  ...Object.fromEntries(
    'SET RESET BEGIN START COMMIT END ROLLBACK SAVEPOINT RELEASE LOCK UNLOCK PRAGMA DISCARD SHOW'.split(' ').map((verb) => [verb, session]),
  ),
  ...Object.fromEntries('UPDATE DELETE REPLACE SELECT WITH VALUES TRUNCATE LOAD CALL HANDLER'.split(' ').map((verb) => [verb, data])),
  ...Object.fromEntries('GRANT REVOKE REASSIGN'.split(' ').map((verb) => [verb, access])),
  DO: kind('DO_BLOCK', 'DO', (count) => `${plural(count, 'DO block')} left out; what it creates when it runs is not imported.`),
  USE: database,
  ATTACH: database,
  DETACH: database,
  ...Object.fromEntries(
    `ANALYZE VACUUM REINDEX EXPLAIN FLUSH OPTIMIZE CHECK CHECKSUM REPAIR CACHE DESCRIBE DESC KILL PURGE CHANGE INSTALL UNINSTALL IMPORT
    PREPARE EXECUTE DEALLOCATE COMMENT CLUSTER NOTIFY LISTEN UNLISTEN REFRESH SECURITY CHECKPOINT BINLOG XA`
      .split(/\s+/)
      .map((verb) => [verb, other]),
  ),
};

/** By what a CREATE, ALTER or DROP is about. */
const byObject: Record<string, Kind> = {
  VIEW: kind('VIEW', 'View', dropped('view')),
  TRIGGER: kind('TRIGGER', 'Trigger', dropped('trigger')),
  EVENT: kind('EVENT', 'Event', dropped('event')),
  RULE: kind('RULE', 'Rule', dropped('rule')),
  FUNCTION: kind('FUNCTION', 'Function or procedure', dropped('function or procedure statement')),
  PROCEDURE: kind('FUNCTION', 'Function or procedure', dropped('function or procedure statement')),
  PACKAGE: kind('FUNCTION', 'Function or procedure', dropped('function or procedure statement')),
  SEQUENCE: kind(
    'SEQUENCE',
    'Sequence',
    (count) =>
      `${plural(count, 'statement')} about sequences left out; columns that draw from a sequence are marked as numbered by the database.`,
  ),
  TYPE: kind('TYPE', 'Type', dropped('statement', ' about types other than enums')),
  DOMAIN: kind(
    'DOMAIN',
    'Domain',
    (count) => `${plural(count, 'domain statement')} left out; columns keep the name of the domain as their type.`,
  ),
  DATABASE: database,
  SCHEMA: kind('SCHEMA', 'Schema', (count) => `${plural(count, 'statement')} about SQL schemas left out; the model has one name space.`),
};

const accessWords = new Set(['USER', 'ROLE', 'GROUP', 'PRIVILEGES', 'POLICY']);

/** Returns the kind of a statement that is not read, or undefined where its first word starts no statement at all. */
function kindOf(words: readonly string[]): Kind | undefined {
  const verb = words[0] ?? '';
  if (!['CREATE', 'ALTER', 'DROP'].includes(verb)) return byVerb[verb];
  if (words.slice(1, 4).some((word) => accessWords.has(word)) && !words.includes('DEFINER')) return access;
  const object = objectOf(words);
  if (object === undefined) return undefined;
  const known = byObject[object];
  if (verb === 'DROP' && known !== database) return kind('DROP_STATEMENT', 'DROP', dropped('DROP statement'));
  return known ?? other;
}

/** Warns of a statement that is not read; false where its first word starts no statement at all. */
export function warnOfStatement(warnings: Warnings, statement: Statement): boolean {
  const found = kindOf(statement.words);
  if (!found) return false;
  const verb = statement.words.slice(0, 2).join(' ');
  const message = (count: number) => (found === other ? `${plural(count, 'statement')} "${verb} …" left out.` : found.says(count));
  const construct = found === other ? verb : found.construct;
  warnings.count({ code: found.code, construct, message, offset: statement.start });
  return true;
}

/** Warns, once a table, of rows that are not imported. */
export function warnOfRows(
  warnings: Warnings,
  { table, offset, statements, rows }: { table: string; offset: number; statements: string; rows: number },
): void {
  const what = statements === 'COPY' ? 'row' : 'INSERT statement';
  const message = (count: number) => `Data of "${table}" was left out (${plural(count, what)}); a schema holds structure only.`;
  warnings.count({ code: 'DATA', construct: statements, group: table, times: rows, message, offset });
}

/** Warns of commands of psql, mysql and sqlite3. */
export function warnOfClientCommand(warnings: Warnings, statement: Statement): void {
  const command = statement.words[0] ?? '';
  const message = (count: number) =>
    `${plural(count, `client command`)} ${command} left out; the server never sees ${count === 1 ? 'it' : 'them'}.`;
  warnings.count({ code: 'CLIENT_COMMAND', construct: command, message, offset: statement.start });
}

/** Warns of DROP TABLE for tables that the script does not define before: what a script does to start afresh. */
export function warnOfDrops(warnings: Warnings, { offset, count: times }: { offset: number; count: number }): void {
  const message = (count: number) =>
    `${plural(count, 'table')} to DROP ${count === 1 ? 'was' : 'were'} not there before, so nothing was dropped.`;
  warnings.count({ code: 'DROP_STATEMENT', construct: 'DROP TABLE', times, message, offset });
}

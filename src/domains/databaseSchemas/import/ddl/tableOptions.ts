/** What may follow the brackets of CREATE TABLE in MySQL and SQLite. */
import { warnOfPartitioning, warnOfTableOptions } from '../losses.ts';
import type { TokenReader } from '../tokenReader.ts';
import type { TableContext } from './keys.ts';

/** Options of MySQL 8.4 and MariaDB 11 that take one value, after an optional `=`. */
const valueOptions = new Set(
  `AUTOEXTEND_SIZE AUTO_INCREMENT AVG_ROW_LENGTH CHECKSUM COMPRESSION CONNECTION DELAY_KEY_WRITE ENCRYPTION ENGINE TYPE ENGINE_ATTRIBUTE
  SECONDARY_ENGINE SECONDARY_ENGINE_ATTRIBUTE INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS PACK_KEYS PASSWORD ROW_FORMAT
  STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE STORAGE UNION PAGE_CHECKSUM TRANSACTIONAL PAGE_COMPRESSED
  PAGE_COMPRESSION_LEVEL ENCRYPTED ENCRYPTION_KEY_ID IETF_QUOTES SEQUENCE CHARSET COLLATE`.split(/\s+/),
);

function expectValue(reader: TokenReader, option: string): string {
  reader.takeSymbol('=');
  if (reader.isSymbol('(')) return reader.sql(reader.expectBrackets());
  if (reader.atEnd || reader.peek().kind === 'symbol') reader.fail(`a value of ${option}`);
  return reader.text(reader.next());
}

/** Takes one option of MySQL and returns it as text; undefined where none stands. A table's COMMENT goes to `comment`. */
export function takeMysqlOption(reader: TokenReader, comment: (text: string) => void): string | undefined {
  if (reader.takeWords('COMMENT')) {
    reader.takeSymbol('=');
    comment(reader.expectString('a comment in quotes'));
    return '';
  }
  if (reader.takeWords('WITH', 'SYSTEM', 'VERSIONING')) return 'WITH SYSTEM VERSIONING';
  if (reader.isWords('START', 'TRANSACTION')) return reader.takeWords('START', 'TRANSACTION') ? '' : undefined;
  const isDefault = reader.isWords('DEFAULT') && ['CHARSET', 'CHARACTER', 'COLLATE'].includes(reader.word(1));
  if (isDefault) reader.next();
  if (reader.takeWords('CHARACTER', 'SET')) return `CHARACTER SET ${expectValue(reader, 'CHARACTER SET')}`;
  if (reader.takeWords('DATA', 'DIRECTORY')) return `DATA DIRECTORY ${expectValue(reader, 'DATA DIRECTORY')}`;
  if (reader.takeWords('INDEX', 'DIRECTORY')) return `INDEX DIRECTORY ${expectValue(reader, 'INDEX DIRECTORY')}`;
  const word = reader.word();
  if (!valueOptions.has(word)) return undefined;
  reader.next();
  return `${word} ${expectValue(reader, word)}`;
}

function takeMysqlOptions({ reader, warnings, table }: TableContext): string | null {
  const { offset } = reader;
  const dropped: string[] = [];
  let description: string | null = null;
  for (;;) {
    const option = takeMysqlOption(reader, (text) => (description = text || null));
    if (option === undefined) break;
    if (option !== '') dropped.push(option);
    reader.takeSymbol(',');
  }
  warnOfTableOptions(warnings, { table, offset }, dropped);
  takePartitioning({ reader, warnings, table });
  return description;
}

/** Takes `PARTITION BY …`, which reaches to the end of the statement. */
export function takePartitioning({ reader, warnings, table }: TableContext): boolean {
  const { offset } = reader;
  if (!reader.takeWords('PARTITION', 'BY')) return false;
  if (reader.atEnd) reader.fail('how to partition');
  while (!reader.atEnd) {
    if (reader.isSymbol(')')) reader.fail('the end of the statement');
    if (reader.isSymbol('(')) reader.expectBrackets();
    else reader.next();
  }
  warnOfPartitioning(warnings, { table, offset });
  return true;
}

function takeSqliteOptions({ reader, warnings, table }: TableContext): void {
  const { offset } = reader;
  const dropped: string[] = [];
  do {
    if (reader.takeWords('WITHOUT', 'ROWID')) dropped.push('WITHOUT ROWID');
    else if (reader.takeWords('STRICT')) dropped.push('STRICT');
    else if (dropped.length > 0) reader.fail('WITHOUT ROWID or STRICT');
  } while (reader.takeSymbol(','));
  warnOfTableOptions(warnings, { table, offset }, dropped);
}

/** Takes the options of a table and returns its comment, or null. */
export function takeTableOptions(context: TableContext): string | null {
  if (context.reader.dialect === 'mysql') return takeMysqlOptions(context);
  takeSqliteOptions(context);
  return null;
}

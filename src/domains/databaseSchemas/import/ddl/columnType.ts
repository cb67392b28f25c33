/** Column types of MySQL and SQLite: how far the type text reaches. */
import type { TokenReader } from '../tokenReader.ts';
import { joinTypeTokens } from '../tokenText.ts';
import type { Token } from '../lexer.ts';

/** Type names of MySQL 8.4 (manual chapter 13) and MariaDB 11; another word there is a typing error that the server refuses. */
const mysqlTypes = new Set(
  `BIT BOOL BOOLEAN TINYINT SMALLINT MEDIUMINT MIDDLEINT INT INTEGER BIGINT INT1 INT2 INT3 INT4 INT8 SERIAL DEC DECIMAL NUMERIC FIXED
  NUMBER FLOAT FLOAT4 FLOAT8 DOUBLE REAL DATE TIME DATETIME TIMESTAMP YEAR CHAR CHARACTER VARCHAR VARCHAR2 VARCHARACTER NCHAR NVARCHAR
  NATIONAL LONG BINARY VARBINARY TINYBLOB BLOB MEDIUMBLOB LONGBLOB RAW TINYTEXT TEXT MEDIUMTEXT LONGTEXT CLOB ENUM SET JSON UUID INET4
  INET6 VECTOR GEOMETRY POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION GEOMCOLLECTION`.split(/\s+/),
);

/** Words that continue a type: `DOUBLE PRECISION`, `NATIONAL CHARACTER VARYING`, `LONG VARBINARY`. */
const mysqlContinuations: Record<string, string[]> = {
  DOUBLE: ['PRECISION'],
  NATIONAL: ['CHAR', 'CHARACTER', 'VARCHAR', 'VARCHARACTER'],
  CHAR: ['VARYING'],
  CHARACTER: ['VARYING'],
  NCHAR: ['VARYING', 'VARCHAR', 'VARCHARACTER'],
  LONG: ['VARCHAR', 'VARBINARY', 'CHAR', 'VARYING'],
};

/** A SQLite type is any run of words; these begin a column constraint instead. */
const sqliteConstraints = new Set('CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS ON'.split(' '));

function readMysqlType(reader: TokenReader): Token[] {
  let word = reader.word();
  if (!mysqlTypes.has(word)) reader.fail('a column type of MySQL');
  const tokens = [reader.next()];
  while (mysqlContinuations[word]?.includes(reader.word())) {
    word = reader.word();
    tokens.push(reader.next());
  }
  if (reader.isSymbol('(')) tokens.push(...reader.expectBrackets());
  while (['UNSIGNED', 'SIGNED', 'ZEROFILL'].includes(reader.word())) tokens.push(reader.next());
  return tokens;
}

function readSqliteType(reader: TokenReader): Token[] {
  const tokens: Token[] = [];
  while (reader.isName && !sqliteConstraints.has(reader.word())) tokens.push(reader.next());
  if (tokens.length > 0 && reader.isSymbol('(')) tokens.push(...reader.expectBrackets());
  return tokens;
}

/** Takes a column's type and returns its text as written; empty where a SQLite column has none. Throws a SourceError for no type of MySQL. */
export function expectColumnType(reader: TokenReader): string {
  const tokens = reader.dialect === 'mysql' ? readMysqlType(reader) : readSqliteType(reader);
  return joinTypeTokens(reader.source, tokens);
}

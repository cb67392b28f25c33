import { describe, expect, test } from '@jest/globals';
import { importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import { fields, indexes, links, sample, succeed, tableOf } from './support.ts';

const read = async (source: string) => succeed(await importSql({ source, dialect: 'mysql' }));

describe('a clinic as mysqldump and phpMyAdmin write it', () => {
  test('columns', async () => {
    const { body } = await read(sample('clinic.mysql.sql'));
    expect(body.tables.map(({ name }) => name)).toEqual(['patients', 'wards', 'wards_archive']);
    expect(fields(tableOf(body, 'patients'))).toEqual([
      'id | bigint(20) unsigned | required | unique | auto',
      "kind | ENUM('a','b;c') | required | = 'a'",
      "flags | SET('x','y')",
      "weight | DECIMAL(10,2) UNSIGNED ZEROFILL | = '0.00'",
      'code | NATIONAL VARCHAR(10)',
      'height | DOUBLE PRECISION | = -1.5e3',
      'changed | TIMESTAMP | = CURRENT_TIMESTAMP',
      'seen | DATETIME(6) | = CURRENT_TIMESTAMP(6)',
      'twice | INT',
      "data | JSON | = (JSON_OBJECT('a', 1))",
      'guid | CHAR(36) | = (UUID())',
      "bits | bit(1) | = b'0'",
      'place | POINT | required',
      'ward_id | INT',
      'note | VARCHAR(20)',
    ]);
    expect(tableOf(body, 'patients').description).toBe('people; x');
    expect(tableOf(body, 'patients').fields[0]?.description).toBe("it's 'the' id");
  });

  test('ALTER TABLE adds, moves, renames and redefines', async () => {
    const { body } = await read(sample('clinic.mysql.sql'));
    expect(fields(tableOf(body, 'wards'))).toEqual([
      'aa | BIGINT | required | unique | = 5',
      'id | int | required | unique | auto',
      'name | varchar(20) | unique',
      'c | INT',
      'head | SERIAL | required | unique | auto',
    ]);
    expect(indexes(tableOf(body, 'wards'))).toEqual([
      'by_name btree (name)',
      'i hash (c)',
      'u unique (aa,c)',
      'uq_a unique (aa)',
      'wards_head_key unique (head)',
      'wards_name_key unique (name)',
      'wards_pkey primary (id)',
    ]);
  });

  test('keys, indexes and foreign keys', async () => {
    const { body } = await read(sample('clinic.mysql.sql'));
    expect(indexes(tableOf(body, 'patients'))).toEqual([
      'patients_note_idx btree (note)',
      'patients_pkey primary (id)',
      'seen_hash hash (seen)',
      'uq_kind unique (kind,flags)',
      'where_to spatial (place)',
      'words fulltext (note)',
    ]);
    expect(links(body)).toEqual(['patients(ward_id) > wards(id) one-to-many cascade/set-null']);
    // CREATE TABLE … LIKE takes the columns and keys that the other table had at that time.
    expect(fields(tableOf(body, 'wards_archive'))).toEqual([
      'id | INT',
      'name | varchar(20) | unique',
      'head | SERIAL | required | unique | auto',
    ]);
  });

  test('everything dropped is named', async () => {
    const { warnings } = await read(sample('clinic.mysql.sql'));
    expect(warnings.map(({ code, line, column }) => `${line}:${column} ${code}`)).toEqual([
      '2:10 SESSION_STATEMENT',
      '4:1 DROP_STATEMENT',
      '10:29 COLLATION',
      '10:50 COLLATION',
      '12:52 ON_UPDATE_TIMESTAMP',
      '14:13 GENERATED_COLUMN',
      '16:43 COLUMN_OPTION',
      '18:24 COLUMN_OPTION',
      '19:15 CHECK_CONSTRAINT',
      '23:3 INDEX_OPTION',
      '24:3 EXPRESSION_INDEX',
      '25:3 INDEX_OPTION',
      '27:3 INDEX_OPTION',
      '28:3 CHECK_CONSTRAINT',
      '30:3 TABLE_OPTION',
      '31:10 PARTITION',
      '34:14 QUERY_TABLE',
      '35:24 TEMPORARY_TABLE',
      '39:137 TABLE_OPTION',
      '41:21 INDEX_OPTION',
      '43:1 DATA',
      '44:1 CLIENT_COMMAND',
      '45:1 TRIGGER',
      '46:1 FUNCTION',
      '49:10 VIEW',
    ]);
  });
});

/** DDL that MySQL 8.4 or MariaDB 11 accepts (from their manuals' grammars), each with the first column it must give. */
test.each([
  ['CREATE TABLE t (a BOOL DEFAULT TRUE)', 'a | BOOL | = TRUE'],
  ['CREATE TABLE t (a YEAR(4))', 'a | YEAR(4)'],
  ['CREATE TABLE t (a NVARCHAR(10) NULL)', 'a | NVARCHAR(10)'],
  ['CREATE TABLE t (a LONG VARBINARY)', 'a | LONG VARBINARY'],
  ["CREATE TABLE t (a char(1) DEFAULT _utf8mb4'x')", "a | char(1) | = _utf8mb4'x'"],
  ["CREATE TABLE t (a VARCHAR(9) DEFAULT 'a\\'b''c')", "a | VARCHAR(9) | = 'a\\'b''c'"],
  ['CREATE TABLE t (a INT KEY AUTO_INCREMENT)', 'a | INT | required | unique | auto'],
  ['CREATE TABLE t (a INT UNIQUE KEY COMMENT "say ""hi""")', 'a | INT | unique'],
  [
    'CREATE TABLE t (a timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp())',
    'a | timestamp | required | = current_timestamp()',
  ],
  ['CREATE TABLE t (a longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`a`)))', 'a | longtext'],
  ['CREATE TABLE t (a INT SERIAL DEFAULT VALUE)', 'a | INT | required | unique | auto'],
  ['CREATE TABLE t (a INT, KEY k USING BTREE (a), UNIQUE INDEX (a) VISIBLE, INDEX (a ASC) KEY_BLOCK_SIZE = 8)', 'a | INT | unique'],
  ['CREATE TABLE t (a INT) ENGINE InnoDB, CHARSET = utf8, COMMENT "x"', 'a | INT'],
  ['CREATE TABLE t (a INT) PARTITION BY HASH (a) PARTITIONS 4', 'a | INT'],
  ['CREATE OR REPLACE TABLE `t``x` (`a` INT)', 'a | INT'],
  ['CREATE TABLE t (2fa INT, $b INT)', '2fa | INT'],
  ['CREATE TABLE t (a INT /* ; ) */, # ; )\n b INT -- ; )\n)', 'a | INT'],
  ['CREATE TABLE t (a INT); ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4, DISABLE KEYS', 'a | INT'],
  ['CREATE TABLE t (a INT); ALTER TABLE t ADD CONSTRAINT UNIQUE (a), ADD INDEX (a), DROP INDEX a', 'a | INT | unique'],
  ['CREATE TABLE t (a INT); ALTER TABLE t COMMENT = "x", ALGORITHM = INPLACE, LOCK = NONE', 'a | INT'],
  ['CREATE TABLE t (a INT PRIMARY KEY); ALTER TABLE t DROP PRIMARY KEY, ADD b INT FIRST, DROP COLUMN a', 'b | INT'],
  ['CREATE TABLE t (a INT, KEY k (a)); DROP INDEX k ON t', 'a | INT'],
  ['CREATE TABLE old (z INT); DROP TABLE old; CREATE TABLE t (a INT)', 'a | INT'],
])('accepts %s', async (source, first) => {
  const { body } = await read(source);
  expect(fields(body.tables[0]!)[0]).toBe(first);
});

test.each([
  ['a comma too many', 'CREATE TABLE t (\n  a INT,\n)', 3, 1],
  ['a comma too few', 'CREATE TABLE t (\n  a INT\n  b INT\n)', 3, 3],
  ['no closing bracket', 'CREATE TABLE t (a INT;', 1, 22],
  ['a misspelt keyword', 'CREATE TABEL t (a INT)', 1, 1],
  ['a misspelt type', 'CREATE TABLE t (\n  é ITN NOT NULL\n)', 2, 5],
  ['a misspelt attribute', 'CREATE TABLE t (a INT NOT NULL AUTOINCREMENT)', 1, 32],
  ['a misspelt option', 'CREATE TABLE t (a INT) ENGNE=InnoDB', 1, 24],
  ['a missing semicolon', 'CREATE TABLE t (a INT)\nCREATE TABLE u (b INT)', 2, 1],
  ['a reserved word', 'CREATE TABLE t (group INT)', 1, 17],
  ['no default', 'CREATE TABLE t (a INT DEFAULT NOT NULL)', 1, 31],
  ['an empty key', 'CREATE TABLE t (a INT, PRIMARY KEY ())', 1, 37],
  ['no referential action', 'CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (b) ON DELETE NOTHING)', 1, 67],
  ['a statement of no kind', 'CREATE TABLE t (a INT);\nINSRT INTO t VALUES (1)', 2, 1],
  ['an open string', "CREATE TABLE t (a INT);\nINSERT INTO t VALUES ('x\\')", 2, 23],
  ['an open name', 'CREATE TABLE `t (a INT)', 1, 14],
  ['an open comment', 'CREATE TABLE t (a INT) /* x', 1, 24],
  ['a bad ALTER', 'CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT ADD COLUMN c INT', 1, 56],
  ['a bad index', 'CREATE TABLE t (a INT); CREATE INDEX i ON t', 1, 44],
])('%s is an error at its place', async (_, source, line, column) => {
  const result = await importSql({ source, dialect: 'mysql' });
  expect(result).toMatchObject({ ok: false, line, column });
});

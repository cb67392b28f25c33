import { describe, expect, test } from '@jest/globals';
import { importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import type { SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';
import { positionsOf } from '../../../src/domains/databaseSchemas/import/positions.ts';

const dialects = ['postgres', 'mysql', 'sqlite'] as const;

describe('a source that cannot be imported says where and why', () => {
  test.each([
    ['a misspelt keyword', 'CREATE TABLE a (x int);\nCREAT TABLE b (y int);', 2, 1],
    ['an error after characters of two and four bytes', 'CREATE TABLE "é😀" (\n  "ü😀" int,, b int)', 2, 12],
    ['an error at the end', 'CREATE TABLE a (x int', 1, 22],
    ['a dangling comma', 'CREATE TABLE a (\r\n  x int,\r\n);', 3, 1],
    ['an open string', "CREATE TABLE a (x int);\n SELECT 'abc", 2, 9],
    ['an open dollar quote', 'CREATE TABLE a (x int);\nDO $x$ abc $$', 2, 4],
    ['an error in a later statement', 'CREATE TABLE a (x int);\nALTER TABLE a ADD CONSTRAINT y FOREIGN KEY x REFERENCES a;', 2, 44],
    ['an error of data that PostgreSQL would find', 'CREATE TABLE a (x int); UPDATE a SET', 1, 37],
  ])('%s', async (_, source, line, column) => {
    expect(await importSql({ source, dialect: 'postgres' })).toMatchObject({ ok: false, line, column });
  });

  test('a wrong dialect is named', async () => {
    const result = await importSql({ source: 'CREATE TABLE `a` (x int)', dialect: 'postgres' });
    expect(result).toMatchObject({ ok: false, column: 14, message: expect.stringContaining('MySQL') });
  });

  test.each(dialects)('%s: no table', async (dialect) => {
    for (const source of ['', '-- nothing', 'SELECT 1;', ';;']) {
      expect(await importSql({ source, dialect })).toEqual({
        ok: false,
        message: expect.stringContaining('CREATE TABLE'),
        line: 1,
        column: 1,
      });
    }
  });

  test('SQL Server, NUL and size', async () => {
    expect(await importSql({ source: 'CREATE TABLE t (a int)', dialect: 'mssql' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('MSSQL'),
    });
    expect(await importSql({ source: 'CREATE TABLE t\n (a\0 int)', dialect: 'postgres' })).toMatchObject({ ok: false, line: 2, column: 4 });
    const source = `CREATE TABLE t (a int); -- ${'é'.repeat(2 * 1024 * 1024)}`;
    expect(await importSql({ source, dialect: 'mysql' })).toMatchObject({ ok: false, message: expect.stringContaining('4 MB') });
  });
});

describe('hostile sources end in a clear answer', () => {
  const many = (count: number, line: (index: number) => string) => Array.from({ length: count }, (_, index) => line(index)).join('\n');
  const head = 'CREATE TABLE t (a int);\n';
  const sources: [string, SqlDialect, string][] = [
    ['deep brackets', 'postgres', `CREATE TABLE t (a int CHECK (${'('.repeat(20_000)}1${')'.repeat(20_000)}))`],
    ['deep brackets', 'mysql', `CREATE TABLE t (a int CHECK (${'('.repeat(20_000)}1${')'.repeat(20_000)}))`],
    ['deep brackets', 'sqlite', `CREATE TABLE t (a int DEFAULT (${'('.repeat(20_000)}1${')'.repeat(20_000)}))`],
    ['nested comments', 'postgres', `${head}${'/*'.repeat(500_000)}${'*/'.repeat(499_999)}`],
    ['quotes without end', 'postgres', `${head}SELECT ${"''".repeat(400_000)}'`],
    ['backslashes without end', 'mysql', `${head}SELECT '${'\\'.repeat(1_000_001)}'x`],
  ];
  test.each(sources)('%s, %s', async (_, dialect, source) => {
    const result = await importSql({ source, dialect });
    expect(result.ok ? 'imported' : result.message).toMatch(/nested|never closed/);
  });

  test.each(dialects)('100,000 statements of %s', async (dialect) => {
    const result = await importSql({ source: head + many(100_000, (index) => `INSERT INTO t VALUES (${index});`), dialect });
    if (!result.ok) throw new Error(result.message);
    expect(result.warnings).toEqual([
      expect.objectContaining({ code: 'DATA', message: expect.stringContaining('100000 INSERT statements') }),
    ]);
  });

  test.each(dialects)('warnings of %s are capped and the rest is counted', async (dialect) => {
    const result = await importSql({ source: many(800, (index) => `CREATE TABLE t${index} (a int CHECK (a > 0));`), dialect });
    if (!result.ok) throw new Error(result.message);
    expect(result.warnings).toHaveLength(501);
    expect(result.warnings.at(-1)).toEqual({ code: 'MORE_WARNINGS', construct: 'Warnings', message: expect.stringMatching(/^300 /) });
  });
});

test.each([
  ['tables', (index: number) => `CREATE TABLE t${index} (a int);`, 1001],
  ['columns', (index: number) => `ALTER TABLE t1 ADD c${index} int;`, 1001],
  ['indexes', (index: number) => `CREATE INDEX i${index} ON t1 (a);`, 502],
])('more %s than a schema may hold are refused at the first that is too much', async (what, line, at) => {
  const first = what === 'tables' ? '' : 'CREATE TABLE t1 (a int);';
  const source = [first, ...Array.from({ length: 1100 }, (_, index) => line(index + 1))].filter(Boolean).join('\n');
  for (const dialect of ['postgres', 'mysql', 'sqlite'] as const) {
    expect(await importSql({ source, dialect })).toMatchObject({ ok: false, message: expect.stringContaining(what), line: at });
  }
});

test('positionsOf counts lines of all kinds and characters, not code units', () => {
  const source = 'a\r\nb\rc\n😀d';
  // Every unit but the second half of the surrogate pair, and the end.
  const offsets = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10];
  expect(positionsOf(source, offsets).map(({ line, column }) => `${line}:${column}`)).toEqual([
    '1:1',
    '1:2',
    '1:3',
    '2:1',
    '2:2',
    '3:1',
    '3:2',
    '4:1',
    '4:2',
    '4:3',
  ]);
});

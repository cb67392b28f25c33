import { describe, expect, test } from '@jest/globals';
import { splitStatements } from '../../../src/domains/databaseSchemas/import/statements.ts';
import type { ImportDialect } from '../../../src/domains/databaseSchemas/import/result.ts';

const split = (source: string, dialect: ImportDialect) =>
  [...splitStatements(source, dialect)].map(({ start, end }) => source.slice(start, end));

describe('splitStatements', () => {
  test.each<[ImportDialect, string, string[]]>([
    ['postgres', "SELECT ';', E'\\';', \";\" ; SELECT 2", ["SELECT ';', E'\\';', \";\"", 'SELECT 2']],
    ['postgres', "SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
    ['postgres', 'SELECT $$;$$, $a$ ; $$ $a$; SELECT $1', ['SELECT $$;$$, $a$ ; $$ $a$', 'SELECT $1']],
    ['postgres', '/* a /* ; */ ; */ SELECT 1 -- ;\n; ;', ['SELECT 1']],
    ['postgres', '\\c chinook;\nSELECT 1;\n\\.x', ['\\c chinook;', 'SELECT 1', '\\.x']],
    ['postgres', "COPY t FROM stdin;\n1\t'x\n;\n\\.\nSELECT 1", ['COPY t FROM stdin', 'SELECT 1']],
    ['postgres', "COPY t FROM STDIN WITH (FORMAT csv);\n'", ['COPY t FROM STDIN WITH (FORMAT csv)']],
    [
      'postgres',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END; SELECT 2',
      ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END', 'SELECT 2'],
    ],
    [
      'postgres',
      'CREATE RULE r AS ON INSERT TO v DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO v DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    ['postgres', 'CREATE TABLE t (begin int, function int); SELECT 1', ['CREATE TABLE t (begin int, function int)', 'SELECT 1']],
    ['mysql', 'SELECT \';\\\';\', ";"";", `;`; SELECT 2', ['SELECT \';\\\';\', ";"";", `;`', 'SELECT 2']],
    ['mysql', 'SELECT 5--3; # ;\nSELECT 2 -- ;\n', ['SELECT 5--3', 'SELECT 2']],
    ['mysql', '/* a /* ; */ SELECT 1', ['SELECT 1']],
    ['mysql', '/*!40101 SET a=1 */; SELECT 1', ['SET a=1', 'SELECT 1']],
    ['mysql', '/*M!999999\\- enable the sandbox mode */ SELECT 1', ['SELECT 1']],
    [
      'mysql',
      'DELIMITER $$\nCREATE TRIGGER t BEGIN a; END$$\nDELIMITER ;\nSELECT 1;',
      ['DELIMITER $$', 'CREATE TRIGGER t BEGIN a; END', 'DELIMITER ;', 'SELECT 1'],
    ],
    ['mysql', 'delimiter //\nCREATE PROCEDURE p() BEGIN SELECT 1; END //\n', ['delimiter //', 'CREATE PROCEDURE p() BEGIN SELECT 1; END']],
    [
      'mysql',
      'CREATE TRIGGER t BEGIN IF a THEN b; END IF; CASE x WHEN 1 THEN y; END CASE; END; SELECT 1',
      ['CREATE TRIGGER t BEGIN IF a THEN b; END IF; CASE x WHEN 1 THEN y; END CASE; END', 'SELECT 1'],
    ],
    ['sqlite', "SELECT ';', [;], `;`, \";\" ; SELECT 'a\\'; SELECT 2", ['SELECT \';\', [;], `;`, ";"', "SELECT 'a\\'", 'SELECT 2']],
    ['sqlite', '.mode csv\nSELECT 1; /* open', ['.mode csv', 'SELECT 1']],
    [
      'sqlite',
      'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; SELECT 3',
      ['CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END', 'SELECT 3'],
    ],
  ])('%s: %s', (dialect, source, expected) => {
    expect(split(source, dialect)).toEqual(expected);
  });

  test('counts the data lines of COPY', () => {
    const [copy] = splitStatements('COPY t FROM stdin;\n1\n2\n3\n\\.\n', 'postgres');
    expect(copy?.dataLines).toBe(3);
  });
});

/** Migrations: the statements of the SQL export, and those that take them back. */
import { writeMigration } from '../../../databaseSchemas/diff/index.ts';
import { exportSchema } from '../../../databaseSchemas/export/index.ts';
import { dialects } from '../../../databaseSchemas/export/sql/write.ts';
import type { SchemaBody, SqlDialect } from '../../../databaseSchemas/model.ts';
import type { Application } from '../application.ts';
import { commands, databaseNames, readme, warningSection } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { textFile } from '../writing.ts';

const nothing: SchemaBody = { tables: [], relationships: [] };

/** SQL Server: foreign keys of cycles first, then the tables, children before parents. */
function dropMssql({ plan }: Application): string {
  const { quote } = dialects.mssql;
  const keys = plan.deferred.map(({ table, name }) => `ALTER TABLE ${quote(table)} DROP CONSTRAINT ${quote(name)};`);
  const tables = plan.tables.filter(({ columns }) => columns.length > 0).map(({ name }) => `DROP TABLE ${quote(name)};`);
  return [...keys, ...tables.toReversed()].map((statement) => `${statement}\n`).join('');
}

/** Returns the two files of the first migration, in `migrations/`. */
export function migrationFiles(application: Application): GeneratedFile[] {
  const { name, body, dialect } = application;
  const up = exportSchema({ name, body, format: 'sql', dialect }).text;
  const down = dialect === 'mssql' ? dropMssql(application) : writeMigration({ base: nothing, head: body }, dialect).backwardSql;
  return [textFile('migrations/0001_init.up.sql', up), textFile('migrations/0001_init.down.sql', down)];
}

const run: Readonly<Record<SqlDialect, (file: string) => string>> = {
  postgres: (file) => `psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file ${file}`,
  mysql: (file) => `mysql --host "$DB_HOST" --user "$DB_USER" --password "$DB_NAME" < ${file}`,
  sqlite: (file) => `sqlite3 -bail app.db < ${file}`,
  mssql: (file) => `sqlcmd -S "$DB_HOST" -U "$DB_USER" -d "$DB_NAME" -b -i ${file}`,
};

/** Returns migrations and a README with the commands that run them. */
export function generateSql(application: Application): GeneratedFile[] {
  const { name, version, dialect, tables } = application;
  const about = `Migrations for ${databaseNames[dialect]}: ${tables.length} ${tables.length === 1 ? 'table' : 'tables'} of version ${version} of the schema.`;
  const sections = [
    ['Create the tables', commands(run[dialect]('migrations/0001_init.up.sql'))],
    ['Drop them again', `This deletes all rows.\n\n${commands(run[dialect]('migrations/0001_init.down.sql'))}`],
    warningSection(application),
  ] as const;
  return [...migrationFiles(application), readme(name, about, sections)];
}

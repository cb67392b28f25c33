/** A Prisma schema with the package and the configuration that its command line needs. */
import { exportSchema } from '../../../databaseSchemas/export/index.ts';
import type { SqlDialect } from '../../../databaseSchemas/model.ts';
import type { Application } from '../application.ts';
import { commands, ignoreFiles, packageFile, readme } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { plain, slugOf, textFile } from '../writing.ts';

/** Addresses that let `prisma generate` and `validate` run before there is a database. */
const addresses: Readonly<Record<SqlDialect, string>> = {
  postgres: 'postgresql://app:app@localhost:5432/app',
  mysql: 'mysql://app:app@localhost:3306/app',
  sqlite: 'file:./app.db',
  mssql: 'sqlserver://localhost:1433;database=app;user=sa;password=Change_me_1;trustServerCertificate=true',
};

/** Prisma 7 takes the address of the database from here: https://www.prisma.io/docs/orm/reference/prisma-config-reference */
const config = (dialect: SqlDialect): string => `import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '${addresses[dialect]}' },
});
`;

/** Returns `prisma/schema.prisma`, `prisma.config.ts`, package.json and a README. */
export function generatePrisma({ name, version, body, dialect }: Application): GeneratedFile[] {
  const { text, warnings } = exportSchema({ name, body, format: 'prisma', dialect });
  return [
    textFile('prisma/schema.prisma', text),
    textFile('prisma.config.ts', config(dialect)),
    textFile('.env.example', `DATABASE_URL="${addresses[dialect]}"\n`),
    ...ignoreFiles(false),
    packageFile({
      name: `${slugOf(name, 'app')}-prisma`,
      version,
      description: `Prisma schema of ${name}`,
      scripts: {
        generate: 'prisma generate',
        validate: 'prisma validate',
        migrate: 'prisma migrate dev --name init',
        deploy: 'prisma migrate deploy',
      },
      dependencies: ['@prisma/client'],
      devDependencies: ['@types/node', 'prisma', 'typescript'],
    }),
    readme(`${name}: Prisma`, 'The schema as Prisma models, with both sides of each relation.', [
      ['Begin', commands('npm install', 'npm run validate', 'npm run generate')],
      ['Create the tables', `Set DATABASE_URL (see .env.example), then:\n\n${commands('npm run migrate')}`],
      ['Differences from the schema', warnings.map(({ message }) => `- ${plain(message)}\n`).join('')],
    ]),
  ];
}

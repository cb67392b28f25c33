/** What the generated servers share: the data layer, scripts, the Dockerfile. */
import type { SqlDialect } from '../../../databaseSchemas/model.ts';
import { commands, databaseNames, type Section } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { memorySource } from '../runtime/memory.ts';
import { connectPostgresSource, migratePostgresSource, postgresSource } from '../runtime/postgres.ts';
import { connectMemorySource, cursorSource, errorsSource, storeSource } from '../runtime/store.ts';
import type { PackageName } from '../versions.ts';
import { textFile } from '../writing.ts';

/** Returns `src/data/` and `src/errors.ts`. */
export function dataFiles(dialect: SqlDialect): GeneratedFile[] {
  const shared = [
    textFile('src/errors.ts', errorsSource),
    textFile('src/data/store.ts', storeSource),
    textFile('src/data/cursor.ts', cursorSource),
    textFile('src/data/memory.ts', memorySource),
  ];
  if (dialect !== 'postgres')
    return [...shared, textFile('src/data/connect.ts', connectMemorySource.replaceAll('DATABASE', databaseNames[dialect]))];
  return [
    ...shared,
    textFile('src/data/postgres.ts', postgresSource),
    textFile('src/data/connect.ts', connectPostgresSource),
    textFile('src/migrate.ts', migratePostgresSource),
  ];
}

/** Returns the dependencies of a server with this data layer. */
export const dataPackages = (dialect: SqlDialect, packages: readonly PackageName[]) => ({
  dependencies: [...packages, ...(dialect === 'postgres' ? (['pg'] as const) : [])],
  devDependencies: ['@types/node', 'typescript', ...(dialect === 'postgres' ? (['@types/pg'] as const) : [])] as readonly PackageName[],
});

/** Returns the scripts of a server. */
export const serverScripts = (dialect: SqlDialect): Record<string, string> => ({
  build: 'tsc',
  start: 'node --enable-source-maps dist/main.js',
  ...(dialect === 'postgres' && { migrate: 'node dist/migrate.js' }),
});

/** Returns what the README says about the database. */
export function databaseSection(dialect: SqlDialect): Section {
  if (dialect !== 'postgres') {
    return [
      'Database',
      `Rows are kept in memory and end with the process. A data layer for ${databaseNames[dialect]} is not generated: write one that implements \`Store\` (src/data/store.ts) and open it in src/data/connect.ts; the migrations in migrations/ create its tables.`,
    ];
  }
  const lines = ['export DATABASE_URL=postgres://app:app@localhost:5432/app', 'npm run migrate', 'npm start'];
  return ['Database', `Without DATABASE_URL rows are kept in memory and end with the process. With PostgreSQL:\n\n${commands(...lines)}`];
}

/** What the README says before anybody else can reach the server. */
export const accessSection: Section = [
  'Before others can reach it',
  'There is no sign-in: every caller may read and write every row and every column, such as password hashes. Put authentication in front, and leave out of src/models what clients must not see.',
];

/** Returns a Dockerfile in two stages that runs as an ordinary user; `extra` is copied beside `dist`. */
export function dockerfile(extra: readonly string[]): GeneratedFile {
  const copies = extra.map((path) => `COPY ${path} ./${path}\n`).join('');
  return textFile(
    'Dockerfile',
    `FROM node:22-alpine AS build
WORKDIR /app
COPY package.json package-lock.json* ./
RUN npm install --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:22-alpine
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
${copies}USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD wget -q -O /dev/null http://127.0.0.1:3000/health || exit 1
CMD ["node", "--enable-source-maps", "dist/main.js"]
`,
  );
}

/** A package of TypeScript types and zod validators. */
import { exportSchema } from '../../../databaseSchemas/export/index.ts';
import type { Application } from '../application.ts';
import { commands, ignoreFiles, namesSection, packageFile, readme, tsconfigFile } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { modelFiles } from '../models.ts';
import { inFolder, slugOf, textFile } from '../writing.ts';

function usage({ name, tables }: Application): string {
  const [first] = tables;
  if (!first) return '';
  const { typeName } = first;
  return `\`\`\`ts\nimport { ${typeName}Create } from '${slugOf(name, 'app')}-types';\n\nconst row = ${typeName}Create.parse(input); // throws a ZodError that names what does not suit\ntype Row = ${typeName}Create;\n\`\`\``;
}

const about =
  'For each table a validator and type of a row, of a new row (`…Create`), of changes (`…Update`) and of the key (`…Key`), as they travel in JSON: 64-bit integers and decimals as text, dates in ISO 8601, bytes as base64. `src/database.ts` has the rows as database drivers give them.';

/** Returns the package: `src/` with a module for each table, and `database.ts` with the rows as drivers give them. */
export function generateTypeScript(application: Application): GeneratedFile[] {
  const { name, version, body, dialect } = application;
  const database = exportSchema({ name, body, format: 'typescript', dialect }).text;
  return [
    packageFile({
      name: `${slugOf(name, 'app')}-types`,
      version,
      description: `Types and validators of ${name}`,
      extra: {
        exports: {
          '.': { types: './dist/index.d.ts', default: './dist/index.js' },
          './database': { types: './dist/database.d.ts', default: './dist/database.js' },
        },
        files: ['dist'],
      },
      scripts: { build: 'tsc', prepare: 'tsc' },
      dependencies: ['zod'],
      devDependencies: ['@types/node', 'typescript'],
    }),
    tsconfigFile(true),
    ...ignoreFiles(false),
    ...inFolder('src', modelFiles(application, false)),
    textFile('src/database.ts', `/** Rows as database drivers give them. */\n\n${database}`),
    readme(`${name}: types and validators`, about, [
      ['Build', commands('npm install', 'npm run build')],
      ['Use', usage(application)],
      namesSection(application),
    ]),
  ];
}

/** A REST API: Fastify, validators, an OpenAPI document, and a data layer over the database or over memory. */
import type { Application, AppTable } from '../application.ts';
import { commands, databaseNames, ignoreFiles, namesSection, packageFile, readme, tsconfigFile, type Section } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { modelFiles, tableConstant } from '../models.ts';
import { openApiDocument } from '../openapi.ts';
import { appSource, configSource, crudSource, mainSource } from '../runtime/http.ts';
import { inFolder, jsonFile, slugOf, textFile } from '../writing.ts';
import { accessSection, dataFiles, dataPackages, databaseSection, dockerfile, serverScripts } from './server.ts';
import { migrationFiles } from './sql.ts';

function resourceText(table: AppTable): string {
  const { slug, typeName } = table;
  return (
    `  {\n    path: '/${slug}',\n    table: models.${tableConstant(table)},\n    row: models.${typeName},\n` +
    `    create: models.${typeName}Create,\n    update: models.${typeName}Update,\n    key: models.${typeName}Key,\n  },\n`
  );
}

const routesFile = ({ tables }: Application): GeneratedFile =>
  textFile(
    'src/routes.ts',
    `/** What is served where. */\nimport type { Resource } from './http/crud.js';\nimport * as models from './models/index.js';\n\nexport const resources: Resource[] = [\n${tables.map(resourceText).join('')}];\n`,
  );

function routesSection({ tables }: Application): Section {
  const lines = tables.map(({ slug, key, planned }) => {
    const one = `/${slug}${key.map((property) => `/:${property}`).join('')}`;
    const routes =
      key.length > 0
        ? `\`GET\` and \`POST /${slug}\`, \`GET\`, \`PATCH\` and \`DELETE ${one}\``
        : `\`GET /${slug}\` (no key finds a single row)`;
    return `- ${routes}${planned.name === slug ? '' : `: the table \`${planned.name.replaceAll('`', "'").replace(/\s+/gu, ' ')}\``}\n`;
  });
  const about =
    'Lists take `limit` (1 to 100), `cursor` (`nextCursor` of the page before) and any property as a filter. Errors are `{ "error": { "code", "message" } }`. The whole API is in `openapi.json`, served at `/openapi.json`; `/health` tells whether the database answers.';
  return ['Routes', `${lines.join('')}\n${about}`];
}

/** Returns the server: it starts without a database and then keeps its rows in memory. */
export function generateRest(application: Application): GeneratedFile[] {
  const { name, version, dialect } = application;
  return [
    packageFile({
      name: `${slugOf(name, 'app')}-api`,
      version,
      description: `REST API of ${name}`,
      scripts: serverScripts(dialect),
      ...dataPackages(dialect, ['fastify', 'zod']),
    }),
    tsconfigFile(false),
    ...ignoreFiles(true),
    dockerfile(['openapi.json', 'migrations']),
    jsonFile('openapi.json', openApiDocument(application)),
    ...migrationFiles(application),
    ...inFolder('src/models', modelFiles(application, true)),
    ...dataFiles(dialect),
    textFile('src/http/crud.ts', crudSource),
    textFile('src/app.ts', appSource),
    textFile('src/config.ts', configSource),
    textFile('src/main.ts', mainSource),
    routesFile(application),
    readme(`${name}: REST API`, `A REST API for ${databaseNames[dialect]} in TypeScript, on Fastify.`, [
      ['Start', commands('npm install', 'npm run build', 'npm start', 'curl http://localhost:3000/health')],
      databaseSection(dialect),
      accessSection,
      routesSection(application),
      ['Docker', commands('docker build --tag api .', 'docker run --rm --publish 3000:3000 api')],
      namesSection(application),
    ]),
  ];
}

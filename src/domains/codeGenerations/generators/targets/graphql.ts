/** A GraphQL API: Apollo Server and DataLoader over the same models and data layer as the REST API. */
import type { Application, AppTable } from '../application.ts';
import { commands, databaseNames, ignoreFiles, namesSection, packageFile, readme, tsconfigFile, type Section } from '../documents.ts';
import { createGraphqlSchema, type GraphqlRelation, type GraphqlSchema } from '../graphqlSchema.ts';
import type { GeneratedFile } from '../input.ts';
import { modelFiles, tableConstant } from '../models.ts';
import { graphqlAppSource, loadersSource, resolversSource } from '../runtime/graphql.ts';
import { configSource, mainSource } from '../runtime/http.ts';
import { expression, inFolder, slugOf, textFile } from '../writing.ts';
import { accessSection, dataFiles, dataPackages, databaseSection, dockerfile, serverScripts } from './server.ts';
import { migrationFiles } from './sql.ts';

function relationText({ field, reference, backwards, many }: GraphqlRelation): string {
  const { child, properties, parent, targets } = reference;
  const [table, own, other] = backwards ? [child, targets, properties] : [parent, properties, targets];
  return `      { field: ${expression(field)}, properties: ${expression(own)}, table: models.${tableConstant(table)}, targets: ${expression(other)}, many: ${many} },\n`;
}

function resourceText(table: AppTable, schema: GraphqlSchema): string {
  const { typeName } = table;
  const relations = (schema.relations.get(table) ?? []).map(relationText).join('');
  return (
    `  {\n    type: '${typeName}',\n    table: models.${tableConstant(table)},\n    row: models.${typeName},\n` +
    `    create: models.${typeName}Create,\n    update: models.${typeName}Update,\n    key: models.${typeName}Key,\n` +
    `    fields: ${expression(schema.fields.get(table))},\n    relations: [${relations === '' ? '' : `\n${relations}    `}],\n  },\n`
  );
}

function resourcesFile({ tables }: Application, schema: GraphqlSchema): GeneratedFile {
  const enums = Object.entries(schema.enums).map(([name, values]) => `  ${name}: ${expression(values)},\n`);
  return textFile(
    'src/graphql/resources.ts',
    `/** What the resolvers serve, and what they call it. */\nimport * as models from '../models/index.js';\nimport type { Resource } from './resolvers.js';\n\n` +
      `/** Scalars of the schema that GraphQL lacks. */\nexport const scalars: string[] = ${expression(schema.scalars)};\n\n` +
      `/** Stored values of the enums, by their names in GraphQL. */\nexport const enums: Record<string, Record<string, string>> = {\n${enums.join('')}};\n\n` +
      `export const resources: Resource[] = [\n${tables.map((table) => resourceText(table, schema)).join('')}];\n`,
  );
}

function useSection({ tables }: Application, schema: GraphqlSchema): Section {
  const [first] = tables;
  const fields = first && schema.fields.get(first);
  if (!first || !fields) return ['Use', ''];
  const property = first.columns[0]?.property ?? '__typename';
  const query = JSON.stringify({ query: `{ ${fields.list}(first: 10) { items { ${property} } nextCursor } }` });
  return [
    'Use',
    `${commands(`curl http://localhost:3000/graphql --header 'content-type: application/json' --data '${query}'`)}\n\nThe whole API is in schema.graphql. Lists give \`items\` and \`nextCursor\`, which goes into \`after\`; relations are fetched for all rows of a list at once.`,
  ];
}

/** Returns the server: it starts without a database and then keeps its rows in memory. */
export function generateGraphql(application: Application): GeneratedFile[] {
  const { name, version, dialect } = application;
  const schema = createGraphqlSchema(application);
  return [
    packageFile({
      name: `${slugOf(name, 'app')}-graphql`,
      version,
      description: `GraphQL API of ${name}`,
      scripts: serverScripts(dialect),
      ...dataPackages(dialect, ['@apollo/server', 'dataloader', 'fastify', 'graphql', 'zod']),
    }),
    tsconfigFile(false),
    ...ignoreFiles(true),
    dockerfile(['schema.graphql', 'migrations']),
    textFile('schema.graphql', schema.sdl),
    ...migrationFiles(application),
    ...inFolder('src/models', modelFiles(application, true)),
    ...dataFiles(dialect),
    textFile('src/graphql/loaders.ts', loadersSource),
    textFile('src/graphql/resolvers.ts', resolversSource),
    resourcesFile(application, schema),
    textFile('src/app.ts', graphqlAppSource),
    textFile('src/config.ts', configSource),
    textFile('src/main.ts', mainSource.replace('const app = buildApp(', 'const app = await buildApp(')),
    readme(`${name}: GraphQL API`, `A GraphQL API for ${databaseNames[dialect]} in TypeScript, on Apollo Server.`, [
      ['Start', commands('npm install', 'npm run build', 'npm start', 'curl http://localhost:3000/health')],
      useSection(application, schema),
      databaseSection(dialect),
      accessSection,
      ['Docker', commands('docker build --tag graphql .', 'docker run --rm --publish 3000:3000 graphql')],
      namesSection(application),
    ]),
  ];
}

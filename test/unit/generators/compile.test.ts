/** Generated TypeScript compiles under every strict option, whatever the names and types of the schema are. */
import { expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { bodyArbitrary } from '../schemaExport/arbitrary.ts';
import { everyType, library } from './bodies.ts';
import { readSamples } from './samples.ts';
import { generateFiles, inputOf, typeErrors } from './support.ts';
import type { GeneratedFile, GenerationTarget } from '../../../src/domains/codeGenerations/generators/index.ts';
import type { SchemaBody, SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';

type Packages = Record<string, readonly GeneratedFile[]>;

/** The two servers hold everything else but \`database.ts\` and Prisma's configuration. */
function packagesOf(name: string, body: SchemaBody, targets: readonly GenerationTarget[], dialect: SqlDialect = 'postgres'): Packages {
  return Object.fromEntries(targets.map((target) => [`${name}-${target}`, generateFiles(inputOf(body, { target, dialect }))]));
}

/** Every target but for hostile bodies, whose GraphQL server has all that the REST server has but its routes. */
async function allPackages(): Promise<Packages> {
  const samples = await readSamples();
  const random = fc
    .sample(bodyArbitrary, runsOr(1))
    .map((body, index) => packagesOf(`random-${index}`, body, ['typescript', 'rest', 'graphql']));
  return Object.assign(
    {},
    packagesOf('types', everyType, ['typescript', 'prisma', 'rest', 'graphql']),
    packagesOf('library', library, ['rest'], 'mysql'),
    ...samples.filter(({ name }) => !name.startsWith('northwind')).map(({ name, body }) => packagesOf(name, body, ['rest'])),
    ...random,
  ) as Packages;
}

test('every target compiles, for samples and for random bodies with hostile names; a mistake is found', async () => {
  const mistake: GeneratedFile = {
    path: 'src/wrong.ts',
    language: 'typescript',
    content: "import { EveryType } from '../../types-rest/src/models/every-type.js';\nexport const n: EveryType['small'] = 'x';\n",
  };
  const errors = typeErrors({ ...(await allPackages()), mistake: [mistake] });
  expect(errors).toEqual(["mistake/src/wrong.ts:2: Type 'string' is not assignable to type 'number'."]);
}, 240_000);

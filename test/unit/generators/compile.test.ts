/** Generated TypeScript compiles under every strict option, whatever the names and types of the schema are. */
import { expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { bodyArbitrary } from '../schemaExport/arbitrary.ts';
import { sampleShop } from '../schemaExport/bodies.ts';
import { everyType } from './bodies.ts';
import { generateFiles, inputOf, typeErrors } from './support.ts';
import type { GeneratedFile } from '../../../src/domains/codeGenerations/generators/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';

const targets = ['typescript', 'rest', 'graphql', 'prisma'] as const;

function packagesOf(name: string, body: SchemaBody): Record<string, readonly GeneratedFile[]> {
  return Object.fromEntries(targets.map((target) => [`${name}-${target}`, generateFiles(inputOf(body, { target }))]));
}

test('every target compiles, also for random bodies with hostile names', () => {
  const bodies = fc.sample(bodyArbitrary, runsOr(2));
  const random = bodies.map((body, index) => packagesOf(`random-${index}`, body));
  const packages = Object.assign({}, packagesOf('shop', sampleShop), packagesOf('types', everyType), ...random) as Record<
    string,
    GeneratedFile[]
  >;
  expect(typeErrors(packages)).toEqual([]);
}, 240_000);

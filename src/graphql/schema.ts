/** The executable schema: the SDL files of `schema/`, the resolvers of the domains, one rule for enums. */
import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { packageRoot } from '../root.ts';
import { enumResolvers, readUnknownValues } from './enums.ts';
import { addSelections } from './readAhead.ts';
import { resolvers } from './resolvers.ts';
import { scalars } from './scalars.ts';

/** Returns the parsed SDL files, in alphabetical order. */
export function readTypeDefs(): DocumentNode[] {
  const folder = new URL('schema/', packageRoot);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .sort();
  return files.map((file) => parse(readFileSync(new URL(file, folder), 'utf8'), { noLocation: true }));
}

/** Builds the executable schema. */
export function createSchema(): GraphQLSchema {
  const typeDefs = readTypeDefs();
  const schema = makeExecutableSchema({
    typeDefs,
    resolvers: { ...enumResolvers(typeDefs), ...scalars, ...resolvers },
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    // The schema is of this call alone; copying it to add the resolvers takes a third of the whole.
    updateResolversInPlace: true,
  });
  return addSelections(readUnknownValues(schema));
}

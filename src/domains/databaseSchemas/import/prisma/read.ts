/** Prisma schemas. https://www.prisma.io/docs/orm/reference/prisma-schema-reference */
import { parsePrismaSchema, type PrismaSchema } from '@loancrate/prisma-schema-parser';
import { createTable, type Draft } from '../draft.ts';
import type { ManyToManyLink } from '../manyToMany.ts';
import { SourceError } from '../result.ts';
import { offsetOf, readType } from './ast.ts';
import { toDesign } from './design.ts';
import { toColumn } from './fields.ts';
import { keysOf } from './keys.ts';
import { foreignKeysOf, manyToManyOf } from './relations.ts';

/** The parser's error: where it stopped, and what it found there. */
interface ParserError extends Error {
  readonly found?: string | null;
  readonly location?: { readonly start: { readonly offset: number } };
}

const isParserError = (error: unknown): error is ParserError => error instanceof Error && 'location' in error;

/** Parses, and throws a SourceError at the place where the source is no Prisma schema. */
function parse(source: string): PrismaSchema {
  try {
    return parsePrismaSchema(source);
  } catch (error) {
    if (!isParserError(error)) throw error;
    const found =
      error.found == null ? 'The source ends' : /[\r\n]/u.test(error.found) ? 'The line ends' : `${JSON.stringify(error.found)} stands`;
    throw new SourceError(`Prisma: ${found} where the language wants something else.`, error.location?.start.offset ?? 0);
  }
}

/** Reads a Prisma schema into the draft and returns its implicit many-to-many relations. Throws a SourceError for what is not one. */
export function readPrisma(draft: Draft, source: string): ManyToManyLink[] {
  const design = toDesign(parse(source), draft, source);
  for (const { name, values, declaration } of design.enums.values()) {
    if (draft.enums.has(name)) throw new SourceError(`Two enums are named "${name}" in the database.`, offsetOf(declaration));
    draft.enums.set(name, { name, values: [...values.values()] });
  }
  for (const model of design.models.values()) {
    const scalars = model.fields.filter(({ field }) => !design.models.has(readType(field.type).name));
    createTable(draft, {
      table: { schema: null, name: model.table, offset: offsetOf(model.declaration) },
      ifNotExists: false,
      description: model.description,
      columns: scalars.map(({ field, description }) => toColumn(field, { model, description, design })),
      constraints: [...keysOf(model, design), ...foreignKeysOf(model, design)],
      copies: [],
    });
  }
  return manyToManyOf(design);
}

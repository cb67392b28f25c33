/** Schemas from the answers of a model. It uses the readers of imports, so it is loaded when it is first needed. */
import { readAiSchemas } from '../databaseSchemas/import/aiSchemas.ts';
import { readModel } from '../databaseSchemas/import/jsonModel.ts';
import { SourceError } from '../databaseSchemas/import/result.ts';
import type { ConversionWarning, SchemaBody } from '../databaseSchemas/model.ts';
import { validateSchemaBody } from '../databaseSchemas/validation.ts';
import type { Reading } from './structured.ts';

/** What a model designed. */
export interface Design {
  readonly body: SchemaBody;
  readonly warnings: readonly ConversionWarning[];
}

/** Losses that a design must not have: a foreign key or an index that leads nowhere is a mistake of the model. */
const mistakes: ReadonlySet<string> = new Set(['UNKNOWN_FOREIGN_KEY_TARGET', 'UNKNOWN_COLUMN']);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const nothing: Reading<Design> = { problems: ['The answer has no tables: expected {"schemas": [{"name": ..., "fields": [...]}]}.'] };

/**
 * Reads the parsed JSON of an answer: `{schemas: […]}`, also within `completeDataStructure`, or `{tables, relationships}` as
 * this API has them. Returns the design, or everything that is wrong with it: what would also stop schemaCreate.
 */
export function readDesign(value: unknown): Reading<Design> {
  const outer = isRecord(value) && isRecord(value['completeDataStructure']) ? value['completeDataStructure'] : value;
  if (!isRecord(outer)) return nothing;
  const isModel = Array.isArray(outer['tables']);
  if (!isModel && !Array.isArray(outer['schemas'])) return nothing;
  try {
    const { body, warnings } = isModel ? readModel(outer) : readAiSchemas(outer);
    if (body.tables.length === 0) return nothing;
    const wrong = warnings.filter(({ code }) => mistakes.has(code));
    const problems = [...validateSchemaBody(body), ...wrong].map(({ message }) => message);
    return problems.length > 0 ? { problems } : { value: { body, warnings } };
  } catch (error) {
    if (error instanceof SourceError) return { problems: [error.message] };
    throw error;
  }
}

/** Schemas from the answers of a model: the JSON schema that it is asked to follow, and how what it writes is read. */
import type { ConversionWarning, SchemaBody } from '../databaseSchemas/model.ts';
import { validateSchemaBody } from '../databaseSchemas/validation.ts';
import type { AnswerFormat } from './endpoint.ts';
import type { Reading } from './structured.ts';

const text = { type: 'string' };
const optionalText = { type: ['string', 'null'] };
const flag = { type: 'boolean' };

/** An object all of whose properties must be there, as the strict mode of structured outputs wants it. */
function objectOf(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

const listOf = (items: unknown) => ({ type: 'array', items });

/** The shape that `import/aiSchemas.ts` reads. */
export const schemaFormat: AnswerFormat = {
  name: 'database_schema',
  schema: objectOf({
    schemas: listOf(
      objectOf({
        name: text,
        description: optionalText,
        fields: listOf(
          objectOf({
            name: text,
            type: text,
            primary: flag,
            required: flag,
            unique: flag,
            foreign: { ...optionalText, description: 'The column that a foreign key refers to, as "table.column".' },
            default: { ...optionalText, description: 'A SQL expression.' },
            description: optionalText,
          }),
        ),
        indexes: listOf(objectOf({ name: text, columns: listOf(text), unique: flag })),
      }),
    ),
  }),
};

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
export async function readDesign(value: unknown): Promise<Reading<Design>> {
  const outer = isRecord(value) && isRecord(value['completeDataStructure']) ? value['completeDataStructure'] : value;
  if (!isRecord(outer)) return nothing;
  const isModel = Array.isArray(outer['tables']);
  if (!isModel && !Array.isArray(outer['schemas'])) return nothing;
  // The reader of imports loads when it is first used.
  const [{ readAiSchemas }, { readModel }, { SourceError }] = await Promise.all([
    import('../databaseSchemas/import/aiSchemas.ts'),
    import('../databaseSchemas/import/jsonModel.ts'),
    import('../databaseSchemas/import/result.ts'),
  ]);
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

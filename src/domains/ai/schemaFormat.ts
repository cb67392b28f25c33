/** The JSON schema that a model is asked to follow when it designs a database schema. */
import type { AnswerFormat } from './endpoint.ts';

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

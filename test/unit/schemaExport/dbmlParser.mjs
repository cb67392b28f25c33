// Reads DBML with dbdiagram's own parser: a JSON list of texts comes in on stdin, what it found in each goes out.
// A process of its own, because the parser takes seconds to load and a lot of memory.
import { Parser } from '@dbml/core';

// Else a character whose bytes lie in two chunks would be broken.
process.stdin.setEncoding('utf8');
let input = '';
for await (const chunk of process.stdin) input += chunk;
const results = JSON.parse(input).map((text) => {
  try {
    const [schema] = new Parser().parse(text, 'dbmlv2').schemas;
    return {
      tables: schema.tables.map(({ name, note, fields, indexes }) => ({
        name,
        note: note ?? null,
        fields: fields.map((field) => ({
          name: field.name,
          type: field.type.type_name,
          required: field.not_null === true,
          note: field.note ?? null,
        })),
        indexes: indexes.length,
      })),
      enums: schema.enums.map(({ name, values }) => ({ name, values: values.map((value) => value.name) })),
      references: schema.refs.length,
    };
  } catch (error) {
    return { error: JSON.stringify(error.diags ?? String(error)) };
  }
});
process.stdout.write(JSON.stringify(results));

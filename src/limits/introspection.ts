/** How much work a question about the schema is. Its lists take no `first`, so their length is what this schema has. */

/** Fields that ask for the schema. graphql-js bounds how deep they go (`MaxIntrospectionDepthRule`), not how wide. */
export const introspectionRoots: ReadonlySet<string> = new Set(['__schema', '__type']);

/**
 * How many entries the lists of the introspection have for each object that they belong to, on average over the schema, and
 * somewhat more: it has 270 types with 3 fields each (the others are inputs, enums and scalars), of which half have an argument.
 */
const lengths: Readonly<Record<string, number>> = {
  __type: 30,
  types: 300,
  fields: 5,
  inputFields: 2,
  enumValues: 1,
  args: 0.7,
  possibleTypes: 0.5,
  interfaces: 0.2,
  directives: 5,
  ofType: 0.5,
};

/** A name or a description, against an object. */
const leaf = 0.3;

/**
 * Returns the estimated work of a field below `__schema` or `__type`; `below` is that of its selection, null for a field without
 * one. Measured: 90 to 270 an elapsed millisecond, 16,000 for the whole schema as GraphiQL asks for it.
 */
export function introspectionWork(field: string, below: number | null): number {
  return below === null ? leaf : (lengths[field] ?? 1) * (1 + below);
}

/** How PostgreSQL converts the values of a column from one type to another (USING of ALTER COLUMN … TYPE). */

const numeric = /^(?:smallint|integer|bigint|numeric|real|double precision)\b/u;
const textual = /^(?:text|citext|varchar|char)\b/u;
const temporal = /^(?:date|timestamp)\b/u;
const families = [numeric, textual, temporal, /^time(?!stamp)/u, /^jsonb?$/u, /^bit\b/u];

const isArray = (type: string): boolean => type.endsWith(']');

/**
 * Returns the expression that converts a column, where `column` is its quoted name and both types are printed ones. It always
 * compiles: what PostgreSQL has no cast for goes by way of text, and fails only on rows whose text the new type refuses.
 */
export function castExpression(column: string, from: string, to: string): string {
  if (!isArray(from) && !isArray(to)) {
    if (families.some((family) => family.test(from) && family.test(to))) return `${column}::${to}`;
    if (textual.test(from) || textual.test(to)) return `${column}::${to}`;
    if (from === 'boolean' && numeric.test(to)) return `${column}::integer::${to}`;
    if (numeric.test(from) && to === 'boolean') return `${column} <> 0`;
    if (from.startsWith('timestamp') && /^time(?!stamp)/u.test(to)) return `${column}::time::${to}`;
  }
  return `${column}::text::${to}`;
}

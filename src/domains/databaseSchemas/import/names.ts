/** Ids and names that the source does not give: made from names, the same for the same source. */

/** Ids and names may have 128 characters; this leaves room for a number that makes them unique. */
const MAX_LENGTH = 120;

/** Cuts without leaving half of a surrogate pair. */
function cut(text: string): string {
  return text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, '') : text;
}

/** Returns lower-case letters and digits of any script, all else as single underscores. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

/** Returns a function that makes names unique: the first keeps its name, the next get `_2`, `_3`. */
export function createUniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  const last = new Map<string, number>();
  return (name) => {
    let candidate = name;
    for (let number = last.get(name) ?? 1; taken.has(candidate);) {
      number += 1;
      last.set(name, number);
      candidate = `${name}_${number}`;
    }
    taken.add(candidate);
    return candidate;
  };
}

/** Returns the id of a table, such as `tbl_order_items`; not yet unique. */
export function tableId(name: string): string {
  return cut(`tbl_${slug(name) || 'table'}`);
}

/** Returns the id of a relationship, such as `rel_orders_customer_id`; not yet unique. */
export function relationshipId(table: string, columns: readonly string[]): string {
  return cut(`rel_${slug([table, ...columns].join('_')) || 'relationship'}`);
}

/** Returns the name that PostgreSQL would give a key, in every dialect: unlike MySQL's `PRIMARY` it is unique in a schema. */
export function defaultKeyName(table: string, { type, columns }: { type: string; columns: readonly string[] }): string {
  const stem = type === 'primary' ? [table] : [table, ...columns];
  const suffix = type === 'primary' ? 'pkey' : type === 'unique' ? 'key' : 'idx';
  return `${cut(stem.join('_')).slice(0, MAX_LENGTH - suffix.length)}_${suffix}`;
}

/**
 * DynamoDB expressions from plain objects. Names and values always become placeholders, so a name that a client
 * supplied can never turn into expression text.
 */

/** What DynamoDB stores in an attribute: JSON values and bytes. */
export type Value = unknown;

/** A condition on one item; every member must hold. */
export interface Condition {
  /** True: the item must exist; false: no item may have this key. */
  exists?: boolean;
  /** Attributes and the values they must have; `undefined` demands that the attribute is absent. */
  equals?: Readonly<Record<string, Value>>;
  /** Attributes and the values they must not have. */
  notEquals?: Readonly<Record<string, Value>>;
  /** Attributes that must be absent, or numbers below the given one: rows that have expired. */
  absentOrBelow?: Readonly<Record<string, number>>;
}

/** What an update does to an item: set, remove, add to a number (absent counts as 0) or to a set, take elements out of a set. */
export interface Changes {
  set?: Readonly<Record<string, Value>>;
  remove?: readonly string[];
  add?: Readonly<Record<string, number | ReadonlySet<number>>>;
  drop?: Readonly<Record<string, ReadonlySet<number>>>;
}

/** A restriction of the sort key within one partition. */
export type SortRange = { equals: string | number } | { beginsWith: string } | { from?: string | number; to?: string | number };

/** Collects placeholders while an expression is written. */
export class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, Value> = {};
  private readonly known = new Map<string, string>();

  /** Returns the placeholder of an attribute name, such as `#a0`. */
  name(attribute: string): string {
    let placeholder = this.known.get(attribute);
    if (!placeholder) {
      placeholder = `#a${this.known.size}`;
      this.known.set(attribute, placeholder);
      this.names[placeholder] = attribute;
    }
    return placeholder;
  }

  /** Returns a new placeholder of a value, such as `:v0`. */
  value(value: Value): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  /** Returns the two maps that a command takes, without empty ones: DynamoDB refuses those. */
  maps(): { ExpressionAttributeNames?: Record<string, string>; ExpressionAttributeValues?: Record<string, Value> } {
    return {
      ...(Object.keys(this.names).length > 0 && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
    };
  }
}

/** Returns the text of a condition; `keyAttribute` is the partition key, whose presence tells whether the item exists. */
export function conditionExpression(placeholders: Placeholders, keyAttribute: string, condition: Condition): string {
  const terms: string[] = [];
  const p = placeholders;
  if (condition.exists === true) terms.push(`attribute_exists(${p.name(keyAttribute)})`);
  if (condition.exists === false) terms.push(`attribute_not_exists(${p.name(keyAttribute)})`);
  for (const [name, value] of Object.entries(condition.equals ?? {})) {
    terms.push(value === undefined ? `attribute_not_exists(${p.name(name)})` : `${p.name(name)} = ${p.value(value)}`);
  }
  for (const [name, value] of Object.entries(condition.notEquals ?? {})) terms.push(`${p.name(name)} <> ${p.value(value)}`);
  for (const [name, value] of Object.entries(condition.absentOrBelow ?? {})) {
    terms.push(`(attribute_not_exists(${p.name(name)}) OR ${p.name(name)} < ${p.value(value)})`);
  }
  return terms.join(' AND ');
}

/** Returns the text of an update expression. */
export function updateExpression(placeholders: Placeholders, changes: Changes): string {
  const p = placeholders;
  const sets = Object.entries(changes.set ?? {}).map(([name, value]) => `${p.name(name)} = ${p.value(value)}`);
  const removes = (changes.remove ?? []).map((name) => p.name(name));
  const adds = Object.entries(changes.add ?? {}).map(([name, value]) => `${p.name(name)} ${p.value(value)}`);
  const drops = Object.entries(changes.drop ?? {}).map(([name, value]) => `${p.name(name)} ${p.value(value)}`);
  return [
    sets.length > 0 ? `SET ${sets.join(', ')}` : '',
    removes.length > 0 ? `REMOVE ${removes.join(', ')}` : '',
    adds.length > 0 ? `ADD ${adds.join(', ')}` : '',
    drops.length > 0 ? `DELETE ${drops.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Returns the text of a key condition: one partition and, where given, a range of the sort key. */
export function keyExpression(
  placeholders: Placeholders,
  partition: { attribute: string; value: string | number },
  sort?: { attribute: string; range: SortRange },
): string {
  const p = placeholders;
  const head = `${p.name(partition.attribute)} = ${p.value(partition.value)}`;
  if (!sort) return head;
  const { range } = sort;
  const name = p.name(sort.attribute);
  if ('equals' in range) return `${head} AND ${name} = ${p.value(range.equals)}`;
  if ('beginsWith' in range) return `${head} AND begins_with(${name}, ${p.value(range.beginsWith)})`;
  if (range.from !== undefined && range.to !== undefined)
    return `${head} AND ${name} BETWEEN ${p.value(range.from)} AND ${p.value(range.to)}`;
  if (range.from !== undefined) return `${head} AND ${name} >= ${p.value(range.from)}`;
  if (range.to !== undefined) return `${head} AND ${name} <= ${p.value(range.to)}`;
  return head;
}

/** Keys and indexes of Prisma models. */
import type { KeySpec } from '../specs.ts';
import { argumentOf, fieldList, findAttribute, nameOf, offsetOf, textOf, wordOf, type Attribute } from './ast.ts';
import { warnOfAttributes, warnOfDropped, type Design, type Model } from './design.ts';
import { columnName } from './fields.ts';

const kinds: Readonly<Record<string, string>> = { id: 'primary', unique: 'unique', index: 'btree', fulltext: 'fulltext' };

/** Returns the columns of fields by their names in the model; a name that the model lacks stays as it is and is reported later. */
export function columnsOf(model: Model, names: readonly string[]): string[] {
  const columns = new Map(model.fields.map(({ field }) => [field.name.value, columnName(field)]));
  return names.map((name) => columns.get(name) ?? name);
}

function keyOf(attribute: Attribute, fields: readonly string[], model: Model): KeySpec {
  const method = wordOf(argumentOf(attribute, 'type'))?.toLowerCase();
  return {
    kind: 'key',
    type: nameOf(attribute) === 'index' && method !== undefined ? method : (kinds[nameOf(attribute)] ?? 'btree'),
    name: textOf(argumentOf(attribute, 'map')) ?? null,
    columns: columnsOf(model, fields),
    offset: offsetOf(attribute),
  };
}

/** What an attribute says beside its fields, name and type; `name` is for Prisma's client. */
function warnOfOptions(attribute: Attribute, where: string, { draft }: Design): void {
  const known = new Set(['fields', 'map', 'name', 'type']);
  for (const argument of attribute.args ?? []) {
    if (argument.kind !== 'namedArgument' || known.has(argument.name.value)) continue;
    warnOfDropped(draft, `${argument.name.value} of @@${nameOf(attribute)} of ${where}`, offsetOf(attribute));
  }
}

/** Returns the keys of a model: those of its fields, then those of the whole model. */
export function keysOf(model: Model, design: Design): KeySpec[] {
  const where = `"${model.declaration.name.value}"`;
  const ofFields = (['id', 'unique'] as const).flatMap((name) =>
    model.fields.flatMap(({ field }) => {
      const attribute = findAttribute(field.attributes ?? [], name);
      if (attribute) warnOfOptions(attribute, where, design);
      return attribute ? [keyOf(attribute, [field.name.value], model)] : [];
    }),
  );
  const ofModel = model.attributes.flatMap((attribute) => {
    if (!(nameOf(attribute) in kinds)) return [];
    const { names, hasOptions } = fieldList(argumentOf(attribute, 'fields', { first: true }));
    if (hasOptions) warnOfDropped(design.draft, `Order or length of fields in @@${nameOf(attribute)} of ${where}`, offsetOf(attribute));
    warnOfOptions(attribute, where, design);
    return names.length > 0 ? [keyOf(attribute, names, model)] : [];
  });
  warnOfAttributes(design.draft, model.attributes, [...Object.keys(kinds), 'map'], where);
  return [...ofFields, ...ofModel];
}

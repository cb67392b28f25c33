/** Relation fields of Prisma models as foreign keys and many-to-many relationships. */
import type { FieldDeclaration } from '@loancrate/prisma-schema-parser';
import type { ReferentialAction } from '../../model.ts';
import type { ManyToManyLink } from '../manyToMany.ts';
import type { ForeignKeySpec } from '../specs.ts';
import { argumentOf, fieldList, findAttribute, offsetOf, readType, textOf, wordOf } from './ast.ts';
import { warnOfAttributes, type Design, type Model } from './design.ts';
import { columnsOf } from './keys.ts';

const actions: Readonly<Record<string, ReferentialAction>> = {
  Restrict: 'restrict',
  Cascade: 'cascade',
  SetNull: 'set-null',
  SetDefault: 'set-default',
};

const relationOf = ({ attributes = [] }: FieldDeclaration) => findAttribute(attributes, 'relation');

/** Name of a relation, which both of its sides share. */
const relationName = (field: FieldDeclaration): string | undefined => textOf(argumentOf(relationOf(field), 'name', { first: true }));

/** What Prisma's migrations write where the schema says nothing; NO ACTION is what databases do by themselves. */
function actionsOf(field: FieldDeclaration, optional: boolean): Pick<ForeignKeySpec, 'onDelete' | 'onUpdate'> {
  const relation = relationOf(field);
  const onDelete = actions[wordOf(argumentOf(relation, 'onDelete')) ?? (optional ? 'SetNull' : 'Restrict')];
  const onUpdate = actions[wordOf(argumentOf(relation, 'onUpdate')) ?? 'Cascade'];
  return { ...(onDelete && { onDelete }), ...(onUpdate && { onUpdate }) };
}

/** Returns the foreign keys of a model: one for each relation field that names its fields. */
export function foreignKeysOf(model: Model, design: Design): ForeignKeySpec[] {
  return model.fields.flatMap(({ field }) => {
    const target = design.models.get(readType(field.type).name);
    if (!target) return [];
    warnOfAttributes(design.draft, field.attributes ?? [], ['relation'], `"${model.declaration.name.value}.${field.name.value}"`);
    const { names } = fieldList(argumentOf(relationOf(field), 'fields'));
    if (names.length === 0) return [];
    const offset = offsetOf(field);
    const isOptional = model.fields.some((other) => names.includes(other.field.name.value) && readType(other.field.type).optional);
    return [
      {
        kind: 'foreign' as const,
        name: textOf(argumentOf(relationOf(field), 'map')) ?? null,
        columns: columnsOf(model, names),
        table: { schema: null, name: target.table, offset },
        toColumns: columnsOf(target, fieldList(argumentOf(relationOf(field), 'references')).names),
        ...actionsOf(field, isOptional),
        offset,
      },
    ];
  });
}

/** The field of one column that identifies a row, where there is one. */
function idOf(model: Model): string | undefined {
  const field = model.fields.find((one) => findAttribute(one.field.attributes ?? [], 'id'));
  return field && columnsOf(model, [field.field.name.value])[0];
}

/** Returns the implicit many-to-many relations: lists on both sides, and fields on neither. Each is returned once. */
export function manyToManyOf(design: Design): ManyToManyLink[] {
  const links: ManyToManyLink[] = [];
  const seen = new Set<FieldDeclaration>();
  for (const model of design.models.values()) {
    for (const { field } of model.fields) {
      const type = readType(field.type);
      const target = type.list ? design.models.get(type.name) : undefined;
      const back = target?.fields.find((other) => {
        const otherType = readType(other.field.type);
        const isBack = otherType.list && otherType.name === model.declaration.name.value && other.field !== field;
        return isBack && relationName(other.field) === relationName(field);
      });
      const [from, to] = [idOf(model), target && idOf(target)];
      if (!target || !back || seen.has(field) || from === undefined || to === undefined) continue;
      seen.add(back.field);
      links.push({ from: { table: model.table, fields: [from] }, to: { table: target.table, fields: [to] } });
    }
  }
  return links;
}

/** Scalar fields of Prisma models as columns. */
import type { FieldDeclaration, SchemaExpression } from '@loancrate/prisma-schema-parser';
import { sqlTypeOf } from '../../export/prismaTypes.ts';
import { SourceError } from '../result.ts';
import type { ColumnSpec } from '../specs.ts';
import { argumentOf, findAttribute, nameOf, offsetOf, readType, textOf, type FieldType } from './ast.ts';
import { warnOfAttributes, warnOfDropped, type Design, type Model } from './design.ts';

/** Returns the name of a field's column. */
export function columnName({ name, attributes }: FieldDeclaration): string {
  return textOf(argumentOf(findAttribute(attributes ?? [], 'map'), 'name', { first: true })) ?? name.value;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `@db.VarChar(160)`: name and printed arguments. */
function nativeOf({ attributes = [] }: FieldDeclaration): { name: string; args: string } | undefined {
  const attribute = attributes.find((one) => nameOf(one).startsWith('db.'));
  if (!attribute) return undefined;
  const args = (attribute.args ?? []).flatMap((argument) =>
    argument.kind === 'literal' ? String(argument.value) : argument.kind === 'path' ? argument.value.join('.') : [],
  );
  return { name: nameOf(attribute).slice('db.'.length), args: args.length > 0 ? `(${args.join(',')})` : '' };
}

function sqlType(field: FieldDeclaration, type: FieldType, { dialect, enums, draft }: Design): string {
  const suffix = type.list ? '[]' : '';
  if (type.unsupported) return type.name + suffix;
  const declared = enums.get(type.name);
  if (declared) return declared.name + suffix;
  const native = nativeOf(field);
  const known = sqlTypeOf(type.name, native, dialect);
  if (known !== undefined) return known + suffix;
  const plain = sqlTypeOf(type.name, undefined, dialect);
  if (plain === undefined) {
    throw new SourceError(
      `The field "${field.name.value}" has the type "${type.name}", which the schema does not declare.`,
      offsetOf(field),
    );
  }
  if (!native) return plain + suffix;
  // A native type that the tables here do not list is a type of the database under its own name.
  const text = `${native.name.toLowerCase()}${native.args}`;
  const message = `The type @db.${native.name} of "${field.name.value}" was read as ${text}; check it.`;
  draft.warnings.add({ code: 'NATIVE_TYPE', construct: 'Type', message, offset: offsetOf(field) });
  return text + suffix;
}

interface DefaultReading {
  readonly field: FieldDeclaration;
  readonly type: FieldType;
  readonly design: Design;
  readonly where: string;
}

/** Numbers as they are written: the parser's have lost digits beyond the sixteenth. */
function numberText(value: number, { field, design }: DefaultReading): string {
  const attribute = findAttribute(field.attributes ?? [], 'default');
  const text = design.source.slice(attribute?.location?.start.offset, attribute?.location?.end.offset);
  return /\(\s*(?:value\s*:\s*)?([-+]?[\d.]+)\s*[,)]/u.exec(text)?.[1] ?? String(value);
}

function functionDefault(name: string, argument: string | undefined, { design, field, where }: DefaultReading): string | null {
  if (name === 'now') return 'now()';
  if (name === 'dbgenerated' && argument !== undefined) return argument;
  const offset = offsetOf(field);
  if (name === 'uuid') {
    const message = `The default uuid() of ${where}, which Prisma's client makes, was written as gen_random_uuid(), which the database makes.`;
    design.draft.warnings.add({ code: 'CLIENT_DEFAULT', construct: 'Default', message, offset });
    return 'gen_random_uuid()';
  }
  if (name !== 'autoincrement' && name !== 'dbgenerated') warnOfDropped(design.draft, `Default ${name}() of ${where}`, offset);
  return null;
}

function defaultText(expression: SchemaExpression, reading: DefaultReading): string | null {
  const values = reading.design.enums.get(reading.type.name)?.values;
  switch (expression.kind) {
    case 'functionCall': {
      const [argument] = expression.args ?? [];
      return functionDefault(expression.path.value.join('.'), argument?.kind === 'literal' ? textOf(argument) : undefined, reading);
    }
    case 'path': {
      const name = expression.value.join('.');
      return quote(values?.get(name) ?? name);
    }
    case 'array': {
      const items = expression.items.map((item) => defaultText(item, reading) ?? 'NULL');
      return items.length === 0 ? "'{}'" : `ARRAY[${items.join(', ')}]`;
    }
    case 'literal':
      if (typeof expression.value === 'string') return quote(textOf(expression) ?? '');
      return typeof expression.value === 'number' ? numberText(expression.value, reading) : String(expression.value);
  }
}

const isCall = (expression: SchemaExpression | undefined, name: string): boolean =>
  expression?.kind === 'functionCall' && expression.path.value.join('.') === name;

/** Returns a scalar field as a column, and warns of what it says to Prisma alone. */
export function toColumn(
  field: FieldDeclaration,
  { model, description, design }: { model: Model; description: string | null; design: Design },
): ColumnSpec {
  const type = readType(field.type);
  const where = `"${model.declaration.name.value}.${field.name.value}"`;
  warnOfAttributes(design.draft, field.attributes ?? [], ['id', 'unique', 'default', 'map'], where);
  const value = argumentOf(findAttribute(field.attributes ?? [], 'default'), 'value', { first: true });
  return {
    name: columnName(field),
    type: sqlType(field, type, design),
    // A list is never null for Prisma, but the column may be.
    notNull: !type.optional && !type.list,
    defaultValue: value ? defaultText(value, { field, type, design, where }) : null,
    autoIncrement: isCall(value, 'autoincrement'),
    description,
    offset: offsetOf(field),
  };
}

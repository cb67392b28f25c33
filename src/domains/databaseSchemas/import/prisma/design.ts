/** The declarations of a Prisma schema by name, and what warnings about them say. */
import type { EnumDeclaration, FieldDeclaration, ModelDeclaration, PrismaSchema } from '@loancrate/prisma-schema-parser';
import type { SqlDialect } from '../../model.ts';
import type { Draft } from '../draft.ts';
import { SourceError } from '../result.ts';
import { argumentOf, findAttribute, nameOf, offsetOf, textOf, withDescriptions, type Attribute } from './ast.ts';

/** A model that becomes a table. */
export interface Model {
  readonly declaration: ModelDeclaration;
  /** Name of the table. */
  readonly table: string;
  readonly description: string | null;
  readonly fields: readonly { readonly field: FieldDeclaration; readonly description: string | null }[];
  readonly attributes: readonly Attribute[];
}

export interface Enum {
  readonly declaration: EnumDeclaration;
  /** Name of the type in the database. */
  readonly name: string;
  /** Stored values by their names in the schema. */
  readonly values: ReadonlyMap<string, string>;
}

export interface Design {
  readonly draft: Draft;
  readonly source: string;
  /** Of the datasource's provider. */
  readonly dialect: SqlDialect;
  readonly models: ReadonlyMap<string, Model>;
  readonly enums: ReadonlyMap<string, Enum>;
}

const dialects: Readonly<Record<string, SqlDialect>> = {
  postgresql: 'postgres',
  postgres: 'postgres',
  cockroachdb: 'postgres',
  mysql: 'mysql',
  sqlite: 'sqlite',
  sqlserver: 'mssql',
};

function dialectOf({ declarations }: PrismaSchema): SqlDialect {
  const source = declarations.find(({ kind }) => kind === 'datasource');
  const members = source?.kind === 'datasource' ? source.members : [];
  const provider = members.find((member) => member.kind === 'config' && member.name.value === 'provider');
  const text = provider?.kind === 'config' ? (textOf(provider.value) ?? '') : '';
  if (text === 'mongodb')
    throw new SourceError(
      'The datasource is MongoDB, whose models have no tables. Import a schema of a SQL database.',
      provider?.kind === 'config' ? offsetOf(provider) : 0,
    );
  return dialects[text] ?? 'postgres';
}

/** Warns of something that a schema here has no place for. */
export function warnOfDropped({ warnings }: Draft, what: string, offset: number): void {
  warnings.add({
    code: 'PRISMA_ONLY',
    construct: what.split(' ')[0] ?? what,
    message: `${what} was dropped; a schema has no place for it.`,
    offset,
  });
}

/** Warns of every attribute that is not in the list. */
export function warnOfAttributes(draft: Draft, attributes: readonly Attribute[], known: readonly string[], where: string): void {
  for (const attribute of attributes) {
    const name = nameOf(attribute);
    if (known.includes(name) || name.startsWith('db.')) continue;
    const sigil = attribute.kind === 'blockAttribute' ? '@@' : '@';
    warnOfDropped(draft, `${sigil}${name} of ${where}`, offsetOf(attribute));
  }
}

const mapOf = (attributes: readonly Attribute[]): string | undefined =>
  textOf(argumentOf(findAttribute(attributes, 'map'), 'name', { first: true }));

function toModel(declaration: ModelDeclaration, description: string | null): Model {
  const attributes = declaration.members.filter((member) => member.kind === 'blockAttribute');
  const fields = withDescriptions(declaration.members).flatMap(({ member, description: text }) =>
    member.kind === 'field' ? [{ field: member, description: text }] : [],
  );
  return { declaration, table: mapOf(attributes) ?? declaration.name.value, description, fields, attributes };
}

function toEnum(declaration: EnumDeclaration, draft: Draft): Enum {
  const attributes = declaration.members.filter((member) => member.kind === 'blockAttribute');
  const values = withDescriptions(declaration.members).flatMap(({ member, description }) => {
    if (member.kind !== 'enumValue') return [];
    if (description !== null) warnOfDropped(draft, `Comment of the enum value "${member.name.value}"`, offsetOf(member));
    return [[member.name.value, mapOf(member.attributes ?? []) ?? member.name.value] as const];
  });
  warnOfAttributes(draft, attributes, ['map'], `the enum "${declaration.name.value}"`);
  return { declaration, name: mapOf(attributes) ?? declaration.name.value, values: new Map(values) };
}

/** Returns the declarations of a schema. Throws a SourceError where two have one name, or the database is no SQL database. */
export function toDesign(schema: PrismaSchema, draft: Draft, source: string): Design {
  const models = new Map<string, Model>();
  const enums = new Map<string, Enum>();
  for (const { member, description } of withDescriptions(schema.declarations)) {
    const name = member.name.value;
    if (member.kind === 'model' || member.kind === 'enum') {
      if (models.has(name) || enums.has(name))
        throw new SourceError(`"${name}" is declared twice. Rename or remove one.`, offsetOf(member));
    }
    if (member.kind === 'model') models.set(name, toModel(member, description));
    else if (member.kind === 'enum') {
      enums.set(name, toEnum(member, draft));
      if (description !== null) warnOfDropped(draft, `Comment of the enum "${name}"`, offsetOf(member));
    } else if (member.kind === 'view' || member.kind === 'type' || member.kind === 'typeAlias')
      warnOfDropped(draft, `${member.kind} "${name}"`, offsetOf(member));
  }
  return { draft, source, dialect: dialectOf(schema), models, enums };
}

/** Reading the syntax tree of a Prisma schema: attributes and their arguments. */
import type {
  BlockAttribute,
  CommentBlock,
  FieldAttribute,
  PrismaType,
  SchemaExpression,
  SourceRange,
  TrailingComment,
} from '@loancrate/prisma-schema-parser';

/** An attribute of a field or a block. */
export type Attribute = FieldAttribute | BlockAttribute;

/** Returns where something begins, 0 where the parser does not say. */
export const offsetOf = ({ location }: { location?: SourceRange }): number => location?.start.offset ?? 0;

/** Returns the name of an attribute without its sigils, such as `default` or `db.VarChar`. */
export const nameOf = ({ path }: Attribute): string => path.value.join('.');

/** Returns the first attribute of a name. */
export function findAttribute<T extends Attribute>(attributes: readonly T[], name: string): T | undefined {
  return attributes.find((attribute) => nameOf(attribute) === name);
}

/** Returns an argument by its name, or the first one without a name where the attribute has one that may go without (`first`). */
export function argumentOf(attribute: Attribute | undefined, name: string, { first = false } = {}): SchemaExpression | undefined {
  const args = attribute?.args ?? [];
  const named = args.find((argument) => argument.kind === 'namedArgument' && argument.name.value === name);
  if (named?.kind === 'namedArgument') return named.expression;
  return first ? args.find((argument) => argument.kind !== 'namedArgument') : undefined;
}

/** The parser leaves escapes as they are written; Prisma's are JSON's. */
function unescape(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** Returns the text of a string argument. */
export function textOf(expression: SchemaExpression | undefined): string | undefined {
  return expression?.kind === 'literal' && typeof expression.value === 'string' ? unescape(expression.value) : undefined;
}

/** Returns the last part of a path, such as `Cascade`. */
export function wordOf(expression: SchemaExpression | undefined): string | undefined {
  return expression?.kind === 'path' ? expression.value.at(-1) : undefined;
}

/** Returns the fields of `[a, b(sort: Desc)]`, and whether they say more than their names. */
export function fieldList(expression: SchemaExpression | undefined): { names: string[]; hasOptions: boolean } {
  const items = expression?.kind === 'array' ? expression.items : expression ? [expression] : [];
  const names = items.flatMap((item) =>
    item.kind === 'functionCall' ? item.path.value.join('.') : item.kind === 'path' ? item.value.join('.') : [],
  );
  return { names, hasOptions: items.some(({ kind }) => kind === 'functionCall') };
}

/** A field's type taken apart. */
export interface FieldType {
  /** Name of a scalar, model or enum; the SQL of an unsupported type. */
  readonly name: string;
  readonly unsupported: boolean;
  readonly list: boolean;
  readonly optional: boolean;
}

/** Returns what a type says. */
export function readType(type: PrismaType): FieldType {
  if (type.kind === 'list' || type.kind === 'optional' || type.kind === 'required') {
    return { ...readType(type.type), list: type.kind === 'list', optional: type.kind === 'optional' };
  }
  if (type.kind === 'unsupported') return { name: unescape(type.type.value), unsupported: true, list: false, optional: false };
  return { name: type.name.value, unsupported: false, list: false, optional: false };
}

const isDoc = ({ kind }: TrailingComment): boolean => kind === 'docComment';

/** Returns each member that is no comment, with the text of the `///` lines above and behind it. */
export function withDescriptions<T extends { kind: string; comment?: TrailingComment | null }>(
  members: readonly (T | CommentBlock)[],
): { member: T; description: string | null }[] {
  let above: string[] = [];
  return members.flatMap((member) => {
    if (isCommentBlock(member)) {
      above = member.comments.filter(isDoc).map(({ text }) => text.trim());
      return [];
    }
    const behind = member.comment && isDoc(member.comment) ? [member.comment.text.trim()] : [];
    const description = [...above, ...behind].join('\n') || null;
    above = [];
    return [{ member, description }];
  });
}

function isCommentBlock(member: { kind: string }): member is CommentBlock {
  return member.kind === 'commentBlock';
}

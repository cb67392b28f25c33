import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { Kind, parse, visit, type ASTNode, type DocumentNode, type FieldDefinitionNode, type TypeNode } from 'graphql';

const folder = new URL('../../schema/', import.meta.url);

/** All SDL files as one document; definitions and extensions alike. */
function readSdl(): DocumentNode {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return { kind: Kind.DOCUMENT, definitions: files.flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')).definitions) };
}

/** The parts of a node that this file looks at; which of them a kind of node has differs. */
interface Member {
  readonly kind: string;
  readonly name?: { readonly value: string };
  readonly description?: { readonly value: string };
}

/** Returns the path of every member that has no description: types, fields, arguments, input fields, enum values, directives. */
function undocumented(sdl: DocumentNode): string[] {
  const missing: string[] = [];
  const path: string[] = [];
  visit(sdl, {
    enter(node: ASTNode) {
      const { kind, name, description }: Member = node;
      if (!name) return;
      path.push(name.value);
      if (kind.endsWith('Definition') && !description?.value.trim()) missing.push(path.join('.'));
    },
    leave(node: ASTNode) {
      if ((node as Member).name) path.pop();
    },
  });
  return missing;
}

function fieldsOf(sdl: DocumentNode, type: string): FieldDefinitionNode[] {
  return sdl.definitions.flatMap((definition) =>
    (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION) && definition.name.value === type
      ? [...(definition.fields ?? [])]
      : [],
  );
}

/** Returns a type as SDL writes it, such as `[UserError!]!`. */
function text(type: TypeNode): string {
  if (type.kind === Kind.NON_NULL_TYPE) return `${text(type.type)}!`;
  return type.kind === Kind.LIST_TYPE ? `[${text(type.type)}]` : type.name.value;
}

function named(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type);
}

/** Returns the mutations whose payload is not an object with `userErrors: [UserError!]!`, or is not named after the mutation. */
function withoutUserErrors(sdl: DocumentNode): string[] {
  return fieldsOf(sdl, 'Mutation')
    .filter(
      ({ type }) =>
        !fieldsOf(sdl, named(type)).some(({ name, type: kind }) => name.value === 'userErrors' && text(kind) === '[UserError!]!'),
    )
    .map(({ name }) => name.value);
}

describe('the SDL in schema/', () => {
  const sdl = readSdl();

  test('documents every type, field, argument, input field and enum value', () => {
    expect(fieldsOf(sdl, 'Query').length).toBeGreaterThan(0);
    expect(undocumented(sdl)).toEqual([]);
  });

  test('answers every mutation with a payload that has userErrors', () => {
    expect(fieldsOf(sdl, 'Mutation').length).toBeGreaterThan(0);
    expect(withoutUserErrors(sdl)).toEqual([]);
  });

  test('names every payload after its mutation, and never answers with a Boolean', () => {
    const odd = fieldsOf(sdl, 'Mutation').filter(({ name, type }) => {
      const expected = `${name.value.charAt(0).toUpperCase()}${name.value.slice(1)}Payload`;
      return text(type) !== `${expected}!`;
    });
    expect(odd.map(({ name, type }) => `${name.value}: ${text(type)}`)).toEqual([]);
  });
});

describe('these checks', () => {
  const broken = parse(`
    "Fine." type Query { "Fine." a("Fine." x: Int, y: Int): Int  b: E }
    enum E { "Fine." ONE TWO }
    "Fine." input I { f: Int }
    "Fine." type Mutation { "Fine." good: GoodPayload! "Fine." bad: BadPayload! "Fine." worse: Boolean! }
    "Fine." type GoodPayload { "Fine." userErrors: [UserError!]! }
    "Fine." type BadPayload { "Fine." userErrors: [UserError!] }
    "   " scalar S
  `);

  test('find what is undocumented', () => {
    expect(undocumented(broken)).toEqual(['Query.a.y', 'Query.b', 'E', 'E.TWO', 'I.f', 'S']);
  });

  test('find payloads without userErrors', () => {
    expect(withoutUserErrors(broken)).toEqual(['bad', 'worse']);
  });
});

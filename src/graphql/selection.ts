/** What a client selected, as far as reading depends on it. */
import { collectSubFields } from '@graphql-tools/utils';
import {
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionSetNode,
} from 'graphql';
import type { ListSelection } from '../domains/list.ts';
import { attributesOfField } from './attributes.ts';

/** Visits the fields of a selection set with those of its fragments; fields that a directive may leave out are among them. */
function eachField(info: GraphQLResolveInfo, { selections }: SelectionSetNode, visit: (field: FieldNode) => void): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) visit(selection);
    else {
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : info.fragments[selection.name.value];
      if (fragment) eachField(info, fragment.selectionSet, visit);
    }
  }
}

/** Returns the attributes that the selected fields of a type need, or undefined for all. */
function attributesOf(info: GraphQLResolveInfo, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): string[] | undefined {
  const names = new Set<string>();
  for (const set of sets) eachField(info, set, ({ name }) => names.add(name.value));
  const needed = [...names].map((name) => attributesOfField(type, name));
  return needed.includes(null) ? undefined : [...new Set(needed.flatMap((attributes) => attributes ?? []))].sort();
}

/** Documents are kept from request to request, and so is what was found out about their fields. */
const known = new WeakMap<FieldNode, ListSelection>();

/** Returns what is selected of a field that returns a connection. */
export function selectionOfList(info: GraphQLResolveInfo): ListSelection {
  const [field, ...more] = info.fieldNodes;
  const remembered = field && more.length === 0 ? known.get(field) : undefined;
  if (remembered) return remembered;
  const nodes: SelectionSetNode[] = [];
  let needsEnd = false;
  for (const { selectionSet } of info.fieldNodes) {
    if (!selectionSet) continue;
    eachField(info, selectionSet, ({ name, selectionSet: below }) => {
      if (name.value === 'pageInfo') needsEnd = true;
      if (name.value === 'nodes' && below) nodes.push(below);
      if (name.value !== 'edges' || !below) return;
      eachField(info, below, (edge) => {
        if (edge.name.value === 'node' && edge.selectionSet) nodes.push(edge.selectionSet);
      });
    });
  }
  const type = nodeTypeOf(getNamedType(info.returnType) as GraphQLObjectType);
  const selection: ListSelection = { needsEnd, attributes: type && attributesOf(info, type, nodes) };
  if (field && more.length === 0) known.set(field, selection);
  return selection;
}

function nodeTypeOf(connection: GraphQLObjectType): GraphQLObjectType | undefined {
  const { nodes, edges } = connection.getFields();
  const type = nodes && edges && getNamedType(nodes.type);
  return isObjectType(type) ? type : undefined;
}

/** Returns the attributes that are needed of the object that a field returns, or undefined for all. */
export function attributesOfObject(info: GraphQLResolveInfo): readonly string[] | undefined {
  const type = getNamedType(info.returnType);
  const sets = info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  return isObjectType(type) ? attributesOf(info, type, sets) : undefined;
}

/** A field below another one, as its resolver will be called. */
export interface FieldBelow {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly info: GraphQLResolveInfo;
}

/**
 * Returns those of the wanted fields that are selected of the object type that `info` returns, or of the nodes of the
 * connection that it returns, with their arguments; without those that a directive leaves out, or whose arguments do not fit.
 */
export function fieldsBelow(info: GraphQLResolveInfo, wanted: (name: string) => boolean): FieldBelow[] {
  const { schema, fragments, variableValues } = info;
  const below = (type: GraphQLObjectType, fieldNodes: readonly FieldNode[]): Map<string, FieldNode[]> =>
    collectSubFields(schema, fragments, variableValues, type, [...fieldNodes]).fields;
  const type = getNamedType(info.returnType) as GraphQLObjectType;
  const node = nodeTypeOf(type);
  const own = below(type, info.fieldNodes);
  const objects = node ? [...named(own, 'nodes'), ...named(own, 'edges').flatMap((edge) => edgeNodes(edge, type))] : info.fieldNodes;
  return [...below(node ?? type, objects)].flatMap(([, fieldNodes]) => fieldBelow(node ?? type, fieldNodes));

  function edgeNodes(edge: FieldNode, connection: GraphQLObjectType): FieldNode[] {
    const { edges } = connection.getFields();
    return edges ? named(below(getNamedType(edges.type) as GraphQLObjectType, [edge]), 'node') : [];
  }

  function fieldBelow(parentType: GraphQLObjectType, fieldNodes: FieldNode[]): FieldBelow[] {
    const [first] = fieldNodes;
    const field = first && parentType.getFields()[first.name.value];
    if (!first || !field || !wanted(field.name)) return [];
    try {
      const args = getArgumentValues(field, first, variableValues);
      return [{ name: field.name, args, info: { ...info, fieldName: field.name, fieldNodes, returnType: field.type, parentType } }];
    } catch {
      // The field itself will say what is wrong with its arguments.
      return [];
    }
  }
}

/** Returns the fields of this name, under whatever alias. */
function named(fields: Map<string, FieldNode[]>, name: string): FieldNode[] {
  return [...fields.values()].flat().filter((field) => field.name.value === name);
}

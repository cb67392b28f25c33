/** The shape of a document: what its operations ask for, whatever the variables are. */
import { Kind, OperationTypeNode, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { tooComplex } from './errors.ts';
import { introspectionRoots, introspectionWork } from './introspection.ts';
import { operationLimits } from './limits.ts';

/** What a selection set comes to once its fragments are written out. */
interface Shape {
  /** Fields inside of fields, those of the introspection left out. */
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
  /** Fields of its own level. */
  readonly width: number;
  readonly introspects: boolean;
  /** The work that it would be below `__schema`. */
  readonly work: number;
  /** The work of the fields that ask for the schema. */
  readonly introspection: number;
}

const nothing: Shape = { depth: 0, aliases: 0, fields: 0, width: 0, introspects: false, work: 0, introspection: 0 };

function add(a: Shape, b: Shape): Shape {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    fields: a.fields + b.fields,
    width: a.width + b.width,
    introspects: a.introspects || b.introspects,
    work: a.work + b.work,
    introspection: a.introspection + b.introspection,
  };
}

/** Measures selection sets of one document. Each fragment is measured once, so the work is linear however often it is spread. */
function createMeasure(document: DocumentNode): (set: SelectionSetNode) => Shape {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const measured = new Map<string, Shape>();

  function measureFragment(name: string): Shape {
    const known = measured.get(name);
    if (known) return known;
    // A fragment inside of itself counts for nothing: validation refuses it.
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const shape = fragment ? measureSet(fragment.selectionSet) : nothing;
    measured.set(name, shape);
    return shape;
  }

  function measureField(field: FieldNode): Shape {
    const below = field.selectionSet ? measureSet(field.selectionSet) : nothing;
    const introspects = introspectionRoots.has(field.name.value);
    const work = introspectionWork(field.name.value, field.selectionSet ? below.work : null);
    return {
      depth: introspects ? 1 : below.depth + 1,
      aliases: below.aliases + (field.alias ? 1 : 0),
      fields: below.fields + 1,
      width: 1,
      introspects: introspects || below.introspects,
      work,
      introspection: introspects ? work : below.introspection,
    };
  }

  function measureSet(set: SelectionSetNode): Shape {
    let sum = nothing;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) sum = add(sum, measureField(selection));
      else
        sum = add(
          sum,
          selection.kind === Kind.INLINE_FRAGMENT ? measureSet(selection.selectionSet) : measureFragment(selection.name.value),
        );
    }
    return sum;
  }

  return measureSet;
}

/** What is known of a document that is within the limits. */
export interface DocumentFacts {
  /** True when an operation of it asks for the schema. */
  readonly introspects: boolean;
  /** Work of its questions about the schema; see `introspection.ts`. */
  readonly introspection: number;
}

const checked = new WeakMap<DocumentNode, DocumentFacts>();

/**
 * Throws QUERY_TOO_COMPLEX for a valid document of which any operation, also one that does not run, is too deep or has too
 * many aliases, fields or root mutations. A document is measured once; the caches keep it.
 */
export function checkDocument(document: DocumentNode): DocumentFacts {
  const known = checked.get(document);
  if (known) return known;
  const measure = createMeasure(document);
  let [introspects, introspection] = [false, 0];
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const shape = measure(node.selectionSet);
    const problem = problemOf(shape, { isMutation: node.operation === OperationTypeNode.MUTATION });
    if (problem !== null) throw tooComplex(problem, node);
    introspects ||= shape.introspects;
    introspection = Math.max(introspection, shape.introspection);
  }
  const facts = { introspects, introspection };
  checked.set(document, facts);
  return facts;
}

function problemOf({ depth, aliases, fields, width, introspection }: Shape, { isMutation }: { isMutation: boolean }): string | null {
  const limits = operationLimits;
  if (depth > limits.depth)
    return `The operation is ${depth} fields deep; at most ${limits.depth} are allowed. Ask for the rest in another request.`;
  if (aliases > limits.aliases)
    return `The operation has ${aliases} aliases; at most ${limits.aliases} are allowed. Split it, or use a list such as nodes(ids:).`;
  if (fields > limits.selections)
    return `The operation selects ${fields} fields once its fragments are written out; at most ${limits.selections} are allowed. Split it.`;
  if (introspection > limits.introspection)
    return 'The operation asks for the schema several times over. Ask for it once, without the fields of types of fields.';
  if (isMutation && width > limits.rootMutations)
    return `The mutation has ${width} root fields; at most ${limits.rootMutations} are allowed. Split it, or use a bulk mutation.`;
  return null;
}

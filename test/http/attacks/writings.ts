/** Ways to send the same operation: whoever looks for an offence in one of them only is passed by the others. */
import { createHash } from 'node:crypto';
import type { Offence, OperationBody, ValueOffence } from './documents.ts';

/** One request of GraphQL over HTTP. */
export interface Sent {
  readonly method: 'GET' | 'POST';
  /** Without `query` where only its hash is sent. */
  readonly body: Partial<OperationBody> & { readonly extensions?: object };
}

/** Requests that belong together, the offending one last. Those before it must be answered, by every server. */
export interface Writing {
  readonly name: string;
  readonly before: readonly Sent[];
  readonly offending: Sent;
}

function post(name: string, body: OperationBody, ...before: readonly OperationBody[]): Writing {
  return { name, before: before.map((earlier) => ({ method: 'POST', body: earlier })), offending: { method: 'POST', body } };
}

function get(name: string, body: OperationBody): Writing {
  return { name, before: [], offending: { method: 'GET', body } };
}

/** What a client of automatic persisted queries sends: the hash, with the text to make it known, or alone. */
function persisted({ query, ...rest }: OperationBody): { known: Sent['body']; hashOnly: Sent['body'] } {
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  return { known: { query, ...rest, extensions }, hashOnly: { ...rest, extensions } };
}

/** Returns the ways to write an offence that is in the document. */
export function writingsOf({ selection }: Offence): Writing[] {
  const literal = { query: `{ ${selection} }` };
  return [
    post('plainly', literal),
    post('once more', literal),
    post('in a fragment', { query: `query { ...All } fragment All on Query { ${selection} }` }),
    post('in a fragment of a fragment', {
      query: `query { ...All } fragment All on Query { ...Rest } fragment Rest on Query { ${selection} }`,
    }),
    post('in inline fragments', { query: `{ ... { ... on Query { ${selection} } } }` }),
    post('behind a directive with a variable', {
      query: `query ($yes: Boolean!) { ... @include(if: $yes) { ${selection} } }`,
      variables: { yes: true },
    }),
    post('in the second operation', { query: `query First { __typename } query Second { ${selection} }`, operationName: 'Second' }),
    get('by GET', literal),
    { name: 'as a persisted query', before: [], offending: { method: 'POST', body: persisted(literal).known } },
    { name: 'as a persisted query by GET', before: [], offending: { method: 'GET', body: persisted(literal).known } },
  ];
}

/** Returns the ways to send an offence that is in the value of a variable. */
export function valueWritingsOf({ type, selection, harmless, hostile }: ValueOffence): Writing[] {
  const query = `query Q($v: ${type}) { ${selection} }`;
  const variables = (v: unknown): Record<string, unknown> => ({ v });
  const good = { query, variables: variables(harmless) };
  const bad = { query, variables: variables(hostile) };
  const byDefault = type.replace(/!$/, '');
  const { known, hashOnly } = persisted(bad);
  return [
    post('by a variable', bad),
    post('by the default of a variable', { query: `query D($v: ${byDefault} = ${JSON.stringify(hostile)}) { ${selection} }` }),
    post('after the same document was answered', bad, good),
    post('in a fragment', { query: `query F($v: ${type}) { ...All } fragment All on Query { ${selection} }`, variables: bad.variables }),
    post('in the second operation', {
      query: `query First($v: ${type}) { ... @include(if: false) { ${selection} } } query Second($v: ${type}) { ${selection} }`,
      operationName: 'Second',
      variables: bad.variables,
    }),
    get('by GET', bad),
    {
      name: 'as a persisted query that is known',
      before: [{ method: 'POST', body: { ...known, variables: good.variables } }],
      offending: { method: 'POST', body: hashOnly },
    },
    {
      name: 'as a persisted query that is known, by GET',
      before: [{ method: 'POST', body: { ...known, variables: good.variables } }],
      offending: { method: 'GET', body: hashOnly },
    },
  ];
}

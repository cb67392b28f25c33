/** Operations that cost a server much more than their sender. All are meant for somebody who is signed in and owns three projects. */

/** The body of a POST. */
export interface OperationBody {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
}

/** What shows that an attack is one: what a server without limits does with it. */
export type Proof =
  /** It runs it and answers 200. */
  | 'answered'
  /** It refuses it too, but only after several times the work. */
  | 'work'
  /** Its stack overflows. */
  | 'overflow'
  /** It refuses it, with an answer as long as the request. */
  | 'echo';

/** An attack by one request. */
export interface Attack {
  readonly name: string;
  /** The `extensions.code` of the refusal. */
  readonly code: 'QUERY_TOO_COMPLEX' | 'BAD_USER_INPUT' | 'BAD_REQUEST' | 'GRAPHQL_VALIDATION_FAILED';
  readonly proof: Proof;
  /** JSON, or its text where its depth would overflow the stack of JSON.stringify. */
  readonly body: OperationBody | readonly OperationBody[] | string;
  /** Status of the refusal; 400 unless given. */
  readonly status?: number;
}

/** Returns the parts number 0 to `count - 1`, side by side. */
function many(count: number, part: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => part(i)).join(' ');
}

/** Returns `inner` inside of `depth` times `before` and `after`. */
function nested(depth: number, before: string, inner: string, after: string): string {
  return before.repeat(depth) + inner + after.repeat(depth);
}

/** Fragments of which each spreads the next one twice, one level below. */
function fanOut(depth: number): string {
  const links = many(
    depth,
    (i) => `fragment f${i} on User { projects(first: 2) { nodes { a: owner { ...f${i + 1} } b: owner { ...f${i + 1} } } } }`,
  );
  return `{ viewer { ...f0 } } ${links} fragment f${depth} on User { id }`;
}

/** Fragments of which each spreads the next one twice, side by side: little to do, but 2^30 to count for who counts naively. */
function spreadTwice(depth: number): string {
  return `{ ...f0 } ${many(depth, (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`)} fragment f${depth} on Query { __typename }`;
}

const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `prj_01jd3kq7m8e0h8x2v5w9y4z${String(i).padStart(3, '0')}`);

const documents: readonly Attack[] = [
  {
    name: 'the same field 20,000 times',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'work',
    body: { query: `{ ${many(20_000, () => '__typename')} }` },
  },
  {
    name: '3,000 aliases',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `{ ${many(3_000, (i) => `a${i}: __typename`)} }` },
  },
  { name: 'braces without an end', code: 'QUERY_TOO_COMPLEX', proof: 'overflow', body: { query: '{ viewer '.repeat(20_000) } },
  {
    name: 'inline fragments in each other',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'overflow',
    body: { query: `{ ${nested(5_000, '... { ', '__typename', ' }')} }` },
  },
  {
    name: 'lists in each other',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'overflow',
    body: { query: `{ node(id: ${nested(20_000, '[', '1', ']')}) { id } }` },
  },
  {
    name: 'objects in each other',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'overflow',
    body: { query: `{ node(id: ${nested(20_000, '{ a: ', '1', ' }')}) { id } }` },
  },
  {
    name: 'list types in each other',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'overflow',
    body: { query: `query ($a: ${nested(20_000, '[', 'ID', ']')}) { __typename }` },
  },
  {
    name: 'directives by the thousand',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `{ ${many(1_500, (i) => `a${i}: __typename @include(if: true) @skip(if: false)`)} }` },
  },
  {
    name: 'unknown directives by the thousand',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'work',
    body: { query: `{ __typename ${'@a '.repeat(40_000)} }` },
  },
  { name: 'fragments that double at each level', code: 'QUERY_TOO_COMPLEX', proof: 'answered', body: { query: fanOut(5) } },
  { name: 'fragments that double side by side', code: 'QUERY_TOO_COMPLEX', proof: 'answered', body: { query: spreadTwice(30) } },
  {
    name: '300 fragments that all spread each other',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'work',
    body: { query: `{ viewer { ...a0 } } ${many(300, (i) => `fragment a${i} on User { ${many(300, (k) => `...a${k}`)} }`)}` },
  },
  {
    name: 'lists whose fields must be merged, each with each',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'work',
    body: { query: `{ viewer { ${many(900, () => 'projects { nodes { id } }')} } }` },
  },
  {
    name: 'introspection around and around',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `{ ${many(8, (i) => `a${i}: __schema { types { fields { type { fields { name description } } } } }`)} }` },
  },
  {
    name: '2,000 operations',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: many(2_000, (i) => `query q${i} { __typename }`), operationName: 'q7' },
  },
  {
    name: '1,500 variables, each for one @include',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: {
      query: `query (${many(1_500, (i) => `$v${i}: Boolean = true`)}) { ${many(1_500, (i) => `a${i}: __typename @include(if: $v${i})`)} }`,
    },
  },
  {
    name: 'six mutations in one',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `mutation { ${many(6, (i) => `a${i}: settingsReset(dryRun: true) { userErrors { message } }`)} }` },
  },
];

const texts: readonly Attack[] = [
  {
    name: 'a third of a million comments',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `{ __typename } ${'#\n'.repeat(300_000)}` },
  },
  {
    name: 'a megabyte of commas',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'answered',
    body: { query: `{ __typename } ${','.repeat(1_000_000)}` },
  },
  {
    name: 'a name of a megabyte, to be sent back in an error',
    code: 'QUERY_TOO_COMPLEX',
    proof: 'echo',
    body: { query: `{ ${'x'.repeat(1_000_000)} }` },
  },
];

const values: readonly Attack[] = [
  {
    name: 'a value of half a megabyte, to be sent back in an error',
    code: 'BAD_USER_INPUT',
    proof: 'echo',
    body: {
      query: 'query ($status: ProjectStatus) { viewer { projects(filter: { status: $status }) { nodes { id } } } }',
      variables: { status: 'x'.repeat(500_000) },
    },
  },
  {
    name: 'variables 200 levels deep, where any JSON is allowed',
    code: 'BAD_USER_INPUT',
    proof: 'answered',
    body: {
      query:
        'mutation ($j: JSONObject) { deploymentCreate(input: { projectId: "x", environment: STAGING, provider: AWS, version: "1", metadata: $j }) { userErrors { code } } }',
      variables: JSON.parse(`{"j":{"a":${nested(200, '[', '', ']')}}}`) as Record<string, unknown>,
    },
  },
  {
    name: 'variables 100,000 levels deep that nothing uses',
    code: 'BAD_USER_INPUT',
    proof: 'answered',
    body: `{"query":"{ __typename }","variables":{"j":${nested(100_000, '[', '', ']')}}}`,
  },
  {
    name: '50,000 variables that nothing uses',
    code: 'BAD_USER_INPUT',
    proof: 'answered',
    body: { query: '{ __typename }', variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`v${i}`, []])) },
  },
  {
    name: '200 operations in a batch',
    code: 'BAD_REQUEST',
    proof: 'answered',
    body: Array.from({ length: 200 }, () => ({ query: '{ __typename }' })),
  },
  {
    name: 'a body of 2 MB for a small question',
    code: 'BAD_REQUEST',
    status: 413,
    proof: 'answered',
    body: { query: '{ __typename }', variables: { filling: 'x'.repeat(2_000_000) } },
  },
  {
    name: 'a body of 6 MB',
    code: 'BAD_REQUEST',
    status: 413,
    proof: 'answered',
    body: { query: '{ __typename }', variables: { filling: 'x'.repeat(6_000_000) } },
  },
];

/** Attacks by one request each. */
export const attacks: readonly Attack[] = [...documents, ...texts, ...values];

/** A part of a query that is over a limit. */
export interface Offence {
  readonly name: string;
  readonly code: Attack['code'];
  /** Fields of Query. */
  readonly selection: string;
}

/** One offence against each limit of a document, in less than 300 tokens, so that it can be written in many ways. */
export const offences: readonly Offence[] = [
  {
    name: 'depth',
    code: 'QUERY_TOO_COMPLEX',
    selection: `viewer { ${nested(4, 'projects(first: 1) { nodes { owner { ', 'id', ' } } }')} }`,
  },
  { name: 'aliases', code: 'QUERY_TOO_COMPLEX', selection: many(31, (i) => `a${i}: __typename`) },
  {
    name: 'cost',
    code: 'QUERY_TOO_COMPLEX',
    selection: `viewer { ${nested(3, 'projects(first: 100) { nodes { owner { ', 'id', ' } } }')} }`,
  },
  { name: 'list arguments', code: 'BAD_USER_INPUT', selection: `nodes(ids: ${JSON.stringify(ids(101))}) { id }` },
];

/** A query whose cost or size lies in its variables alone. */
export interface ValueOffence {
  readonly name: string;
  readonly code: Attack['code'];
  /** Definition of the variable `$v`, without a default. */
  readonly type: string;
  readonly selection: string;
  readonly harmless: unknown;
  readonly hostile: unknown;
}

/** Offences that are in the values of variables. */
export const valueOffences: readonly ValueOffence[] = [
  {
    name: 'cost',
    code: 'QUERY_TOO_COMPLEX',
    type: 'Int',
    selection: `viewer { ${nested(3, 'projects(first: $v) { nodes { owner { ', 'id', ' } } }')} }`,
    harmless: 1,
    hostile: 100,
  },
  {
    name: 'cost, by the last ones',
    code: 'QUERY_TOO_COMPLEX',
    type: 'Int',
    selection: `viewer { ${nested(3, 'projects(last: $v) { nodes { owner { ', 'id', ' } } }')} }`,
    harmless: 1,
    hostile: 100,
  },
  {
    name: 'list arguments',
    code: 'BAD_USER_INPUT',
    type: '[ID!]!',
    selection: 'nodes(ids: $v) { id }',
    harmless: ids(2),
    hostile: ids(101),
  },
];

/** The limits of one operation, the same on every transport. Documented in the README ("Limits"); a test holds the two together. */
export const operationLimits = {
  /** Lexical tokens of a document; comments do not count. */
  tokens: 1_000,
  /** Brackets of any kind that are open at once in a document, counted before it is parsed. */
  brackets: 64,
  /** Characters of a name or a number. */
  wordLength: 200,
  /** Characters of a document that mean nothing: comments, white space, commas. Whoever keeps a document keeps them, too. */
  ignoredCharacters: 65_536,
  /** Fields inside of fields. Introspection has the bound of graphql-js of its own (`MaxIntrospectionDepthRule`). */
  depth: 12,
  /** Fields with an alias, those of fragments as often as they are spread. */
  aliases: 30,
  /** Root fields of a mutation. */
  rootMutations: 5,
  /** Entries of an argument that is a list. */
  listEntries: 100,
  /** Variables of a request: a document of the allowed size cannot define more. */
  variables: 250,
  /** Objects and lists inside of each other in variables. */
  variableDepth: 64,
  /** Points of an operation, see `fieldCosts.ts`: about the objects that its answer may have. */
  cost: 20_000,
  /** Work of questions about the schema, see `introspection.ts`: twice what explorers and code generators ask. */
  introspection: 40_000,
  /** Selections that an operation has once its fragments are written out. */
  selections: 5_000,
  /** Read units (DynamoDB: 8 KB each, or 4 KB of a consistent read) that one operation may use. */
  readUnits: 4_000,
  /** Bytes of a request body, unless all its root fields are `largeInputs`. */
  bodyBytes: 1024 * 1024,
  /** Bytes of an answer. */
  answerBytes: 10 * 1024 * 1024,
  /** Milliseconds that a query or mutation may take. */
  milliseconds: 10_000,
} as const;

/** How many entries a list returns unless told, and at most. */
export const pageSizes = { usual: 25, most: 100 } as const;

/** The OpenAPI 3.1 document of the generated REST API: the routes and checks of the server, once more in JSON Schema. */
import type { AppColumn, Application, AppTable } from './application.ts';
import { orNull, type JsonSchema } from './wire.ts';

const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: JsonSchema): JsonSchema => ({ 'application/json': { schema } });
const response = (description: string, schema?: JsonSchema): JsonSchema => ({ description, ...(schema && { content: json(schema) }) });

const describe = (schema: JsonSchema, { planned }: AppColumn): JsonSchema => {
  const description = planned.field.description?.trim();
  return description ? { ...schema, description } : schema;
};

const valueSchema = (column: AppColumn): JsonSchema => describe(column.nullable ? orNull(column.wire.schema) : column.wire.schema, column);

function objectSchema(columns: readonly AppColumn[], required: readonly AppColumn[], closed: boolean): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.property, valueSchema(column)])),
    ...(required.length > 0 && { required: required.map(({ property }) => property) }),
    ...(closed && { additionalProperties: false }),
  };
}

function tableSchemas(table: AppTable): [string, JsonSchema][] {
  const { typeName, columns, key } = table;
  const description = table.planned.structure.table.description?.trim();
  const row = { ...(description && { description }), ...objectSchema(columns, columns, false) };
  if (key.length === 0) return [[typeName, row]];
  const needed = columns.filter(({ nullable, fallback }) => !nullable && fallback === undefined);
  const changeable = columns.filter(({ property }) => !key.includes(property));
  return [
    [typeName, row],
    [`${typeName}Create`, objectSchema(columns, needed, true)],
    [`${typeName}Update`, objectSchema(changeable, [], true)],
  ];
}

/** Answers that many operations share. */
const responses = {
  '400': ['Invalid', 'Something in the request does not suit.'],
  '404': ['Missing', 'There is no such row.'],
  '409': ['Conflict', 'Another row stands against it.'],
} as const;

const refusals = (...statuses: readonly (keyof typeof responses)[]): Record<string, JsonSchema> =>
  Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${responses[status][0]}` }]));

const sharedResponses = Object.fromEntries(
  Object.values(responses).map(([name, description]) => [name, response(description, reference('ApiError'))]),
);

const sharedParameters = {
  limit: { name: 'limit', in: 'query', description: 'Rows of a page.', schema: { type: 'integer', minimum: 1, maximum: 100, default: 25 } },
  cursor: { name: 'cursor', in: 'query', description: 'nextCursor of the page before.', schema: { type: 'string' } },
};

const comparable = ({ wire }: AppColumn): boolean => !['json', 'array', 'opaque', 'binary'].includes(wire.kind);

function listParameters({ columns }: AppTable): JsonSchema[] {
  return [
    { $ref: '#/components/parameters/limit' },
    { $ref: '#/components/parameters/cursor' },
    ...columns.filter(comparable).map(({ property, wire }) => ({
      name: property,
      in: 'query',
      description: 'Only rows with this value.',
      schema: wire.schema,
    })),
  ];
}

function listOperation(table: AppTable): JsonSchema {
  const page = {
    type: 'object',
    properties: { items: { type: 'array', items: reference(table.typeName) }, nextCursor: { type: ['string', 'null'] } },
    required: ['items', 'nextCursor'],
  };
  return {
    operationId: `list${table.typeName}`,
    tags: [table.typeName],
    summary: `Lists rows of ${table.planned.name}`,
    parameters: listParameters(table),
    responses: { '200': response('A page of rows; nextCursor is null on the last one.', page), ...refusals('400') },
  };
}

function rowOperations(table: AppTable): JsonSchema {
  const { typeName, planned } = table;
  const row = response('The row.', reference(typeName));
  const common = { tags: [typeName] };
  return {
    parameters: table.key.map((property) => ({
      name: property,
      in: 'path',
      required: true,
      schema: table.columns.find((column) => column.property === property)?.wire.schema ?? {},
    })),
    get: {
      operationId: `get${typeName}`,
      ...common,
      summary: `Reads a row of ${planned.name}`,
      responses: { '200': row, ...refusals('400', '404') },
    },
    patch: {
      operationId: `update${typeName}`,
      ...common,
      summary: `Changes a row of ${planned.name}`,
      requestBody: { required: true, content: json(reference(`${typeName}Update`)) },
      responses: { '200': row, ...refusals('400', '404', '409') },
    },
    delete: {
      operationId: `delete${typeName}`,
      ...common,
      summary: `Deletes a row of ${planned.name}`,
      responses: { '204': response('Deleted.'), ...refusals('400', '404', '409') },
    },
  };
}

function tablePaths(table: AppTable): [string, JsonSchema][] {
  const { slug, typeName, key, planned } = table;
  const get = listOperation(table);
  if (key.length === 0) return [[`/${slug}`, { get }]];
  const post = {
    operationId: `create${typeName}`,
    tags: [typeName],
    summary: `Creates a row of ${planned.name}`,
    requestBody: { required: true, content: json(reference(`${typeName}Create`)) },
    responses: {
      '201': { ...response('The new row.', reference(typeName)), headers: { location: { schema: { type: 'string' } } } },
      ...refusals('400', '409'),
    },
  };
  return [
    [`/${slug}`, { get, post }],
    [`/${slug}${key.map((property) => `/{${property}}`).join('')}`, rowOperations(table)],
  ];
}

const errorSchema: JsonSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        issues: {
          type: 'array',
          items: {
            type: 'object',
            properties: { path: { type: 'string' }, message: { type: 'string' } },
            required: ['path', 'message'],
          },
        },
      },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
};

const health = {
  get: {
    operationId: 'health',
    summary: 'Tells whether the server and its database answer',
    responses: {
      '200': response('Both do.', { type: 'object', properties: { status: { type: 'string' } }, required: ['status'] }),
      '503': response('The database does not.', { type: 'object', properties: { status: { type: 'string' } }, required: ['status'] }),
    },
  },
};

/** Returns the document. Paths and schemas are in the order of the tables. */
export function openApiDocument({ name, version, tables }: Application): JsonSchema {
  return {
    openapi: '3.1.0',
    info: { title: name, version: `${version}.0.0`, description: `REST API of the schema "${name}", version ${version}.` },
    servers: [{ url: 'http://localhost:3000' }],
    tags: tables.map(({ typeName, planned }) => ({ name: typeName, description: `Rows of ${planned.name}` })),
    paths: Object.fromEntries([['/health', health], ...tables.flatMap(tablePaths)]),
    components: {
      parameters: sharedParameters,
      responses: sharedResponses,
      schemas: Object.fromEntries([...tables.flatMap(tableSchemas), ['ApiError', errorSchema]]),
    },
  };
}

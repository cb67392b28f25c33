/** What the lean client writes and reads, against lib-dynamodb: request by request, answer by answer, and through a database. */
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import fc from '../support/fastCheck.ts';
import { createDatabase, type Database, type Operation, type Operations } from '../../src/data/client.ts';
import { readAnswer, requestText } from '../../src/data/lean/attributeValues.ts';
import { testCredentials, testDatabase } from '../support/database.ts';
import { runsOr } from '../support/randomRuns.ts';

/** Sends through lib-dynamodb to nobody: returns the body that it would send, and what it makes of an answer. */
async function throughStock(
  operation: Operation,
  input: object,
  answer = '{}',
): Promise<{ body: string; output: Record<string, unknown> }> {
  let body = '';
  const requestHandler = {
    handle: (request: HttpRequest) => {
      body = new TextDecoder().decode(request.body as Uint8Array);
      return Promise.resolve({ response: new HttpResponse({ statusCode: 200, headers: {}, body: Buffer.from(answer) }) });
    },
  };
  const client = new DynamoDBClient({ endpoint: 'http://nobody', region: 'us-east-1', credentials: testCredentials, requestHandler });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const commands = {
    GetItem: GetCommand,
    BatchGetItem: BatchGetCommand,
    Query: QueryCommand,
    TransactWriteItems: TransactWriteCommand,
    BatchWriteItem: BatchWriteCommand,
  };
  const { $metadata, ...output } = await documents.send(new commands[operation](input as never) as never);
  expect($metadata.httpStatusCode).toBe(200);
  return { body, output };
}

const special = fc.constantFrom(
  0,
  -0,
  1e-7,
  -1e-7,
  0.1 + 0.2,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  1.5e-300,
  123456.789,
  '',
  'null',
  '\u0000"\\\n',
  '𝒳👩‍👩‍👧',
);
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const numbers = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ min: -1e15, max: 1e15, noNaN: true }));
const bytes = fc.uint8Array({ maxLength: 40 });
const name = fc
  .oneof(text, fc.constantFrom('toString', 'length', 'S', 'N', 'M', 'L'))
  // lib-dynamodb loses or refuses maps with these; see below.
  .filter((key) => key !== '__proto__' && key !== 'constructor');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    ...[text, special, numbers, fc.boolean(), fc.constant(null), bytes, bytes.map((content) => Buffer.from(content))],
    fc.array(fc.oneof({ arbitrary: tie('value'), weight: 9 }, fc.constant(undefined)), { maxLength: 4 }),
    fc.dictionary(name, fc.oneof({ arbitrary: tie('value'), weight: 9 }, fc.constant(undefined)), { maxKeys: 4 }),
  ),
}));
const sets = fc.oneof(
  fc.uniqueArray(text, { minLength: 1, maxLength: 4 }).map((members) => new Set<unknown>(members)),
  fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 }).map((members) => new Set<unknown>(members)),
  fc.array(bytes, { minLength: 1, maxLength: 2 }).map((members) => new Set<unknown>(members)),
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
);
const row = fc.dictionary(name, fc.oneof({ arbitrary: value, weight: 6 }, sets, fc.constant(undefined)), { maxKeys: 8 });

const placeholders = { ExpressionAttributeNames: { '#a0': 'name' }, ConditionExpression: '#a0 = :v0' };
const inputs: { readonly [O in Operation]: (values: Record<string, unknown>) => Operations[O]['input'] } = {
  GetItem: (Key) => ({ TableName: 't', Key, ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' }),
  BatchGetItem: (key) => ({
    RequestItems: { t: { Keys: [key, key], ConsistentRead: false }, u: { Keys: [key], ProjectionExpression: 'a, b' } },
  }),
  Query: (values) => ({
    ...{ TableName: 't', IndexName: undefined, KeyConditionExpression: '#a0 = :v0', ScanIndexForward: false, Limit: 6 },
    ...{ ExpressionAttributeNames: { '#a0': 'name' }, ExpressionAttributeValues: values, ExclusiveStartKey: values },
    QueryFilter: { a: { ComparisonOperator: 'IN', AttributeValueList: Object.values(values).filter((member) => member !== undefined) } },
  }),
  TransactWriteItems: (values) => ({
    ClientRequestToken: 'token',
    TransactItems: [
      { Put: { TableName: 't', Item: values, ...placeholders, ExpressionAttributeValues: values } },
      { Update: { TableName: 't', Key: values, UpdateExpression: 'SET #a0 = :v0', ExpressionAttributeValues: values } },
      { Delete: { TableName: 't', Key: values } },
      { ConditionCheck: { TableName: 't', Key: values, ...placeholders, ExpressionAttributeValues: values } },
    ],
  }),
  BatchWriteItem: (values) => ({ RequestItems: { t: [{ PutRequest: { Item: values } }, { DeleteRequest: { Key: values } }] } }),
};
const operations = Object.keys(inputs) as Operation[];

test.each(operations)('%s: the request is the one that lib-dynamodb sends', async (operation) => {
  await fc.assert(
    fc.asyncProperty(row, async (values) => {
      const input = inputs[operation](values);
      const before = structuredClone(input);
      const lean: unknown = JSON.parse(requestText(operation, input));
      expect(input).toEqual(before);
      expect(lean).toEqual(JSON.parse((await throughStock(operation, input)).body));
    }),
    { numRuns: 100 },
  );
});

class Thing {
  constructor(readonly id: string) {}
}

test.each<[string, unknown]>([
  ['a Map', new Map<string, unknown>([['a', [1, new Map([['b', new Uint8Array([1])]])]]])],
  ['a NumberValue', NumberValue.from('123456789012345678901234567890.5')],
  ['a set of NumberValue', new Set([NumberValue.from('1'), NumberValue.from('2.50')])],
  ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['a set of bytes in a list', [new Set([new Uint8Array([1, 2]), new Uint8Array([3])])]],
  ['functions', { keep: 1, drop: () => 1, list: [() => 1, 2] }],
  ['objects of primitives', [new Number(3), new Boolean(false), new String('text')]],
])('%s is written as lib-dynamodb writes it', async (_, unusual) => {
  const input = inputs.GetItem({ unusual });
  expect(JSON.parse(requestText('GetItem', input))).toEqual(JSON.parse((await throughStock('GetItem', input)).body));
});

test.each<[string, unknown]>([
  ...[NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e21, 1e300].map((number): [string, unknown] => [String(number), number]),
  ['an empty set', new Set()],
  ['a set of booleans', new Set([true])],
  ['an object of a class', new Thing('x')],
  ['a date', new Date(0)],
  ['a regular expression', /x/],
])('%s is refused as lib-dynamodb refuses it, at any depth', async (_, refused) => {
  for (const values of [{ refused }, { list: [1, { refused }] }]) {
    const input = inputs.GetItem(values);
    const stock = await throughStock('GetItem', input).then(
      () => 'accepted',
      (error: unknown) => (error as Error).message,
    );
    expect(stock).not.toBe('accepted');
    expect(() => requestText('GetItem', input)).toThrow(stock);
  }
});

test('bytes that are no Uint8Array are refused with advice', () => {
  expect(() => requestText('GetItem', inputs.GetItem({ a: new DataView(new ArrayBuffer(1)) }))).toThrow('Bytes must be a Uint8Array');
});

test('a map with a member named constructor is a map', () => {
  expect(requestText('GetItem', inputs.GetItem({ a: { constructor: 'x' } }))).toContain('"Key":{"a":{"M":{"constructor":{"S":"x"}}}}');
});

test('an attribute named __proto__ stays an attribute, in and out', () => {
  const item = JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":1}}') as Record<string, unknown>;
  const body = requestText('GetItem', inputs.GetItem(item));
  expect(body).toContain('"Key":{"__proto__":{"M":{"polluted":{"BOOL":true}}},"a":{"M":{"__proto__":{"N":"1"}}}}');
  const { Item: read } = readAnswer('GetItem', { Item: (JSON.parse(body) as { Key: unknown }).Key }) as { Item: Record<string, unknown> };
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(JSON.stringify(read)).toBe(JSON.stringify(item));
  expect(read['polluted']).toBeUndefined();
});

describe('answers', () => {
  const attributes =
    '{"s":{"S":""},"n":{"N":"-1.5E-7"},"big":{"N":"9007199254740993"},"t":{"BOOL":true},"f":{"BOOL":false},"null":{"NULL":true},"b":{"B":"AQID"},' +
    '"empty":{"B":""},"l":{"L":[{"S":"x"},{"L":[]},{"M":{}}]},"m":{"M":{"k":{"M":{"b":{"B":"/+8="}}}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2.5"]},"bs":{"BS":["AQ=="]}}';
  const capacity = '{"TableName":"t","CapacityUnits":1.5,"Table":{"CapacityUnits":1},"GlobalSecondaryIndexes":{"i":{"CapacityUnits":0.5}}}';
  const metrics = `{"t":[{"ItemCollectionKey":${attributes},"SizeEstimateRangeGB":[0,1]}]}`;

  it.each<[Operation, string]>([
    ['GetItem', `{"Item":${attributes},"ConsumedCapacity":${capacity}}`],
    ['GetItem', '{}'],
    ['Query', `{"Items":[${attributes},{}],"Count":2,"ScannedCount":3,"LastEvaluatedKey":${attributes},"ConsumedCapacity":${capacity}}`],
    ['Query', '{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":null}'],
    [
      'BatchGetItem',
      `{"Responses":{"t":[${attributes}],"u":[]},"UnprocessedKeys":{"t":{"Keys":[${attributes}],"ConsistentRead":true,"ExpressionAttributeNames":{"#a":"b"}}},"ConsumedCapacity":[${capacity}]}`,
    ],
    ['BatchGetItem', '{"Responses":{},"UnprocessedKeys":{}}'],
    [
      'BatchWriteItem',
      `{"UnprocessedItems":{"t":[{"PutRequest":{"Item":${attributes}}},{"DeleteRequest":{"Key":${attributes}}}]},"ItemCollectionMetrics":${metrics}}`,
    ],
    ['TransactWriteItems', `{"ConsumedCapacity":[${capacity}],"ItemCollectionMetrics":${metrics}}`],
  ])('of %s are read as lib-dynamodb reads them', async (operation, answer) => {
    const { output } = await throughStock(operation, inputs[operation]({ id: 'x' }), answer);
    const read = readAnswer(operation, JSON.parse(answer));
    const present = Object.fromEntries(Object.entries(read).filter(([, member]) => member !== undefined));
    expect(present).toStrictEqual(output);
  });

  it.each(['{"N":"1e40"}', '{"X":"?"}', '{}'])('with the value %s are refused as lib-dynamodb refuses them', async (attribute) => {
    const answer = `{"Item":{"a":${attribute}}}`;
    const stock = await throughStock('GetItem', inputs.GetItem({ id: 'x' }), answer).then(
      ({ output }) => output,
      (error: unknown) => (error as Error).message,
    );
    expect(typeof stock).toBe('string');
    expect(() => readAnswer('GetItem', JSON.parse(answer))).toThrow(stock);
  });
});

describe('through a database', () => {
  let lean: Database;
  let stock: Database;
  let count = 0;
  const abortSignal = new AbortController().signal;

  beforeAll(async () => {
    const { endpoint, prefix } = await testDatabase();
    const options = { endpoint, prefix, region: 'us-east-1', credentials: testCredentials };
    lean = createDatabase({ ...options, client: 'lean' });
    stock = createDatabase({ ...options, client: 'stock' });
  });

  afterAll(() => {
    lean.close();
    stock.close();
  });

  /** Numbers that DynamoDB can store at all: magnitudes from 1e-130 on. */
  const isStorable = (stored: unknown): boolean =>
    typeof stored === 'number'
      ? stored === 0 || Math.abs(stored) > 1e-129
      : Array.isArray(stored)
        ? stored.every(isStorable)
        : stored === null || typeof stored !== 'object' || ArrayBuffer.isView(stored) || Object.values(stored).every(isStorable);
  // The emulator limits neither depth nor the empty name, as AWS does; both clients are asked the same.
  const stored = fc
    .dictionary(
      name.filter((key) => key !== '' && key !== 'id'),
      value,
      { maxKeys: 6 },
    )
    .filter(isStorable);

  /** Every way to read a row; without what differs from call to call. */
  async function readAll(database: Database, id: string): Promise<unknown[]> {
    const table = database.name('users');
    const capacity = { ReturnConsumedCapacity: 'TOTAL' } as const;
    const outputs = [
      await database.send('GetItem', { TableName: table, Key: { id }, ConsistentRead: true, ...capacity }, { abortSignal }),
      await database.send(
        'Query',
        {
          ...{ TableName: table, KeyConditionExpression: '#a = :v', ExpressionAttributeNames: { '#a': 'id' }, Limit: 1, ...capacity },
          ExpressionAttributeValues: { ':v': id },
        },
        { abortSignal },
      ),
      await database.send(
        'BatchGetItem',
        { RequestItems: { [table]: { Keys: [{ id }, { id: `${id}-absent` }] } }, ...capacity },
        { abortSignal },
      ),
    ];
    return outputs.map(({ $metadata, ...output }) => [$metadata.httpStatusCode, $metadata.attempts, output]);
  }

  async function write(database: Database, item: Record<string, unknown>, batch: boolean): Promise<void> {
    const TableName = database.name('users');
    const output = batch
      ? await database.send('BatchWriteItem', { RequestItems: { [TableName]: [{ PutRequest: { Item: item } }] } }, { abortSignal })
      : await database.send('TransactWriteItems', { TransactItems: [{ Put: { TableName, Item: item } }] }, { abortSignal });
    expect(output.$metadata.httpStatusCode).toBe(200);
  }

  it('rows written by one client are read the same by the other, by all five operations', async () => {
    await fc.assert(
      fc.asyncProperty(stored, fc.boolean(), async (attributes, batch) => {
        count += 1;
        const ids = [`lean-${process.pid}-${count}`, `stock-${process.pid}-${count}`] as const;
        await write(lean, { ...attributes, id: ids[0] }, batch);
        await write(stock, { ...attributes, id: ids[1] }, batch);
        for (const id of ids) {
          const read = await readAll(lean, id);
          expect(read).toStrictEqual(await readAll(stock, id));
          expect(JSON.stringify(read)).toContain(id);
        }
        const [[, , first], [, , second]] = [(await readAll(lean, ids[0]))[0], (await readAll(lean, ids[1]))[0]] as [unknown[], unknown[]];
        expect({ ...(first as { Item: object }).Item, id: '' }).toEqual({ ...(second as { Item: object }).Item, id: '' });
      }),
      { numRuns: runsOr(30) },
    );
  });
});

/**
 * Requests and answers of DynamoDB as JSON text, straight from and to plain JavaScript values. What is written and read, and
 * what is refused, is the same as with lib-dynamodb (`removeUndefinedValues: true`); only the two walks in between (values to
 * AttributeValues, AttributeValues to JSON by schema) are one. Values of unusual types go through the SDK's own converter.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Operation, Operations } from '../client.ts';

/** Returns the JSON text of a value. */
type Write = (value: unknown) => string;

/** Returns the plain value of parsed JSON, which it may change and return. */
type Read = (json: unknown) => unknown;

type JsonObject = Record<string, unknown>;

function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function bytesText(value: unknown): string {
  if (value instanceof Uint8Array) return toBase64(value);
  throw new TypeError('Bytes must be a Uint8Array or a Buffer to be stored.');
}

/** Returns an AttributeValue as the API wants it in JSON: bytes as base64. */
function toJson(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: bytesText(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(bytesText) };
  if (value.L !== undefined) return { L: value.L.map(toJson) };
  if (value.M !== undefined) return { M: Object.fromEntries(Object.entries(value.M).map(([key, member]) => [key, toJson(member)])) };
  return value;
}

/** For sets, maps, bigints, NumberValue, numbers that are refused, and objects of classes. Throws the SDK's errors. */
function unusualValueText(value: unknown): string {
  return JSON.stringify(toJson(marshall(value, { convertTopLevelContainer: true, removeUndefinedValues: true }) as AttributeValue));
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `{"L":${listText(value)}}`;
  if (value instanceof Uint8Array) return `{"B":"${toBase64(value)}"}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? `{"M":${itemText(value)}}` : unusualValueText(value);
}

/** Returns the JSON of the AttributeValue that stands for a value. Throws what lib-dynamodb throws for values it refuses. */
export function valueText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `{"S":${JSON.stringify(value)}}`;
    case 'number':
      // False for NaN too. Numbers that a double does not hold exactly are refused.
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? `{"N":"${value}"}` : unusualValueText(value);
    case 'boolean':
      return value ? '{"BOOL":true}' : '{"BOOL":false}';
    case 'object':
      return value === null ? '{"NULL":true}' : objectText(value);
    default:
      return unusualValueText(value);
  }
}

function listText(list: readonly unknown[]): string {
  let text = '';
  for (const value of list) {
    if (!isLeftOut(value)) text += text === '' ? valueText(value) : `,${valueText(value)}`;
  }
  return `[${text}]`;
}

/** Returns the JSON of a map of AttributeValues: an item, a key, values of placeholders. */
export function itemText(item: object): string {
  let text = '';
  for (const key of Object.keys(item)) {
    const value = (item as JsonObject)[key];
    if (!isLeftOut(value)) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${valueText(value)}`;
  }
  return `{${text}}`;
}

const item: Write = (value) => itemText(value as object);

/** For an object some of whose members are written in a special way; the others are plain JSON, null and undefined left out. */
function members(special: Readonly<Record<string, Write>>): Write {
  return (object) => {
    let text = '';
    for (const [name, value] of Object.entries(object as JsonObject)) {
      if (value == null || typeof value === 'function') continue;
      text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${(special[name] ?? JSON.stringify)(value)}`;
    }
    return `{${text}}`;
  };
}

/** For a list or a record all of whose elements are written in one way. */
function each(write: Write): Write {
  return (collection) => {
    if (Array.isArray(collection)) return `[${collection.map(write).join(',')}]`;
    const entries = Object.entries(collection as JsonObject).filter(([, value]) => !isLeftOut(value));
    return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
  };
}

const keyed = members({ Key: item, ExpressionAttributeValues: item });
const legacyConditions = each(members({ AttributeValueList: each(valueText) }));

const writeRequest: { readonly [O in Operation]: Write } = {
  GetItem: members({ Key: item }),
  BatchGetItem: members({ RequestItems: each(members({ Keys: each(item) })) }),
  Query: members({
    ExclusiveStartKey: item,
    ExpressionAttributeValues: item,
    KeyConditions: legacyConditions,
    QueryFilter: legacyConditions,
  }),
  TransactWriteItems: members({
    TransactItems: each(
      members({ ConditionCheck: keyed, Put: members({ Item: item, ExpressionAttributeValues: item }), Delete: keyed, Update: keyed }),
    ),
  }),
  BatchWriteItem: members({
    RequestItems: each(each(members({ PutRequest: members({ Item: item }), DeleteRequest: members({ Key: item }) }))),
  }),
};

/** Returns the body of a request. Throws what lib-dynamodb throws for values it refuses. */
export function requestText<O extends Operation>(operation: O, input: Operations[O]['input']): string {
  return writeRequest[operation](input);
}

/** Throws the SDK's error for a whole number that neither a double nor a bigint holds, such as `1e40`. */
function readNumber(text: string): number | bigint {
  const number = Number(text);
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER || !Number.isFinite(number)) return number;
  try {
    return BigInt(text);
  } catch (error) {
    throw new Error(`${text} can't be converted to BigInt. Set options.wrapNumbers to get string value.`, { cause: error });
  }
}

/** Returns a Uint8Array, not a Buffer: callers compare and encode by type. */
function readBytes(text: string): Uint8Array {
  const buffer = Buffer.from(text, 'base64');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

const readers: Readonly<Record<string, Read>> = {
  S: (content) => content,
  N: (content) => readNumber(content as string),
  BOOL: Boolean,
  NULL: () => null,
  M: (content) => readItem(content),
  L: (content) => (content as unknown[]).map(readValue),
  B: (content) => readBytes(content as string),
  SS: (content) => new Set(content as string[]),
  NS: (content) => new Set((content as string[]).map(readNumber)),
  BS: (content) => new Set((content as string[]).map(readBytes)),
};

/** Returns the plain value of a parsed AttributeValue; its objects are used again. */
export function readValue(json: unknown): unknown {
  // An AttributeValue has one member, whose name is the type.
  for (const type in json as JsonObject) {
    const content = (json as JsonObject)[type];
    if (content == null) continue;
    const read = readers[type];
    if (!read) throw new Error(`Unsupported type passed: ${type}`);
    return type === 'S' ? content : read(content);
  }
  throw new Error(`No value defined: ${JSON.stringify(json)}`);
}

/** Returns the plain item of a parsed map of AttributeValues: the same object, changed, so that items of one shape stay of one shape. */
export function readItem(json: unknown): JsonObject {
  const map = json as JsonObject;
  // Every key is an own property already, `__proto__` too: assigning to it changes no prototype.
  for (const key of Object.keys(map)) map[key] = readValue(map[key]);
  return map;
}

function readMembers(special: Readonly<Record<string, Read>>): Read {
  return (json) => {
    const object = json as JsonObject;
    for (const name of Object.keys(object)) {
      const content = object[name];
      if (content === null) object[name] = undefined;
      else if (special[name]) object[name] = special[name](content);
    }
    return object;
  };
}

function readEach(read: Read): Read {
  return (json) => {
    if (Array.isArray(json)) return json.map(read);
    const object = json as JsonObject;
    for (const key of Object.keys(object)) object[key] = read(object[key]);
    return object;
  };
}

const collectionMetrics = readEach(readEach(readMembers({ ItemCollectionKey: readItem })));

const readOutput: { readonly [O in Operation]: Read } = {
  GetItem: readMembers({ Item: readItem }),
  BatchGetItem: readMembers({
    Responses: readEach(readEach(readItem)),
    UnprocessedKeys: readEach(readMembers({ Keys: readEach(readItem) })),
  }),
  Query: readMembers({ Items: readEach(readItem), LastEvaluatedKey: readItem }),
  TransactWriteItems: readMembers({ ItemCollectionMetrics: collectionMetrics }),
  BatchWriteItem: readMembers({
    UnprocessedItems: readEach(
      readEach(readMembers({ PutRequest: readMembers({ Item: readItem }), DeleteRequest: readMembers({ Key: readItem }) })),
    ),
    ItemCollectionMetrics: collectionMetrics,
  }),
};

/** Returns the output of an operation, without `$metadata`, from the parsed body of its answer, which it changes. */
export function readAnswer(operation: Operation, json: unknown): JsonObject {
  return readOutput[operation](json) as JsonObject;
}

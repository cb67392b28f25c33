/** The inputs of DynamoDB's operations for reads and writes in terms of the catalogue. */
import type { Database, Operations } from './client.ts';
import type { QueryRequest, Write } from './connection.ts';
import { conditionExpression, keyExpression, Placeholders, updateExpression } from './expressions.ts';
import { keyOf, tables } from './tables.ts';

/** Returns the input of a Query. */
export function queryInput(database: Database, request: QueryRequest): Operations['Query']['input'] {
  const { table, index } = request;
  const key = keyOf(table, index);
  const placeholders = new Placeholders();
  const expression = keyExpression(
    placeholders,
    { attribute: key.partition, value: request.partition },
    request.range && key.sort ? { attribute: key.sort, range: request.range } : undefined,
  );
  return {
    TableName: database.name(table),
    IndexName: index,
    KeyConditionExpression: expression,
    ...(request.attributes && { ProjectionExpression: request.attributes.map((name) => placeholders.name(name)).join(', ') }),
    ...placeholders.maps(),
    ScanIndexForward: !request.descending,
    Limit: request.limit,
    ExclusiveStartKey: request.start,
    ConsistentRead: request.consistent ?? false,
    ReturnConsumedCapacity: 'TOTAL' as const,
  };
}

/**
 * Sends updates that met a transaction of others to one of the items beside. Returns whether any was: the transaction is
 * another one then. Only for transactions with another write that holds once, or a lost acknowledgement would count twice.
 */
export function respread(
  database: Database,
  { writes, input, reasons }: { writes: readonly Write[]; input: Operations['TransactWriteItems']['input']; reasons: readonly string[] },
): boolean {
  let isOther = false;
  input.TransactItems = input.TransactItems?.map((item, i) => {
    const write = writes[i];
    if (reasons[i] !== 'TransactionConflict' || write?.kind !== 'update' || !write.spill) return item;
    isOther = true;
    const keys = [write.key, ...write.spill];
    return transactItem(database, { ...write, key: keys[Math.floor(Math.random() * keys.length)] ?? write.key });
  });
  return isOther;
}

type TransactItem = NonNullable<Operations['TransactWriteItems']['input']['TransactItems']>[number];

/** Returns one write as an item of a transaction. */
export function transactItem(database: Database, write: Write): TransactItem {
  const TableName = database.name(write.table);
  const placeholders = new Placeholders();
  const partitionKey = tables[write.table].key.partition;
  const UpdateExpression = write.kind === 'update' ? updateExpression(placeholders, write.changes) : '';
  const ConditionExpression = write.condition ? conditionExpression(placeholders, partitionKey, write.condition) : undefined;
  const common = { TableName, ...(ConditionExpression && { ConditionExpression }), ...placeholders.maps() };
  switch (write.kind) {
    case 'put':
      return { Put: { ...common, Item: write.item } };
    case 'update':
      return { Update: { ...common, Key: write.key, UpdateExpression } };
    case 'delete':
      return { Delete: { ...common, Key: write.key } };
    case 'check':
      return { ConditionCheck: { ...common, Key: write.key, ConditionExpression: ConditionExpression ?? '' } };
  }
}

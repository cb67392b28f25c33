/** Which changes a written item stands for. The same for writes of this process and for records of a stream. */
import type { Operations } from '../client.ts';
import type { Row } from '../connection.ts';
import { tableIds, tableName, type TableId } from '../tables.ts';
import type { Change } from './feed.ts';

/** Items that share a partition with an object's row have '#' in their sort key; a deployment's log has this. */
const logMark = '#log#';

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * Returns the change that an item of a table stands for when it was written or removed, or null for items that nobody
 * watches, such as counters. An item is at least its key; the project of a deployment is known only from its other attributes.
 */
export function changeOf(table: TableId, item: Row): Change | null {
  const id = textOf(item['id']);
  if (id === undefined) return null;
  const projectId = textOf(item['projectId']);
  if (table === 'activity') {
    const createdAt = textOf(item['createdAt']);
    return projectId !== undefined && createdAt !== undefined ? { kind: 'activity', id, projectId, createdAt } : null;
  }
  const sort = textOf(item['userId']) ?? '';
  if (table === 'deployments' && sort.includes(logMark)) return { kind: 'deploymentLog', id };
  if (sort.includes('#')) return null;
  if (table === 'deployments') return { kind: 'deployment', id, ...(projectId !== undefined && { projectId }) };
  if (table === 'projects') return { kind: 'project', id };
  return table === 'codeGenerations' ? { kind: 'codeGeneration', id } : null;
}

/** What was written to a table: an item, or the key of one. */
interface Written {
  readonly tableName: string;
  readonly item: Row;
}

function writtenInTransaction({ TransactItems: items = [] }: Operations['TransactWriteItems']['input']): Written[] {
  return items.flatMap(({ Put: put, Update: update, Delete: removed }): Written[] => {
    if (put) return [{ tableName: put.TableName ?? '', item: put.Item ?? {} }];
    const other = update ?? removed;
    return other ? [{ tableName: other.TableName ?? '', item: other.Key ?? {} }] : [];
  });
}

function writtenInBatch({ RequestItems: requests = {} }: Operations['BatchWriteItem']['input']): Written[] {
  return Object.entries(requests).flatMap(([tableName, writes]) =>
    writes.map(({ PutRequest: put, DeleteRequest: removed }) => ({ tableName, item: put?.Item ?? removed?.Key ?? {} })),
  );
}

/** Gives edited deployments, of which only the key was sent, the project that an activity in the same transaction names. */
function withProject(change: Change, written: readonly Written[]): Change {
  if (change.kind !== 'deployment' || change.projectId !== undefined) return change;
  const projectId = textOf(written.find(({ item }) => item['entityId'] === change.id)?.item['projectId']);
  return projectId === undefined ? change : { ...change, projectId };
}

/** Returns a function that tells what a write changes, for tables whose names begin with `prefix`. */
export function createChangeReader(prefix: string) {
  const ids = new Map(tableIds.map((table) => [tableName(table, prefix), table]));
  const read = (written: readonly Written[]): Change[] =>
    written.flatMap(({ tableName, item }) => {
      const table = ids.get(tableName);
      const change = table && changeOf(table, item);
      return change ? [withProject(change, written)] : [];
    });
  return {
    ofTransaction: (input: Operations['TransactWriteItems']['input']): Change[] => read(writtenInTransaction(input)),
    ofBatch: (input: Operations['BatchWriteItem']['input']): Change[] => read(writtenInBatch(input)),
  };
}

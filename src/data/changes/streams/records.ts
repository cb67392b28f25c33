/** What the records of a stream mean to watchers. */
import type { AttributeValue, _Record } from '@aws-sdk/client-dynamodb-streams';
import type { Row } from '../../connection.ts';
import type { TableId } from '../../tables.ts';
import { changeOf } from '../changes.ts';
import type { Change } from '../feed.ts';

/** All that `changeOf` looks at; the rest of an item, up to 400 KB, is left as it is. */
const attributes = ['id', 'userId', 'projectId', 'createdAt'] as const;

function textsOf(item: Readonly<Record<string, AttributeValue>>): Row {
  return Object.fromEntries(attributes.flatMap((name) => (typeof item[name]?.S === 'string' ? [[name, item[name].S]] : [])));
}

/**
 * Returns what some records of a table's stream have changed, each object once: a hard-working pipeline appends many lines
 * to a log at a time, and who follows it reads once.
 */
export function changesIn(table: TableId, records: readonly _Record[]): Change[] {
  const changes = new Map<string, Change>();
  for (const { dynamodb: written } of records) {
    const item = written?.NewImage ?? written?.OldImage ?? written?.Keys;
    const change = item && changeOf(table, textsOf(item));
    if (!change) continue;
    const name = JSON.stringify([change.kind, change.id, change.projectId]);
    // The last one stands for all: what was removed and made anew is there.
    changes.delete(name);
    changes.set(name, change);
  }
  return [...changes.values()];
}

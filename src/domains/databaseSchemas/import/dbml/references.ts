/** References of DBML: which side holds the foreign key. */
import type { Ref, RefEndpoint } from '@dbml/parse';
import type { ReferentialAction } from '../../model.ts';
import { findTable, type Draft } from '../draft.ts';
import type { ManyToManyLink } from '../manyToMany.ts';

export type { ManyToManyLink } from '../manyToMany.ts';

const isMany = ({ relation }: RefEndpoint): boolean => relation.includes('*');

const isPrimary = (draft: Draft, { tableName, fieldNames }: RefEndpoint): boolean => {
  const key = findTable(draft, tableName)?.keys.find(({ type }) => type === 'primary')?.columns ?? [];
  return key.length === fieldNames.length && fieldNames.every((name) => key.includes(name));
};

/**
 * Returns the end with the foreign key first. Between equal ends it is the column that the reference stands at, else the end
 * that is not the primary key of its table, else the one that is named first.
 */
function childFirst(draft: Draft, { endpoints, token }: Ref): readonly [RefEndpoint, RefEndpoint] {
  const [first, second] = endpoints;
  if (isMany(first) !== isMany(second)) return isMany(first) ? [first, second] : [second, first];
  const isInline = first.token.start.offset === token.start.offset;
  return isInline || (isPrimary(draft, first) && !isPrimary(draft, second)) ? [second, first] : [first, second];
}

const actions: ReadonlySet<string> = new Set(['no-action', 'restrict', 'cascade', 'set-null', 'set-default']);

function actionOf(text: string | undefined): ReferentialAction | undefined {
  const action = text?.trim().toLowerCase().replace(/\s+/gu, '-') ?? '';
  return actions.has(action) ? (action as ReferentialAction) : undefined;
}

/** Adds foreign keys to the tables of the draft, and returns the references that are many-to-many. */
export function addReferences(draft: Draft, references: readonly Ref[]): ManyToManyLink[] {
  const links: ManyToManyLink[] = [];
  for (const reference of references) {
    const [child, parent] = childFirst(draft, reference);
    const offset = reference.token.start.offset;
    const table = findTable(draft, child.tableName);
    if (isMany(child) && isMany(parent)) {
      links.push({
        from: { table: child.tableName, fields: child.fieldNames },
        to: { table: parent.tableName, fields: parent.fieldNames },
      });
      continue;
    }
    const [onDelete, onUpdate] = [actionOf(reference.onDelete), actionOf(reference.onUpdate)];
    table?.foreignKeys.push({
      kind: 'foreign',
      name: reference.name,
      columns: child.fieldNames,
      table: { schema: parent.schemaName, name: parent.tableName, offset },
      toColumns: parent.fieldNames,
      ...(onDelete && { onDelete }),
      ...(onUpdate && { onUpdate }),
      offset,
    });
    if (reference.color === undefined && !reference.inactive) continue;
    const message = `The color or "inactive" of the reference of "${child.tableName}" to "${parent.tableName}" was dropped.`;
    draft.warnings.add({ code: 'REFERENCE_OPTION', construct: 'Ref', message, offset });
  }
  return links;
}

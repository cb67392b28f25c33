/** Many-to-many relationships, which DBML and Prisma have beside foreign keys. */
import type { SchemaBody, SchemaRelationship } from '../model.ts';
import { createUniqueNames, relationshipId } from './names.ts';

/** One end: a table, and its columns. */
interface End {
  readonly table: string;
  readonly fields: readonly string[];
}

export interface ManyToManyLink {
  readonly from: End;
  readonly to: End;
}

/** Returns the body with the links as relationships behind its own. */
export function withManyToMany(body: SchemaBody, links: readonly ManyToManyLink[]): SchemaBody {
  if (links.length === 0) return body;
  const uniqueId = createUniqueNames();
  for (const { id } of body.relationships) uniqueId(id);
  const added = links.map(({ from, to }): SchemaRelationship => ({
    id: uniqueId(relationshipId(from.table, [...from.fields, to.table])),
    fromTable: from.table,
    fromField: from.fields[0] ?? '',
    toTable: to.table,
    toField: to.fields[0] ?? '',
    type: 'many-to-many',
    ...((from.fields.length > 1 || to.fields.length > 1) && { fromFields: [...from.fields], toFields: [...to.fields] }),
  }));
  return { ...body, relationships: [...body.relationships, ...added] };
}

import type { ActivityLineFragment } from '../gql/graphql.ts';
import { Link } from 'wouter';
import { deed } from './format.ts';
import { Empty, Time } from './parts.tsx';

type Line = ActivityLineFragment & { readonly project?: { readonly id: string; readonly name: string } | null };

/** Who did what, newest first. */
export function ActivityList({ entries }: { entries: readonly Line[] }) {
  if (entries.length === 0) return <Empty title="Nothing has happened yet.">Whatever somebody does is written down here.</Empty>;
  return (
    <ol className="activity">
      {entries.map(({ id, action, actor, entityType, entityName, createdAt, project }) => (
        <li key={id}>
          <span className="avatar" aria-hidden="true">
            {(actor?.username ?? '?').charAt(0).toUpperCase()}
          </span>
          <p>
            <strong>{actor?.username ?? 'Somebody'}</strong> {deed(action, entityType)}
            {entityName && !(project && entityType === 'PROJECT') && <em> {entityName}</em>}
            {project && (
              <>
                {entityType === 'PROJECT' ? ' ' : ' in '}
                <Link href={`/projects/${project.id}`}>{project.name}</Link>
              </>
            )}
            <small>
              <Time at={createdAt} />
            </small>
          </p>
        </li>
      ))}
    </ol>
  );
}

import { Link } from 'wouter';
import { ActivityList } from '../parts/Activity.tsx';
import { compact, inWords, percent } from '../parts/format.ts';
import { Card, Empty, Status, Time } from '../parts/parts.tsx';
import type { SectionProps } from './project.ts';

/** Per environment what was deployed last, the metrics in short, what happened. */
export function OverviewSection({ project }: SectionProps) {
  const { stats } = project;
  const tiles = [
    ['Schemas', stats?.schemas],
    ['Architectures', stats?.architectures],
    ['Deployments', stats?.deployments],
    ['Members', stats?.members],
    ['Deployments that succeed', stats?.successRate == null ? '–' : percent(stats.successRate)],
  ] as const;
  return (
    <>
      <dl className="tiles">
        {tiles.map(([name, value]) => (
          <div key={name} className="tile">
            <dt>{name}</dt>
            <dd>{value ?? '–'}</dd>
          </div>
        ))}
      </dl>
      <div className="columns">
        <div>
          <Environments project={project} />
          <Trends project={project} />
        </div>
        <Card title="Activity">
          <ActivityList entries={project.activity?.nodes ?? []} />
        </Card>
      </div>
    </>
  );
}

function Environments({ project }: SectionProps) {
  const deployments = project.deployments?.nodes ?? [];
  const latest = (['PRODUCTION', 'STAGING', 'DEVELOPMENT'] as const).flatMap((environment) =>
    deployments.filter((deployment) => deployment.environment === environment).slice(0, 1),
  );
  return (
    <Card title="Environments" aside={<Link href={`/projects/${project.id}/deployments`}>All deployments</Link>}>
      {latest.length === 0 ? (
        <Empty title="Nothing is deployed yet.">
          <Link href={`/projects/${project.id}/deployments`}>Record a deployment</Link>
        </Empty>
      ) : (
        <ul className="rows">
          {latest.map(({ id, environment, status, version, createdAt, url }) => (
            <li key={id} className="row">
              <span className="row-main">
                <strong>{inWords(environment)}</strong>
                <small>
                  {version} · <Time at={createdAt} />
                </small>
              </span>
              <Status value={status} />
              {url && (
                <a href={url} rel="noreferrer" target="_blank">
                  Open<span className="visually-hidden"> {inWords(environment)}</span>
                </a>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const arrows = { UP: '↑', DOWN: '↓', FLAT: '→', UNKNOWN: '' };

function Trends({ project }: SectionProps) {
  const metrics = project.trends?.metrics ?? [];
  if (metrics.length === 0) return null;
  return (
    <Card title="Last 30 days" aside={<Link href={`/projects/${project.id}/metrics`}>Charts</Link>}>
      <dl className="tiles tiles-flat">
        {metrics.map(({ metric, average }) => (
          <div key={metric} className="tile">
            <dt>{metric}</dt>
            <dd>
              {average.current == null ? '–' : compact(average.current)}
              {average.direction && average.change != null && (
                <small>
                  <span aria-hidden="true">{arrows[average.direction]} </span>
                  <span className="visually-hidden">{inWords(average.direction)} by </span>
                  {percent(Math.abs(average.change))}
                </small>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

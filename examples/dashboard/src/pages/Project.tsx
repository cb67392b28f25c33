/** A project: one query for all of its sections, subscriptions that keep it current. */
import { useCallback } from 'react';
import { useQuery, useSubscription } from 'urql';
import { Link } from 'wouter';
import { useOnReconnect } from '../api/api.ts';
import { ActivityAdded, DeploymentUpdated, ProjectPage as ProjectPageDocument } from '../operations.ts';
import { inWords } from '../parts/format.ts';
import { Layout } from '../parts/Layout.tsx';
import { Empty, Failure, Skeleton } from '../parts/parts.tsx';
import { ArchitectureSection } from '../project/ArchitectureSection.tsx';
import { CodeSection } from '../project/CodeSection.tsx';
import { DeploymentsSection } from '../project/DeploymentsSection.tsx';
import { MetricsSection } from '../project/MetricsSection.tsx';
import { OverviewSection } from '../project/OverviewSection.tsx';
import type { Project } from '../project/project.ts';
import { SchemaSection } from '../project/SchemaSection.tsx';
import { TeamSection } from '../project/TeamSection.tsx';

const sections = {
  overview: { title: 'Overview', Body: OverviewSection },
  schema: { title: 'Schema', Body: SchemaSection },
  architecture: { title: 'Architecture', Body: ArchitectureSection },
  deployments: { title: 'Deployments', Body: DeploymentsSection },
  metrics: { title: 'Metrics', Body: MetricsSection },
  code: { title: 'Code', Body: CodeSection },
  team: { title: 'Team', Body: TeamSection },
};
type SectionName = keyof typeof sections;
const isSection = (name: string): name is SectionName => Object.hasOwn(sections, name);

export function ProjectPage({ id, section }: { id: string; section: string }) {
  const [{ data, error, fetching }, ask] = useQuery({ query: ProjectPageDocument, variables: { id } });
  const again = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  const project = data?.project;
  const isThere = project != null;
  // Their results land in the cache, which the page shows.
  useSubscription({ query: DeploymentUpdated, variables: { projectId: id }, pause: !isThere });
  useSubscription({ query: ActivityAdded, variables: { projectId: id }, pause: !isThere });
  useOnReconnect(again);
  const name: SectionName = isSection(section) ? section : 'overview';
  return (
    <Layout title={project?.name ?? 'Project'} user={data?.viewer?.username}>
      {error && <Failure error={error} retry={again} />}
      {!project && fetching && <Skeleton label="Loading the project" rows={6} />}
      {!project && !fetching && !error && <Missing />}
      {project && <ProjectBody project={project} name={name} />}
    </Layout>
  );
}

function Missing() {
  return (
    <>
      <h1>This project is not here</h1>
      <Empty title="It was deleted, or you are not a member of it (any more).">
        <Link href="/">Go to your projects</Link>
      </Empty>
    </>
  );
}

function ProjectBody({ project, name }: { project: Project; name: SectionName }) {
  const { Body } = sections[name];
  return (
    <>
      <nav className="crumbs" aria-label="Breadcrumb">
        <Link href="/">Projects</Link> <span aria-hidden="true">/</span> <span aria-current="page">{project.name}</span>
      </nav>
      <div className="page-head">
        <div>
          <h1>{project.name}</h1>
          <p className="lead">{project.description}</p>
        </div>
        <p className="chips">
          <span className="chip">{inWords(project.status)}</span>
          {[project.framework, project.database, ...project.tags].map(
            (text) =>
              text && (
                <span key={text} className="chip">
                  {text}
                </span>
              ),
          )}
        </p>
      </div>
      <nav className="tabs" aria-label="Sections of the project">
        {(Object.keys(sections) as SectionName[]).map((key) => (
          <Link key={key} href={`/projects/${project.id}/${key}`} aria-current={key === name ? 'page' : undefined}>
            {sections[key].title}
          </Link>
        ))}
      </nav>
      <Body project={project} />
    </>
  );
}

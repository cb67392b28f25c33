/** Home: own projects and those of others, invitations, what happened. One query. */
import { useCallback, useState, type SyntheticEvent } from 'react';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import type { HomePageQuery, MembershipListFragment, ProjectCardFragment, ProjectListFragment } from '../gql/graphql.ts';
import {
  AcceptInvitation,
  CreateProject,
  DeclineInvitation,
  HomePage as HomePageDocument,
  OlderMemberships,
  OlderProjects,
} from '../operations.ts';
import { ActivityList } from '../parts/Activity.tsx';
import { inWords, percent } from '../parts/format.ts';
import { Layout } from '../parts/Layout.tsx';
import { PagedList } from '../parts/PagedList.tsx';
import { Card, Empty, Failure, Field, Problems, Skeleton, Status, Submit, textOf, Time } from '../parts/parts.tsx';

type Home = NonNullable<HomePageQuery['home']>;
type InvitationData = NonNullable<Home['pendingInvitations']>['nodes'][number];

export function HomePage() {
  const [{ data, error, fetching }, ask] = useQuery({ query: HomePageDocument });
  const again = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  const home = data?.home;
  return (
    <Layout title="Home" user={home?.viewer?.username}>
      {error && <Failure error={error} retry={again} />}
      {!home && fetching && <Skeleton label="Loading your projects" rows={6} />}
      {home && <HomeBody home={home} stats={data.dashboard?.stats} again={again} />}
    </Layout>
  );
}

function HomeBody({ home, stats, again }: { home: Home; stats: Stats; again: () => void }) {
  const { viewer } = home;
  const [isCreating, setIsCreating] = useState(false);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Hello, {viewer?.username}</h1>
          <p className="lead">What you and your teams are building.</p>
        </div>
        {!isCreating && hasProjects(viewer) && (
          <button type="button" className="primary" onClick={() => setIsCreating(true)}>
            New project
          </button>
        )}
      </div>
      <Invitations invitations={home.pendingInvitations?.nodes ?? []} again={again} />
      <StatTiles stats={stats} />
      {isCreating && <NewProject onClose={() => setIsCreating(false)} />}
      <div className="columns">
        <div>
          {!hasProjects(viewer) && !isCreating && (
            <Empty title="You have no project yet.">
              <p>A project holds database schemas, architectures, deployments, metrics and a team.</p>
              <button type="button" className="primary" onClick={() => setIsCreating(true)}>
                Create your first project
              </button>
            </Empty>
          )}
          {viewer?.projects && <OwnProjects projects={viewer.projects} />}
          {viewer?.memberships && <SharedProjects memberships={viewer.memberships} />}
          <GettingStarted steps={home.gettingStarted ?? []} />
        </div>
        <Card title="Activity">
          <ActivityList entries={home.recentActivity?.nodes ?? []} />
        </Card>
      </div>
    </>
  );
}

const hasProjects = (viewer: Home['viewer']): boolean => (viewer?.projects?.nodes ?? []).length > 0;

function OwnProjects({ projects }: { projects: ProjectListFragment }) {
  if (projects.nodes.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="own-projects">
      <h2 id="own-projects">Your projects</h2>
      <PagedList
        page={projects}
        label="older projects"
        query={OlderProjects}
        variables={{}}
        pick={({ viewer }) => viewer?.projects}
        children={(items) => <ProjectGrid projects={items} />}
      />
    </section>
  );
}

/** The projects of others that the viewer is a member of. */
function SharedProjects({ memberships }: { memberships: MembershipListFragment }) {
  if (memberships.nodes.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="shared-projects">
      <h2 id="shared-projects">Shared with you</h2>
      <PagedList
        page={memberships}
        label="more shared projects"
        query={OlderMemberships}
        variables={{}}
        pick={({ viewer }) => viewer?.memberships}
        // A project may be deleted while the page is read.
        children={(items) => <ProjectGrid projects={items.flatMap(({ project }) => project ?? [])} />}
      />
    </section>
  );
}

function ProjectGrid({ projects }: { projects: readonly ProjectCardFragment[] }) {
  return (
    <ul className="project-grid">
      {projects.map((project) => (
        <ProjectCard key={project.id} project={project} />
      ))}
    </ul>
  );
}

type Stats = NonNullable<HomePageQuery['dashboard']>['stats'] | undefined;

function StatTiles({ stats }: { stats: Stats }) {
  if (!stats) return null;
  const tiles = [
    ['Projects', stats.projects],
    ['Schemas', stats.schemas],
    ['Deployments', stats.deployments],
    ['Deployments that succeed', stats.successRate == null ? '–' : percent(stats.successRate)],
  ] as const;
  return (
    <dl className="tiles">
      {tiles.map(([name, value]) => (
        <div key={name} className="tile">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function ProjectCard({ project }: { project: ProjectCardFragment }) {
  const latest = project.deployments?.nodes[0];
  return (
    <li className="card project-card">
      <div>
        <h3>
          <Link href={`/projects/${project.id}`}>{project.name}</Link>
        </h3>
        {project.viewerRole !== 'OWNER' && project.owner && <small>of {project.owner.username}</small>}
      </div>
      <p className="project-text">{project.description || 'No description yet.'}</p>
      <p className="chips">
        <span className="chip">{inWords(project.status)}</span>
        {project.viewerRole && <span className="chip">{inWords(project.viewerRole)}</span>}
        {project.framework && <span className="chip">{project.framework}</span>}
        {project.database && <span className="chip">{project.database}</span>}
      </p>
      <p className="project-foot">
        {latest ? (
          <>
            <Status value={latest.status} /> {latest.version} · {inWords(latest.environment)} · <Time at={latest.createdAt} />
          </>
        ) : (
          'Not deployed yet'
        )}
      </p>
    </li>
  );
}

function GettingStarted({ steps }: { steps: NonNullable<Home['gettingStarted']> }) {
  if (steps.every(({ done }) => done)) return null;
  return (
    <Card title="Getting started">
      <ol className="steps">
        {steps.map(({ key, title, done }) => (
          <li key={key} data-done={done}>
            <span aria-hidden="true">{done ? '✓' : '○'}</span> {title}
            <span className="visually-hidden">{done ? ' (done)' : ' (to do)'}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Invitations({ invitations, again }: { invitations: readonly InvitationData[]; again: () => void }) {
  const [accept, decline] = [useAction(AcceptInvitation), useAction(DeclineInvitation)];
  const [, go] = useLocation();
  if (invitations.length === 0) return null;
  const take = async (id: string): Promise<void> => {
    const done = await accept.run({ id });
    if (done?.invitation?.project) go(`/projects/${done.invitation.project.id}`);
  };
  const refuse = async (id: string): Promise<void> => {
    if (await decline.run({ id })) again();
  };
  return (
    <Card title="Invitations">
      <Problems problems={[...accept.problems, ...decline.problems]} />
      <ul className="rows">
        {invitations.map(({ id, projectName, inviterName, role }) => (
          <li key={id} className="row">
            <span className="row-main">
              <strong>{inviterName ?? 'Somebody'}</strong> invites you to <strong>{projectName}</strong> as {inWords(role).toLowerCase()}
            </span>
            <button type="button" className="primary" aria-busy={accept.pending} onClick={() => void take(id)}>
              Join<span className="visually-hidden"> {projectName}</span>
            </button>
            <button type="button" aria-busy={decline.pending} onClick={() => void refuse(id)}>
              Decline<span className="visually-hidden"> {projectName}</span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const names = ['name', 'description', 'framework', 'database'];

function NewProject({ onClose }: { onClose: () => void }) {
  const { run, pending, problems } = useAction(CreateProject);
  const [, go] = useLocation();
  // One key for the form: sending it twice makes one project.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const optional = (name: string): string | null => textOf(form, name) || null;
    const input = {
      name: textOf(form, 'name'),
      description: optional('description'),
      framework: optional('framework'),
      database: optional('database'),
    };
    const done = await run({ input, idempotencyKey });
    if (done?.project) go(`/projects/${done.project.id}`);
  };
  return (
    <Card title="New project">
      <form onSubmit={(event) => void submit(event)} noValidate className="grid-form">
        <Problems problems={otherProblems(problems, names)} />
        <Field label="Project name" name="name" problem={problemOf(problems, 'name')}>
          {(field) => <input {...field} autoFocus />}
        </Field>
        <Field label="Description" name="description" problem={problemOf(problems, 'description')}>
          {(field) => <input {...field} />}
        </Field>
        <Field label="Framework" name="framework" problem={problemOf(problems, 'framework')}>
          {(field) => <input {...field} placeholder="Fastify" />}
        </Field>
        <Field label="Database" name="database" problem={problemOf(problems, 'database')}>
          {(field) => <input {...field} placeholder="PostgreSQL" />}
        </Field>
        <div className="form-foot">
          <Submit pending={pending}>Create project</Submit>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Card>
  );
}

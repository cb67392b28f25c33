/** Deployments with their live state, and the log of the one that is open. */
import { useEffect, useState, type SyntheticEvent } from 'react';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import type { DeploymentEnvironment, DeploymentProvider, DeploymentRowFragment } from '../gql/graphql.ts';
import { CancelDeployment, CreateDeployment, OlderDeployments, RollbackDeployment } from '../operations.ts';
import { duration, inWords } from '../parts/format.ts';
import { PagedList } from '../parts/PagedList.tsx';
import { Card, Empty, Field, Problems, Status, Submit, textOf, Time } from '../parts/parts.tsx';
import { LogView } from './LogView.tsx';
import type { SectionProps } from './project.ts';

export function DeploymentsSection({ project }: SectionProps) {
  const deployments = project.deployments?.nodes ?? [];
  const [opened, setOpened] = useState<DeploymentRowFragment | null>(null);
  const shown = opened ?? deployments[0];
  return (
    <>
      {project.viewerCanDeploy && <NewDeployment projectId={project.id} onCreated={setOpened} />}
      <div className="columns columns-even">
        <Card title="Deployments">
          {deployments.length === 0 && (
            <Empty title="Nothing is deployed yet.">
              {project.viewerCanDeploy
                ? 'Record one above, or let your pipeline do it with an API key: see deploymentCreate.'
                : 'You will see deployments here as soon as the team makes one.'}
            </Empty>
          )}
          {project.deployments && (
            <PagedList
              page={project.deployments}
              label="older deployments"
              query={OlderDeployments}
              variables={{ id: project.id }}
              pick={(data) => data.project?.deployments}
              children={(items) => (
                <ul className="rows">
                  {items.map((deployment) => (
                    <DeploymentItem
                      key={deployment.id}
                      deployment={deployment}
                      canDeploy={project.viewerCanDeploy}
                      isOpen={deployment.id === shown?.id}
                      isChosen={deployment.id === opened?.id}
                      open={setOpened}
                    />
                  ))}
                </ul>
              )}
            />
          )}
        </Card>
        {shown && (
          <Card title={`Log of ${nameOf(shown)}`} className="log-card" aside={<Status value={shown.status} />}>
            <LogView key={shown.id} id={shown.id} title={nameOf(shown)} />
          </Card>
        )}
      </div>
    </>
  );
}

const nameOf = ({ version, environment }: DeploymentRowFragment): string =>
  `${version ?? 'no version'}, ${inWords(environment).toLowerCase()}`;

interface ItemProps {
  readonly deployment: DeploymentRowFragment;
  readonly canDeploy: boolean;
  /** Its log is shown: it was chosen, or is the newest while none was. */
  readonly isOpen: boolean;
  readonly isChosen: boolean;
  readonly open: (deployment: DeploymentRowFragment) => void;
}

function DeploymentItem({ deployment, canDeploy, isOpen, isChosen, open }: ItemProps) {
  const [cancel, rollBack] = [useAction(CancelDeployment), useAction(RollbackDeployment)];
  const { id, status, version, environment, provider, createdAt, createdBy, timing, rollbackOf, revision, allowedTransitions } = deployment;
  const variables = { id, expectedRevision: revision };
  // The row may stand on a later page; what is shown of it beside the list goes on with it.
  useEffect(() => {
    if (isChosen) open(deployment);
  }, [isChosen, open, deployment]);
  return (
    <li className="row deployment" data-open={isOpen}>
      <button type="button" className="row-main row-open" aria-pressed={isOpen} onClick={() => open(deployment)}>
        <strong>{version ?? 'No version'}</strong> {inWords(environment)} <small>{providers[provider] ?? inWords(provider)}</small>
        <small>
          <Time at={createdAt} />
          {createdBy && ` by ${createdBy.username}`}
          {timing.durationSeconds != null && ` · took ${duration(timing.durationSeconds)}`}
          {rollbackOf && ` · takes ${rollbackOf.version ?? 'a version'} back`}
        </small>
      </button>
      <Status value={status} />
      {canDeploy && allowedTransitions.includes('CANCELLED') && (
        <button type="button" aria-busy={cancel.pending} onClick={() => void cancel.run(variables)}>
          Cancel<span className="visually-hidden"> {nameOf(deployment)}</span>
        </button>
      )}
      {canDeploy && allowedTransitions.includes('ROLLED_BACK') && (
        <button type="button" aria-busy={rollBack.pending} onClick={() => void rollBack.run(variables)}>
          Roll back<span className="visually-hidden"> {nameOf(deployment)}</span>
        </button>
      )}
      <Problems problems={[...cancel.problems, ...rollBack.problems]} />
    </li>
  );
}

const environments: DeploymentEnvironment[] = ['PRODUCTION', 'STAGING', 'DEVELOPMENT'];
const providers: Partial<Record<DeploymentProvider, string>> = {
  AWS: 'AWS',
  AZURE: 'Azure',
  GCP: 'Google Cloud',
  HEROKU: 'Heroku',
  NETLIFY: 'Netlify',
  VERCEL: 'Vercel',
  OTHER: 'Other',
};
const names = ['version', 'environment', 'provider'];

function NewDeployment({ projectId, onCreated }: { projectId: string; onCreated: (deployment: DeploymentRowFragment) => void }) {
  const { run, pending, problems } = useAction(CreateDeployment);
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const input = {
      projectId,
      version: textOf(form, 'version') || null,
      environment: textOf(form, 'environment') as DeploymentEnvironment,
      provider: textOf(form, 'provider') as DeploymentProvider,
    };
    const done = await run({ input, idempotencyKey: crypto.randomUUID() });
    if (!done?.deployment) return;
    element.reset();
    onCreated(done.deployment);
  };
  return (
    <Card title="Record a deployment">
      <form className="line-form" onSubmit={(event) => void submit(event)} noValidate>
        <Problems problems={otherProblems(problems, names)} />
        <Field label="Version" name="version" problem={problemOf(problems, 'version')}>
          {(field) => <input {...field} placeholder="1.4.0" />}
        </Field>
        <Field label="Environment" name="environment" problem={problemOf(problems, 'environment')}>
          {(field) => <select {...field}>{environments.map((value) => option([value, inWords(value)]))}</select>}
        </Field>
        <Field label="Provider" name="provider" problem={problemOf(problems, 'provider')}>
          {(field) => <select {...field}>{Object.entries(providers).map(option)}</select>}
        </Field>
        <Submit pending={pending}>Record</Submit>
      </form>
    </Card>
  );
}

const option = ([value, text]: readonly [string, string]) => (
  <option key={value} value={value}>
    {text}
  </option>
);

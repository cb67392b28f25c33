/** Code generations: started here, followed while they work, downloaded when they are done. */
import type { SyntheticEvent } from 'react';
import { useSubscription } from 'urql';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import type { CodeGenerationTarget, GenerationRowFragment } from '../gql/graphql.ts';
import { GenerationUpdated, StartGeneration } from '../operations.ts';
import { bytes, inWords } from '../parts/format.ts';
import { Card, Empty, Field, Problems, Status, Submit, textOf, Time } from '../parts/parts.tsx';
import type { SectionProps } from './project.ts';

export function CodeSection({ project }: SectionProps) {
  const generations = project.codeGenerations?.nodes ?? [];
  return (
    <>
      {project.viewerCanUpdate && <NewGeneration project={project} />}
      <Card title="Generated code">
        {generations.length === 0 && (
          <Empty title="Nothing has been generated yet.">
            {project.schemas?.nodes.length
              ? 'Choose above what to generate from the schema.'
              : 'Import a schema first: code is made from it.'}
          </Empty>
        )}
        <ul className="rows">
          {generations.map((generation) => (
            <Generation key={generation.id} generation={generation} />
          ))}
        </ul>
      </Card>
    </>
  );
}

function Generation({ generation }: { generation: GenerationRowFragment }) {
  const { id, target, type, status, progress, error, note, createdAt, archive } = generation;
  const isWorking = status === 'PENDING' || status === 'GENERATING';
  useSubscription({ query: GenerationUpdated, variables: { id }, pause: !isWorking });
  return (
    <li className="row">
      <span className="row-main">
        <strong>{nameOfTarget(target ?? type)}</strong>
        <small>
          <Time at={createdAt} />
          {error && ` · ${error}`}
          {note && ` · ${note}`}
        </small>
        {isWorking && <progress value={progress} max={1} aria-label={`Progress of ${nameOfTarget(target ?? type)}`} />}
      </span>
      <Status value={status} />
      {archive && (
        <a className="button" href={archive.url} download={archive.fileName}>
          Download<span className="visually-hidden"> {archive.fileName}</span> ({bytes(archive.sizeBytes)})
        </a>
      )}
    </li>
  );
}

const targets: Partial<Record<string, string>> = {
  REST: 'REST API with OpenAPI',
  GRAPHQL: 'GraphQL API',
  SQL: 'SQL migrations',
  PRISMA: 'Prisma schema',
  TYPESCRIPT: 'TypeScript types and validators',
  INFRASTRUCTURE: 'Docker Compose and Terraform',
};
const nameOfTarget = (value: string): string => targets[value] ?? inWords(value);
const names = ['target', 'schemaId', 'architectureId'];

function NewGeneration({ project }: SectionProps) {
  const { run, pending, problems } = useAction(StartGeneration);
  const schemas = project.schemas?.nodes ?? [];
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const target = textOf(form, 'target') as CodeGenerationTarget;
    const input = {
      projectId: project.id,
      type: 'API' as const,
      target,
      ...(target === 'INFRASTRUCTURE'
        ? { architectureId: project.architectures?.nodes[0]?.id ?? null }
        : { schemaId: textOf(form, 'schemaId') || null }),
    };
    await run({ input, idempotencyKey: crypto.randomUUID() });
  };
  if (schemas.length === 0) return null;
  return (
    <Card title="Generate">
      <form className="line-form" onSubmit={(event) => void submit(event)} noValidate>
        <Problems problems={otherProblems(problems, names)} />
        <Field label="What" name="target" problem={problemOf(problems, 'target') ?? problemOf(problems, 'architectureId')}>
          {(field) => (
            <select {...field}>
              {Object.entries(targets).map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="From" name="schemaId" problem={problemOf(problems, 'schemaId')}>
          {(field) => (
            <select {...field}>
              {schemas.map(({ id, name, version }) => (
                <option key={id} value={id}>
                  {name} · version {version}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Submit pending={pending}>Generate</Submit>
      </form>
    </Card>
  );
}

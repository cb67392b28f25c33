/** A version of a schema as a diagram and as lists; SQL to begin with. */
import { lazy, Suspense, useState, type SyntheticEvent } from 'react';
import { useQuery } from 'urql';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import type { SchemaBodyFragment, SqlDialect } from '../gql/graphql.ts';
import { ImportSchema, SchemaVersion } from '../operations.ts';
import { inWords } from '../parts/format.ts';
import { Card, Empty, Failure, Field, Problems, Skeleton, Submit, textOf } from '../parts/parts.tsx';
import { ProblemList } from './ProblemList.tsx';
import type { SectionProps } from './project.ts';

// The diagram's library is half of the script: it comes when it is needed.
const SchemaDiagram = lazy(() => import('./SchemaDiagram.tsx'));

export function SchemaSection({ project }: SectionProps) {
  const versions = project.schemas?.nodes ?? [];
  const latest = project.latestSchema?.nodes[0];
  const [picked, pick] = useState<string | null>(null);
  const id = picked ?? latest?.id;
  const isLatest = id === latest?.id;
  const [{ data, error, fetching }, ask] = useQuery({ query: SchemaVersion, variables: { id: id ?? '' }, pause: isLatest });
  const schema = isLatest ? latest : data?.databaseSchema;
  if (versions.length === 0) return <NoSchema project={project} />;
  return (
    <>
      <div className="toolbar">
        <label>
          Version{' '}
          <select value={id} onChange={({ target }) => pick(target.value)}>
            {versions.map(({ id, name, version, tableCount }) => (
              <option key={id} value={id}>
                {name} · version {version} · {tableCount} tables
              </option>
            ))}
          </select>
        </label>
        <span className="hint">Drag to move, buttons or Ctrl + wheel to zoom, Tab to walk through the tables.</span>
      </div>
      {error && !isLatest && <Failure error={error} retry={() => ask({ requestPolicy: 'network-only' })} />}
      {!schema && fetching && <Skeleton label="Loading the version" />}
      {schema && <SchemaView schema={schema} />}
    </>
  );
}

function SchemaView({ schema }: { schema: SchemaBodyFragment }) {
  return (
    <>
      <Suspense fallback={<Skeleton label="Drawing the diagram" />}>
        <SchemaDiagram schema={schema} />
      </Suspense>
      <div className="columns columns-even">
        <Card title="Tables">
          {(schema.tables ?? []).map(({ id, name, description, fields }) => (
            <details key={id}>
              <summary>
                {name} <small>{fields.length} fields</small>
              </summary>
              {description && <p>{description}</p>}
              <table>
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">Type</th>
                    <th scope="col">Rules</th>
                  </tr>
                </thead>
                <tbody>
                  {fields.map((field) => (
                    <tr key={field.name}>
                      <td>{field.name}</td>
                      <td>
                        <code>{field.type}</code>
                      </td>
                      <td>{[field.required && 'required', field.unique && 'unique'].filter(Boolean).join(', ')}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
          ))}
        </Card>
        <ProblemList problems={schema.problems ?? []} />
      </div>
    </>
  );
}

const example = `CREATE TABLE patients (
  id serial PRIMARY KEY,
  name varchar(80) NOT NULL
);
CREATE TABLE visits (
  id serial PRIMARY KEY,
  patient_id int NOT NULL REFERENCES patients,
  at timestamptz NOT NULL DEFAULT now()
);`;
const dialects: SqlDialect[] = ['POSTGRES', 'MYSQL', 'SQLITE'];
const names = ['name', 'dialect', 'source'];

function NoSchema({ project }: SectionProps) {
  const { run, pending, problems } = useAction(ImportSchema);
  if (!project.viewerCanUpdate) return <Empty title="There is no schema yet.">Somebody who may edit the project can import one.</Empty>;
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const dialect = textOf(form, 'dialect') as SqlDialect;
    const input = { projectId: project.id, name: textOf(form, 'name'), format: 'SQL' as const, dialect, source: textOf(form, 'source') };
    await run({ input, idempotencyKey: crypto.randomUUID() });
  };
  return (
    <Card title="There is no schema yet">
      <p>Paste the SQL that you have. It becomes version 1, with its diagram.</p>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Problems problems={otherProblems(problems, names)} />
        <div className="line-form">
          <Field label="Name" name="name" problem={problemOf(problems, 'name')}>
            {(field) => <input {...field} defaultValue="main" />}
          </Field>
          <Field label="Dialect" name="dialect" problem={problemOf(problems, 'dialect')}>
            {(field) => (
              <select {...field}>
                {dialects.map((dialect) => (
                  <option key={dialect} value={dialect}>
                    {inWords(dialect)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <Field label="SQL" name="source" problem={problemOf(problems, 'source')}>
          {(field) => <textarea {...field} rows={10} defaultValue={example} spellCheck={false} />}
        </Field>
        <Submit pending={pending}>Import</Submit>
      </form>
    </Card>
  );
}

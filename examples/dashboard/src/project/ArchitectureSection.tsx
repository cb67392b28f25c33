/** The architectures of a project, drawn by the API. */
import { useState } from 'react';
import { Card, Empty } from '../parts/parts.tsx';
import type { Project, SectionProps } from './project.ts';
import { ProblemList } from './ProblemList.tsx';

type Architecture = NonNullable<Project['architectures']>['nodes'][number];

export function ArchitectureSection({ project }: SectionProps) {
  const architectures = project.architectures?.nodes ?? [];
  const [picked, pick] = useState<string | null>(null);
  const shown = architectures.find(({ id }) => id === picked) ?? architectures[0];
  if (!shown)
    return (
      <Empty title="No architecture is drawn yet.">
        <p>
          Make one with the mutation <code>architectureCreate</code>, for example in the <a href="/graphql">explorer</a>.
        </p>
      </Empty>
    );
  return (
    <>
      {architectures.length > 1 && (
        <div className="toolbar">
          <label>
            Architecture{' '}
            <select value={shown.id} onChange={({ target }) => pick(target.value)}>
              {architectures.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      <Picture key={shown.id} architecture={shown} />
      <ProblemList problems={shown.problems ?? []} />
    </>
  );
}

/** As an image, so that nothing in it runs. It follows the light and dark of the page by itself. */
function Picture({ architecture: { name, description, nodes, export: drawing } }: { architecture: Architecture }) {
  if (!drawing) return <Empty title="This architecture can not be drawn." />;
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing.text)}`;
  const parts = (nodes ?? []).map(({ label }) => label).join(', ');
  return (
    <Card
      title={name}
      aside={
        <a href={source} download={drawing.fileName}>
          Download SVG
        </a>
      }
    >
      {description && <p className="card-text">{description}</p>}
      <div className="picture">
        <img src={source} alt={`Diagram of ${name}. Its parts: ${parts}.`} />
      </div>
    </Card>
  );
}

import { inWords } from '../parts/format.ts';
import { Card, Empty } from '../parts/parts.tsx';

interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly message: string;
  readonly path: string;
}

/** What a reviewer would say about a design. */
export function ProblemList({ problems }: { problems: readonly Finding[] }) {
  return (
    <Card title="Review">
      {problems.length === 0 && <Empty title="Nothing to criticise." />}
      <ul className="findings">
        {problems.map(({ rule, severity, message, path }) => (
          <li key={`${rule} ${path}`}>
            <span className="chip" data-severity={severity}>
              {inWords(severity)}
            </span>
            <p>
              {message} <small>{path}</small>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** A metric over time. */
import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import type { MetricAggregate } from '../gql/graphql.ts';
import { MetricChart } from '../operations.ts';
import { inWords } from '../parts/format.ts';
import { Card, Empty, Failure, Skeleton } from '../parts/parts.tsx';
import { LineChart } from './LineChart.tsx';
import type { SectionProps } from './project.ts';

const day = 86_400_000;
const ranges = [7, 30, 90];
const aggregates: MetricAggregate[] = ['AVG', 'SUM', 'MAX', 'MIN', 'COUNT'];
const aggregateWords: Partial<Record<MetricAggregate, string>> = {
  AVG: 'Average',
  SUM: 'Sum',
  MAX: 'Maximum',
  MIN: 'Minimum',
  COUNT: 'Events',
};

export function MetricsSection({ project }: SectionProps) {
  const names = project.metricNames ?? [];
  const [picked, pick] = useState<string | null>(null);
  const [days, setDays] = useState(30);
  const [aggregate, setAggregate] = useState<MetricAggregate>('AVG');
  // The same for the life of the choice, or each drawing would be another question.
  const from = useMemo(() => new Date(Math.floor(Date.now() / day) * day - (days - 1) * day).toISOString(), [days]);
  const metric = picked ?? names[0];
  const [{ data, error, fetching }, ask] = useQuery({
    query: MetricChart,
    variables: { id: project.id, metric: metric ?? '', aggregate, from },
    pause: metric === undefined,
  });
  if (metric === undefined)
    return (
      <Empty title="No metric has come in yet.">
        <p>
          Send one with <code>metricTrack</code>: a name, a value, and from then on it is drawn here.
        </p>
      </Empty>
    );
  const series = data?.project?.metrics;
  return (
    <Card
      title={metric}
      aside={
        <div className="toolbar">
          <Choice label="Metric" value={metric} options={names.map((name) => [name, name])} choose={pick} />
          <Choice
            label="Of each day"
            value={aggregate}
            options={aggregates.map((value) => [value, aggregateWords[value] ?? inWords(value)])}
            choose={(value) => setAggregate(value as MetricAggregate)}
          />
          <Choice
            label="Time"
            value={String(days)}
            options={ranges.map((value) => [String(value), `${value} days`])}
            choose={(value) => setDays(Number(value))}
          />
        </div>
      }
    >
      {error && <Failure error={error} retry={() => ask({ requestPolicy: 'network-only' })} />}
      {!series && fetching && <Skeleton label="Loading the metric" />}
      {series && <LineChart title={`${aggregateWords[aggregate] ?? ''} of ${metric} per day`} points={series.buckets} />}
    </Card>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly choose: (value: string) => void;
}

function Choice({ label, value, options, choose }: ChoiceProps) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={({ target }) => choose(target.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

import { compact } from '../parts/format.ts';
import { Empty } from '../parts/parts.tsx';

/** A value in time; null where there is none. */
interface Point {
  readonly start: string;
  readonly value?: number | null;
}

const [width, height] = [800, 260];
const space = { left: 52, right: 12, top: 12, bottom: 28 };

/** Returns about four round numbers from zero, or below it, to the largest value. */
function ticksOf(values: readonly number[]): number[] {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (high - low || 1) / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10);
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, n) => (first + n) * step);
}

const dateOf = (time: string): string => new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** A line through the values; the table below it has them as text. */
export function LineChart({ title, points }: { title: string; points: readonly Point[] }) {
  const values = points.flatMap(({ value }) => value ?? []);
  if (values.length === 0) return <Empty title="No value in this time.">Choose a longer one.</Empty>;
  const ticks = ticksOf(values);
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (n: number): number => space.left + (n / Math.max(1, points.length - 1)) * (width - space.left - space.right);
  const y = (value: number): number => height - space.bottom - ((value - low) / (high - low || 1)) * (height - space.top - space.bottom);
  const drawn = points.flatMap(({ start, value }, n) => (value == null ? [] : [{ start, value, x: x(n), y: y(value) }]));
  const line = drawn.map((point, n) => `${n === 0 ? 'M' : 'L'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join('');
  const area = `${line}L${drawn.at(-1)?.x} ${y(low)}L${drawn[0]?.x} ${y(low)}Z`;
  const every = Math.ceil(points.length / 8);
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title}: from ${compact(Math.min(...values))} to ${compact(Math.max(...values))}.`}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={space.left} x2={width - space.right} y1={y(tick)} y2={y(tick)} className="chart-grid" />
            <text x={space.left - 8} y={y(tick) + 4} textAnchor="end">
              {compact(tick)}
            </text>
          </g>
        ))}
        {points.map(
          ({ start }, n) =>
            n % every === 0 && (
              <text key={start} x={x(n)} y={height - 8} textAnchor="middle">
                {dateOf(start)}
              </text>
            ),
        )}
        <path d={area} className="chart-area" />
        <path d={line} className="chart-line" />
        {drawn.map((point) => (
          <circle key={point.start} cx={point.x} cy={point.y} r={drawn.length > 45 ? 2 : 3.5} className="chart-dot">
            <title>{`${dateOf(point.start)}: ${compact(point.value)}`}</title>
          </circle>
        ))}
      </svg>
      <details>
        <summary>Values as a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {drawn.map(({ start, value }) => (
              <tr key={start}>
                <td>{dateOf(start)}</td>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

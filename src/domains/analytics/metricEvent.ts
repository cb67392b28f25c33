/** A metric event: its record and its rules. */
import { exactNumbers, isExactNumber } from '../../data/body.ts';
import { reservedKeyProblem } from '../json.ts';
import type { Checks } from '../text.ts';

/** A row of the analytics table. Rows of the earlier backend lack `createdById` and perhaps `ttl`. */
export type MetricEventRecord = {
  id: string;
  timestamp: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  metric: string;
  value: number;
  dimensions?: Record<string, unknown>;
  createdById?: string;
  ttl?: number;
  /** Set by the transaction that added the event to the roll-ups; absent in rows of the earlier backend until a recount. */
  rolledUp?: true;
};

/** Input of an event, as the SDL's MetricTrackInput. */
export interface MetricInput {
  projectId: string;
  metric: string;
  value: number;
  timestamp?: string | null;
  dimensions?: Record<string, unknown> | null;
}

const metricName = /^[A-Za-z][A-Za-z0-9._\-/:]{0,99}$/;
const maxDimensions = 20;
const maxDimensionLength = 200;
/** Clocks of reporting machines may run ahead by this much. */
const clockSkewMs = 60_000;

/** Checks one event; `oldestMs` is the age beyond which it would have expired already. */
export function checkMetric(
  checks: Checks,
  field: string[],
  input: MetricInput,
  { now, oldestMs }: { now: string; oldestMs: number },
): void {
  if (!metricName.test(input.metric)) {
    checks.add(
      [...field, 'metric'],
      'A metric’s name has 1 to 100 letters, digits, or . _ - / : and begins with a letter, such as "http.requests".',
    );
  }
  if (!isExactNumber(input.value)) checks.add([...field, 'value'], `The value must be ${exactNumbers}.`);
  const age = input.timestamp == null ? 0 : Date.parse(now) - Date.parse(input.timestamp);
  if (age < -clockSkewMs) checks.add([...field, 'timestamp'], 'The time is in the future. Check the clock of the reporting machine.');
  if (age > oldestMs) checks.add([...field, 'timestamp'], 'The time is so long ago that the event would have expired already.');
  checkDimensions(checks, [...field, 'dimensions'], input.dimensions ?? {});
}

function checkDimensions(checks: Checks, field: string[], dimensions: Record<string, unknown>): void {
  const entries = Object.entries(dimensions);
  if (entries.length > maxDimensions) checks.add(field, `An event has at most ${maxDimensions} dimensions; ${entries.length} came.`);
  for (const [name, value] of entries) {
    checks.text([...field, name], name, { min: 1, max: 100 });
    checks.add([...field, name], reservedKeyProblem(name));
    if (typeof value === 'string') checks.text([...field, name], value, { max: maxDimensionLength });
    else if (typeof value !== 'boolean' && !(typeof value === 'number' && isExactNumber(value)))
      checks.add([...field, name], `A dimension is a text, true, false, or ${exactNumbers}.`);
  }
}

/** Offsets of time zones, from the time zone data of Node's ICU. */
import { RequestError } from '../../errors.ts';
import { dayMs, quarterMs } from './rollUp.ts';

/** A time with one offset from UTC; it ends where the next one begins. Milliseconds. */
export interface OffsetSegment {
  start: number;
  offset: number;
}

/** No zone changes its offset and changes it back within a week (the shortest time between two changes is Ramadan in Morocco). */
const probeMs = 7 * dayMs;

/** Returns the offset of a zone at a time, in milliseconds east of UTC. Throws BAD_USER_INPUT for a zone that does not exist. */
export function offsetsOf(timeZone: string): (time: number) => number {
  const format = openFormat(timeZone);
  return (time) => {
    const name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  };
}

function openFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (error) {
    if (!(error instanceof RangeError) && (error as { name?: unknown }).name !== 'RangeError') throw error;
    const message = 'timezone: there is no such time zone. Send a name of the IANA time zone database, such as "Europe/Berlin" or "UTC".';
    throw new RequestError('BAD_USER_INPUT', message, { cause: error });
  }
}

/** Returns the offsets of a zone in a time that begins at a quarter of an hour, in order; the first segment begins there. */
export function segmentsOf(offsetAt: (time: number) => number, from: number, to: number): OffsetSegment[] {
  const segments = [{ start: from, offset: offsetAt(from) }];
  for (let low = from; low < to; low += probeMs) {
    const before = segments.at(-1)?.offset ?? 0;
    const after = offsetAt(low + probeMs);
    if (after !== before) segments.push({ start: findChange(offsetAt, [low, low + probeMs]), offset: after });
  }
  return segments;
}

/** Finds by halving where the offset changes; all zones change at quarters of an hour of UTC. */
function findChange(offsetAt: (time: number) => number, [from, to]: readonly [number, number]): number {
  const before = offsetAt(from);
  let [low, high] = [from / quarterMs, to / quarterMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * quarterMs) === before) low = middle;
    else high = middle;
  }
  return high * quarterMs;
}

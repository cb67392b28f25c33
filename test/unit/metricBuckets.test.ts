/** Where hours, days and weeks begin, held against what `Intl` says about each quarter of an hour. */
import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import {
  around,
  boundariesOf,
  bucketsOf,
  totalsBetween,
  usualMs,
  type Aggregate,
  type Fill,
  type Interval,
} from '../../src/domains/analytics/buckets.ts';
import { dayMs, hourMs, quarterMs } from '../../src/domains/analytics/rollUp.ts';
import { offsetsOf, segmentsOf } from '../../src/domains/analytics/timeZone.ts';
import { runsOr } from '../support/randomRuns.ts';

function boundaries(interval: Interval, zone: string, from: string, to: string): string[] {
  const range = [Date.parse(from), Date.parse(to)] as const;
  const segments = segmentsOf(offsetsOf(zone), ...around(interval, ...range));
  return boundariesOf(interval, segments, range).map((time) => new Date(time).toISOString().slice(0, 16));
}

describe('offsets', () => {
  test.each([
    ['UTC', '2026-07-01T00:00Z', 0],
    ['Europe/Berlin', '2026-07-01T00:00Z', 2],
    ['America/New_York', '2026-01-01T00:00Z', -5],
    ['America/St_Johns', '2026-01-01T00:00Z', -3.5],
    ['Asia/Kathmandu', '2026-01-01T00:00Z', 5.75],
    ['Australia/Lord_Howe', '2026-01-01T00:00Z', 11],
  ])('%s at %s is %p hours', (zone, time, hours) => {
    expect(offsetsOf(zone)(Date.parse(time))).toBe(hours * hourMs);
  });

  test.each(['', 'Mars/Olympus', 'Europe/Berlin\0'])('%j is refused', (zone) => {
    expect(() => offsetsOf(zone)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});

describe('boundaries', () => {
  const table: [what: string, Interval, zone: string, from: string, to: string, string[]][] = [
    ['whole hours', 'hour', 'UTC', '2026-01-01T10:00Z', '2026-01-01T12:00Z', ['2026-01-01T10:00', '2026-01-01T11:00', '2026-01-01T12:00']],
    [
      'parts of hours',
      'hour',
      'UTC',
      '2026-01-01T10:59Z',
      '2026-01-01T11:01Z',
      ['2026-01-01T10:00', '2026-01-01T11:00', '2026-01-01T12:00'],
    ],
    ['a moment', 'hour', 'UTC', '2026-01-01T10:00:00.000Z', '2026-01-01T10:00:00.001Z', ['2026-01-01T10:00', '2026-01-01T11:00']],
    [
      'hours of a zone at :15',
      'hour',
      'Asia/Kathmandu',
      '2026-01-01T10:20Z',
      '2026-01-01T10:30Z',
      ['2026-01-01T10:15', '2026-01-01T11:15'],
    ],
    ['a day of 23 hours', 'day', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T12:00Z', ['2026-03-28T23:00', '2026-03-29T22:00']],
    ['a day of 25 hours', 'day', 'Europe/Berlin', '2026-10-25T00:00Z', '2026-10-25T12:00Z', ['2026-10-24T22:00', '2026-10-25T23:00']],
    [
      'a day that begins at one o’clock',
      'day',
      'Africa/Cairo',
      '2026-04-24T00:00Z',
      '2026-04-24T12:00Z',
      ['2026-04-23T22:00', '2026-04-24T21:00'],
    ],
    [
      'a day whose last hour comes twice',
      'day',
      'Africa/Cairo',
      '2026-10-29T12:00Z',
      '2026-10-29T13:00Z',
      ['2026-10-28T21:00', '2026-10-29T22:00'],
    ],
    [
      'an hour that comes twice',
      'hour',
      'America/New_York',
      '2026-11-01T05:00Z',
      '2026-11-01T08:00Z',
      ['2026-11-01T05:00', '2026-11-01T06:00', '2026-11-01T07:00', '2026-11-01T08:00'],
    ],
    [
      'clocks put back by half an hour',
      'hour',
      'Australia/Lord_Howe',
      '2026-04-04T14:00Z',
      '2026-04-04T16:00Z',
      ['2026-04-04T14:00', '2026-04-04T15:30', '2026-04-04T16:30'],
    ],
    ['weeks from Monday', 'week', 'UTC', '2026-01-01T00:00Z', '2026-01-05T00:00Z', ['2025-12-29T00:00', '2026-01-05T00:00']],
    ['weeks of a zone', 'week', 'Asia/Tokyo', '2026-01-04T16:00Z', '2026-01-11T15:00Z', ['2026-01-04T15:00', '2026-01-11T15:00']],
    ['before 1970', 'day', 'Asia/Tokyo', '1970-01-01T00:00Z', '1970-01-01T01:00Z', ['1969-12-31T15:00', '1970-01-01T15:00']],
  ];
  test.each(table)('%s', (_, interval, zone, from, to, expected) => {
    expect(boundaries(interval, zone, from, to)).toEqual(expected);
  });

  /** What a clock on the wall shows. */
  function wallClock(zone: string, interval: Interval): (time: number) => string {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23', weekday: 'short' },
    });
    return (time) => {
      const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
      const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
      if (interval === 'week') return String(Math.floor((Date.parse(date) / dayMs + 3) / 7));
      return interval === 'day' ? date : `${date} ${parts['hour']}`;
    };
  }

  const zones = [
    'UTC',
    'Europe/London',
    'America/Los_Angeles',
    'America/St_Johns',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Pacific/Chatham',
    'Africa/Casablanca',
    'Africa/Cairo',
    'America/Santiago',
    'Asia/Beirut',
    'Pacific/Apia',
  ];

  test('agree with the wall clock, in every zone and at any time', () => {
    const start = fc.integer({ min: Date.parse('2023-01-01'), max: Date.parse('2028-01-01') });
    const interval = fc.constantFrom<Interval>('hour', 'day', 'week');
    fc.assert(
      fc.property(fc.constantFrom(...zones), interval, start, fc.integer({ min: 1, max: 30 }), (zone, unit, from, count) => {
        const to = from + count * usualMs[unit];
        const range = [from, to] as const;
        const found = boundariesOf(unit, segmentsOf(offsetsOf(zone), ...around(unit, ...range)), range);
        const [first = 0, last = 0] = [found[0], found.at(-1)];
        expect(first <= from && last >= to && (found[1] ?? 0) > from && (found.at(-2) ?? 0) < to).toBe(true);
        const show = wallClock(zone, unit);
        // A step of one bucket's usual hours or, for hours, of quarters: what the clock shows is new exactly at the boundaries.
        const step = unit === 'hour' ? quarterMs : hourMs / 2;
        const seen = new Set<string>();
        for (let time = first; time < last && time < first + 400 * step; time += step) {
          const isFirstShown = !seen.has(show(time));
          if (isFirstShown) expect(found).toContain(time);
          else if (unit !== 'hour') expect(found).not.toContain(time);
          seen.add(show(time));
        }
      }),
      { numRuns: runsOr(60) },
    );
  });
});

describe('buckets', () => {
  const point = (start: number, value: number) => ({ start, count: 1, sum: value, min: value, max: value });
  const values = (aggregate: Aggregate, fill: Fill) =>
    bucketsOf(
      [0, 10, 20, 30, 40],
      totalsBetween([0, 10, 20, 30, 40], [point(-1, 9), point(10, 2), point(19, 4), point(30, 1), point(40, 9)]),
      { aggregate, fill },
    ).map(({ value }) => value);

  test.each<[Aggregate, Fill, (number | null)[]]>([
    ['sum', 'zero', [0, 6, 0, 1]],
    ['avg', 'null', [null, 3, null, 1]],
    ['min', 'previous', [null, 2, 2, 1]],
    ['max', 'none', [4, 1]],
    ['count', 'zero', [0, 2, 0, 1]],
  ])('%s filled with %s', (aggregate, fill, expected) => {
    expect(values(aggregate, fill)).toEqual(expected);
  });
});

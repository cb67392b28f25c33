/** The goals, tables and chart of the benchmark. */
import { describe, expect, test } from '@jest/globals';
import { drawChart, chartOf } from '../bench/chart.ts';
import { goalsOf, judge, ratioToBestPeer, type Goal } from '../bench/goals.ts';
import { OptionsInvalid, readOptions } from '../bench/options.ts';
import { markdownReport, terminalReport } from '../bench/report.ts';
import type { PageResult, Results } from '../bench/results.ts';
import { markdownTable, short, terminalTable, times } from '../bench/table.ts';

function page(cpuMs: number, calls: number): PageResult {
  const counts = {
    calls,
    depth: calls > 4 ? 2 : 1,
    readUnits: calls > 4 ? 41 : 48,
    writeUnits: 0,
    bytes: 2048,
    operations: { Query: calls },
    targets: { 'Query schemas.UserIdIndex': calls },
  };
  return {
    counts,
    first: counts,
    speed: { cpuMs, p50: cpuMs, p95: 2 * cpuMs, p50At16: 16 * cpuMs, p95At16: 20 * cpuMs, perSecond: 1000 / cpuMs, requests: 100 },
  };
}

const results: Results = {
  environment: {
    ...{
      date: '2026-11-22T10:00:00.000Z',
      mode: 'full',
      commit: 'abc1234',
      processor: 'A <fast> & cool one',
      cores: 2,
      memoryBytes: 8 * 1024 ** 3,
    },
    ...{ system: 'linux', node: 'v20.20.2', database: 'an emulator', versions: { graphql: '16.15.0' }, seconds: 300 },
  },
  pages: { page: { snapinfra: page(10, 4), 'apollo-naive': page(90, 61), yoga: page(80, 61), bare: page(20, 5) } },
  delayed: { snapinfra: { p50: 20, cpuMs: 11 }, mercurius: { p50: 110, cpuMs: 88 } },
  processes: { snapinfra: { idleRssBytes: 100 * 1024 ** 2 } },
};

const goal = (part: string, from: Results = results): Goal | undefined => goalsOf(from).find(({ title }) => title.includes(part));

describe('goals', () => {
  test.each([
    [0.1, { atMost: 0.2 }, { target: '≤ 0.2', measured: '0.1', status: 'met' }],
    [0.2, { atMost: 0.2 }, { target: '≤ 0.2', measured: '0.2', status: 'met' }],
    [0.21, { atMost: 0.2 }, { target: '≤ 0.2', measured: '0.21', status: 'missed' }],
    [8, { atLeast: 7 }, { target: '≥ 7', measured: '8', status: 'met' }],
    [6.9, { atLeast: 7 }, { target: '≥ 7', measured: '6.9', status: 'missed' }],
    [1.23456, { atMost: 2, digits: 1, unit: ' s' }, { target: '≤ 2 s', measured: '1.2 s', status: 'met' }],
    [undefined, { atMost: 2 }, { target: '≤ 2', measured: '–', status: 'not measured' }],
    [Number.NaN, { atMost: 2 }, { target: '≤ 2', measured: '–', status: 'not measured' }],
  ])('%p against %j', (value, limit, expected) => {
    expect(judge('a goal', value, limit)).toEqual({ title: 'a goal', ...expected });
  });

  test('the best peer is the cheapest of the GraphQL servers, never the bare handler', () => {
    expect(ratioToBestPeer(results.pages.page, ({ speed }) => speed?.cpuMs)).toBe(10 / 80);
    expect(ratioToBestPeer({ snapinfra: 1, bare: 2 }, (value) => value)).toBeUndefined();
    expect(ratioToBestPeer({ yoga: 2 }, (value) => value)).toBeUndefined();
    expect(ratioToBestPeer(undefined, (value: number) => value)).toBeUndefined();
  });

  test.each([
    ['CPU ÷ best GraphQL peer', '0.125', 'met'],
    ['CPU ÷ bare', '0.5', 'met'],
    ['requests/s', '8', 'met'],
    ['known owner: DynamoDB calls', '4', 'met'],
    ['first request for an owner: read units', '–', 'not measured'],
    ['5 ms on every', '0.18', 'met'],
    ['Idle memory', '100 MB', 'met'],
    ['Memory under load', '–', 'not measured'],
    ['Metric buckets', '–', 'not measured'],
    ['deploymentCreate: CPU', '–', 'not measured'],
  ])('%s: %s, %s', (part, measured, status) => {
    expect(goal(part)).toMatchObject({ measured, status });
  });

  test('read units are compared with the plan that reads each project', () => {
    const withPlan = { ...results, pages: { page: { ...results.pages.page, 'apollo-dataloader': page(90, 61) } } };
    expect(goal('page: read units', withPlan)).toMatchObject({ measured: '1.17', status: 'met' });
  });

  test('a server that is as slow as its peers misses', () => {
    const slow = { ...results, pages: { page: { ...results.pages.page, snapinfra: page(80, 61) } } };
    expect(goalsOf(slow).filter(({ status }) => status === 'missed').length).toBeGreaterThanOrEqual(5);
  });

  test('a second write beside the transaction is seen', () => {
    const create = (operations: Record<string, number>): Results => ({
      ...results,
      pages: { create: { snapinfra: { counts: { calls: 3, depth: 2, readUnits: 1, writeUnits: 8, bytes: 0, operations, targets: {} } } } },
    });
    expect(goal('writing calls', create({ Query: 1, TransactWriteItems: 1 }))).toMatchObject({ measured: '1', status: 'met' });
    expect(goal('writing calls', create({ TransactWriteItems: 1, BatchWriteItem: 1 }))).toMatchObject({ measured: '2', status: 'missed' });
  });

  test('memory that grows under load is missed', () => {
    const soak = (last: number): Results => ({
      ...results,
      soak: { seconds: 600, rssBytes: [90, 99, 100, 100, 100, 100, 100, 100, 100, last] },
    });
    expect(goal('Memory under load', soak(105))).toMatchObject({ status: 'met' });
    expect(goal('Memory under load', soak(150))).toMatchObject({ measured: '1.5', status: 'missed' });
    const short: Results = { ...results, soak: { seconds: 20, rssBytes: [1, 1, 1, 9] } };
    expect(goal('Memory under load', short)).toMatchObject({ status: 'not measured' });
  });
});

describe('tables', () => {
  test.each([
    [0.3456, '0.35'],
    [1, '1'],
    [0.5, '0.5'],
    [7.613, '7.61'],
    [48, '48'],
    [91.27, '91.3'],
    [1234.5, '1235'],
    [100, '100'],
    [undefined, '–'],
  ])('%p is shown as %s', (value, expected) => {
    expect(short(value)).toBe(expected);
  });

  test('ratios', () => {
    expect(times(79, 10)).toBe('×7.9');
    expect(times(undefined, 10)).toBe('–');
    expect(times(1, undefined)).toBe('–');
    expect(times(1, 0)).toBe('–');
  });

  const table = {
    title: 'Title',
    header: ['', 'calls'],
    rows: [
      ['one', '4'],
      ['another', '61'],
    ],
  };

  test('the terminal has columns under each other', () => {
    expect(terminalTable(table)).toBe(['Title', '           calls', '  ──────────────', '  one          4', '  another     61'].join('\n'));
  });

  test('Markdown has a heading, and its own separators escaped', () => {
    expect(markdownTable({ ...table, rows: [['a|b', '4']], note: 'A note.' })).toBe(
      ['## Title', '', '|  | calls |', '| --- | ---: |', '| a\\|b | 4 |', '', 'A note.'].join('\n'),
    );
  });

  test('the report has every server that was measured, with its ratio to this one', () => {
    const text = terminalReport(results, goalsOf(results));
    const row = (name: string): string => text.split('\n').find((line) => line.trim().startsWith(name)) ?? '';
    expect(row('Apollo Server, naive')).toMatch(/61 +2 +41 +2 +90 .*×9/);
    expect(row('Snapinfra API')).toMatch(/4 +1 +48 +2 +10 .*×1 +100 +–$/);
    expect(text).not.toContain('Mercurius + loaders + JIT  61');
    expect(text).toContain('The page with 5 ms added to every DynamoDB call');
    expect(text).toContain('✓ met');
  });

  test('in Markdown the goals come first', () => {
    const text = markdownReport(results, goalsOf(results));
    expect(text.match(/^## .*$/gm)?.[0]).toBe('## Goals');
    expect(text).toContain('A <fast> & cool one, 2 cores, 8 GB');
  });
});

describe('chart', () => {
  const chart = {
    title: 'T',
    subtitle: 'S',
    panels: [
      {
        title: 'P',
        hint: 'less is better',
        bars: [
          { label: 'a <b>', value: 10, kind: 'own' as const },
          { label: 'c', value: 40, kind: 'peer' as const },
          { label: 'd', value: 0, kind: 'other' as const },
        ],
      },
    ],
  };

  test('bars are as long as their values, from zero, and the smallest can be seen', () => {
    const lengths = [...drawChart(chart).matchAll(/<rect x="\d+" y="\d+" width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(lengths).toHaveLength(3);
    expect((lengths[1] ?? 0) / (lengths[0] ?? 1)).toBeCloseTo(4, 1);
    expect(lengths[2]).toBe(2);
  });

  test('labels are escaped, and the document is closed', () => {
    const svg = drawChart(chart);
    expect(svg).toContain('a &lt;b&gt;');
    expect(svg).not.toContain('<b>');
    expect(svg.match(/<text /g)?.length).toBe(svg.match(/<\/text>/g)?.length);
    expect(svg.trimEnd().endsWith('</svg>')).toBe(true);
  });

  test('bars lie inside the picture and panels do not overlap', () => {
    const svg = drawChart(chartOf(results));
    const height = Number(/height="(\d+)"/.exec(svg)?.[1]);
    const rects = [...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)].map((match) => match.slice(1).map(Number));
    expect(rects.length).toBe(4 + 4 + 4 + 2);
    for (const [x = 0, y = 0, width = 0, barHeight = 0] of rects) {
      expect(y + barHeight).toBeLessThan(height);
      expect(x < 600 ? x + width : x + width - 600).toBeLessThan(600);
    }
  });

  test('names the day and the machine', () => {
    const { subtitle, panels } = chartOf(results);
    expect(subtitle).toContain('2026-11-22 · A <fast> & cool one');
    expect(panels.map(({ bars }) => bars[0]?.kind)).toEqual(['own', 'own', 'own', 'own']);
    expect(chartOf({ ...results, pages: {} }).panels).toHaveLength(1);
  });
});

describe('options', () => {
  test('without any, everything is measured', () => {
    const { mode, parts, contestants, soakSeconds, out } = readOptions([]);
    expect({ mode, soakSeconds, out }).toEqual({ mode: 'full', soakSeconds: 0, out: null });
    expect(parts).toContain('growth');
    expect(contestants).toContain('rest');
  });

  test('quick is less', () => {
    const [quick, full] = [readOptions(['--quick']), readOptions([])];
    expect(quick.mode).toBe('quick');
    expect(quick.parts).not.toContain('growth');
    expect(quick.contestants.length).toBeLessThan(full.contestants.length);
    expect(quick.settings.manyMs).toBeLessThan(full.settings.manyMs);
  });

  test('some parts and some servers, always with this one', () => {
    expect(readOptions(['--only=page,delayed', '--servers=bare'])).toMatchObject({
      ...{ mode: 'part', parts: ['page', 'delayed'], contestants: ['snapinfra', 'bare'] },
    });
  });

  test.each([['--only=pages'], ['--servers=express'], ['--soak=long'], ['--fast'], ['page']])('%s is refused', (argument) => {
    expect(() => readOptions([argument])).toThrow(OptionsInvalid);
  });

  test('a refusal names what there is', () => {
    expect(() => readOptions(['--only=pages'])).toThrow('--only: there is no pages; there are page, bursts, project, object');
  });
});

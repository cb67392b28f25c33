/** A chart of bars as SVG, without a library: four panels on a light background. */
import { contestants, graphqlPeers, own, titles } from './contestants.ts';
import { machineText } from './report.ts';
import type { ByContestant, Results } from './results.ts';
import { short } from './table.ts';

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What it stands for decides its colour. */
  readonly kind: 'own' | 'peer' | 'other';
}

/** A group of bars with one scale. */
export interface Panel {
  readonly title: string;
  /** Which direction is good. */
  readonly hint: string;
  readonly bars: readonly Bar[];
}

/** What a chart shows. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
}

const colours = { own: '#0f766e', peer: '#94a3b8', other: '#cbd5e1' } as const;
const layout = { width: 1200, margin: 40, head: 104, gap: 40, barHeight: 22, barStep: 32, panelHead: 48, labelWidth: 196, valueWidth: 64 };

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

interface TextStyle {
  readonly size: number;
  readonly colour?: string;
  readonly weight?: number;
  readonly anchor?: 'start' | 'end';
}

function text(x: number, y: number, content: string, { size, colour = '#334155', weight = 400, anchor = 'start' }: TextStyle): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}">${escape(content)}</text>`;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function drawPanel({ title, hint, bars }: Panel, { x, y, width }: Place): string[] {
  const { barHeight, barStep, panelHead, labelWidth, valueWidth } = layout;
  const largest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const full = width - labelWidth - valueWidth;
  const drawn = bars.flatMap(({ label, value, kind }, i) => {
    const top = y + panelHead + i * barStep;
    const length = Math.max(2, Math.round((value / largest) * full));
    const style = { size: 13, weight: kind === 'own' ? 600 : 400, colour: kind === 'own' ? '#0f766e' : '#334155' };
    return [
      text(x + labelWidth - 10, top + 16, label, { ...style, anchor: 'end' }),
      `<rect x="${x + labelWidth}" y="${top}" width="${length}" height="${barHeight}" rx="3" fill="${colours[kind]}"/>`,
      text(x + labelWidth + length + 8, top + 16, short(value), style),
    ];
  });
  return [
    text(x, y + 16, title, { size: 16, weight: 600, colour: '#0f172a' }),
    text(x, y + 35, hint, { size: 12, colour: '#64748b' }),
    ...drawn,
  ];
}

/** Returns the chart as an SVG document; two panels in a row, bars from zero, each with its label and its value. */
export function drawChart({ title, subtitle, panels }: Chart): string {
  const { width, margin, head, gap, barStep, panelHead } = layout;
  const panelWidth = (width - 2 * margin - gap) / 2;
  const rows = Array.from({ length: Math.ceil(panels.length / 2) }, (_, i) => panels.slice(2 * i, 2 * i + 2));
  const heights = rows.map((row) => panelHead + Math.max(...row.map(({ bars }) => bars.length)) * barStep + 28);
  const tops = heights.map((_, i) => head + heights.slice(0, i).reduce((sum, height) => sum + height, 0));
  const drawn = rows.flatMap((row, i) =>
    row.flatMap((panel, column) => drawPanel(panel, { x: margin + column * (panelWidth + gap), y: tops[i] ?? head, width: panelWidth })),
  );
  const height = head + heights.reduce((sum, one) => sum + one, 0) + 4;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(margin, 48, title, { size: 24, weight: 700, colour: '#0f172a' }),
    text(margin, 74, subtitle, { size: 13, colour: '#64748b' }),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

const shortTitles = { ...titles, snapinfra: 'Snapinfra API', bare: 'bare handler, no GraphQL', rest: 'REST, a call per list' };

/** Returns the bars of those who were measured, in the usual order. */
function barsOf<T>(results: ByContestant<T> | undefined, read: (result: T) => number | undefined): Bar[] {
  return contestants.flatMap((name): Bar[] => {
    const result = results?.[name];
    const value = result === undefined ? undefined : read(result);
    if (value === undefined) return [];
    const kind = name === own ? 'own' : graphqlPeers.some((peer) => peer === name) ? 'peer' : 'other';
    return [{ label: shortTitles[name], value, kind }];
  });
}

/** Returns what the chart of a run shows: the page, as far as it was measured. */
export function chartOf({ environment, pages: { page }, delayed }: Results): Chart {
  const panels: Panel[] = [
    { title: 'Server CPU per page, ms', hint: 'less is better', bars: barsOf(page, ({ speed }) => speed?.cpuMs) },
    { title: 'Pages per second, 16 at a time', hint: 'more is better', bars: barsOf(page, ({ speed }) => speed?.perSecond) },
    { title: 'DynamoDB calls per page', hint: 'less is better', bars: barsOf(page, ({ counts }) => counts?.calls) },
    {
      title: 'Time to the page with 5 ms on every DynamoDB call, ms',
      hint: 'median, less is better',
      bars: barsOf(delayed, ({ p50 }) => p50),
    },
  ];
  return {
    title: 'One dashboard page: 20 projects with their newest schemas, deployments and activities',
    subtitle: `${environment.date.slice(0, 10)} · ${machineText(environment)} · DynamoDB emulator on the same machine`,
    panels: panels.filter(({ bars }) => bars.length > 0),
  };
}

/** Tables for the terminal and for Markdown. */

/** A table: its first column is text, the others are numbers. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
  /** True where all columns are text. */
  readonly isText?: boolean;
}

/** Returns a number with so many significant digits that it can be compared: 0.35, 7.6, 91; `–` for what was not measured. */
export function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** Returns how many times as much a value is as another, such as `×7.9`. */
export function times(value: number | undefined, reference: number | undefined): string {
  return value === undefined || reference === undefined || reference === 0 ? '–' : `×${short(value / reference)}`;
}

/** Returns a table with its columns under each other. */
export function terminalTable({ title, header, rows, note, isText = false }: Table): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 || isText ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`.trimEnd();
  const rule = `  ${'─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2))}`;
  return [title, line(header), rule, ...rows.map(line), ...(note === undefined ? [] : [`  ${note}`])].join('\n');
}

/** Returns a table in GitHub's Markdown, with its title as a heading. */
export function markdownTable({ title, header, rows, note, isText = false }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const alignment = header.map((_, i) => (i === 0 || isText ? '---' : '---:'));
  return [`## ${title}`, '', line(header), line(alignment), ...rows.map(line), ...(note === undefined ? [] : ['', note])].join('\n');
}

/** The results as tables, for the terminal and for Markdown. */
import { contestants, own, titles, type Contestant } from './contestants.ts';
import type { Goal } from './goals.ts';
import { comparedPages, pageTitles } from './pages.ts';
import type { ByContestant, Counts, Environment, PageResult, Results } from './results.ts';
import { markdownTable, short, terminalTable, times, type Table } from './table.ts';

const megabyte = 1024 * 1024;

/** What a reader must know to judge the numbers fairly. */
export const notes: readonly string[] = [
  'This server verifies tokens and sessions, decides access, limits, and writes a log line for every request; the peers take the word of a header and do none of that.',
  'All peers share one data layer on the stock DocumentClient (keep-alive, 128 sockets) and one SDL; they differ in the framework only. The bare handler knows the page and reads owner-wide, as one who wrote it by hand would.',
  'deploymentCreate writes the same four items in one transaction at every server.',
  'CPU time is that of the server process alone; median of interleaved rounds, over one request at a time and 16 at a time. DB CPU is that of the emulator, which a table on AWS would not charge to this machine; where it is the larger part, it decides latency and requests/s here. Compare ratios within a run: the clients and the database share the machine.',
  'Calls, depth and read units are counted in a proxy that holds every call for 250 ms, so that only calls that wait for each other come one after the other.',
];

function present<T>(results: ByContestant<T> | undefined): (readonly [Contestant, T])[] {
  return contestants.flatMap((name) => {
    const result = results?.[name];
    return result === undefined ? [] : [[name, result] as const];
  });
}

const speedHeader = ['CPU ms', 'DB CPU ms', 'p50', 'p95', 'p50 at 16', 'p95 at 16', 'requests/s', 'CPU ratio'];

function speedCells({ speed }: PageResult, reference: PageResult | undefined): string[] {
  const { cpuMs, databaseCpuMs, p50, p95, p50At16, p95At16, perSecond } = speed ?? {};
  return [...[cpuMs, databaseCpuMs, p50, p95, p50At16, p95At16, perSecond].map(short), times(cpuMs, reference?.speed?.cpuMs)];
}

const countHeader = ['calls', 'depth', 'read units', 'KB read'];

function countCells({ counts }: PageResult): string[] {
  return [counts?.calls, counts?.depth, counts?.readUnits, counts && counts.bytes / 1024].map(short);
}

function pageTables({ pages, processes }: Results): Table[] {
  return comparedPages.flatMap((page) => {
    const results = pages[page];
    if (!results) return [];
    const memory = (name: Contestant): string[] =>
      [processes?.[name]?.idleRssBytes, processes?.[name]?.loadedRssBytes].map((bytes) =>
        short(bytes === undefined ? undefined : bytes / megabyte),
      );
    const isFirst = page === 'page';
    const units = page === 'create' ? ['write units'] : [];
    const header = ['', ...countHeader, ...units, ...speedHeader, ...(isFirst ? ['RSS idle MB', 'RSS after MB'] : [])];
    const rows = present(results).map(([name, result]) => [
      titles[name],
      ...countCells(result),
      ...(page === 'create' ? [short(result.counts?.writeUnits)] : []),
      ...speedCells(result, results[own]),
      ...(isFirst ? memory(name) : []),
    ]);
    return [{ title: pageTitles[page].replace(/^./, (letter) => letter.toUpperCase()), header, rows }];
  });
}

function firstRequestTables({ pages, bursts, growth }: Results): Table[] {
  const sources: [string, PageResult | undefined][] = [
    ...comparedPages.map((page): [string, PageResult | undefined] => [pageTitles[page], pages[page]?.[own]]),
    ['the page, each project worked on in a burst of its own', bursts?.[own]],
    ...Object.entries(growth ?? {}).map(([projects, results]): [string, PageResult | undefined] => [
      `the page with ${projects} projects`,
      results[own],
    ]),
  ];
  const counted = sources.flatMap(([title, result]) =>
    result?.first && result.counts ? [{ title, first: result.first, later: result.counts }] : [],
  );
  if (counted.length === 0) return [];
  const numbers = ({ calls, depth, readUnits }: Counts): string[] => [calls, depth, readUnits].map(short);
  return [
    {
      title:
        'This server: the first request for an owner in a new process, and later ones; two reads of session and account every 30 s come on top',
      header: ['', 'first: calls', 'depth', 'read units', 'later: calls', 'depth', 'read units'],
      rows: counted.map(({ title, first, later }) => [title, ...numbers(first), ...numbers(later)]),
    },
    {
      title: 'This server: what those calls are',
      header: ['', 'calls'],
      isText: true,
      rows: counted.flatMap(({ title, first, later }) => [
        [`${title}: first`, targetsText(first)],
        [`${title}: later`, targetsText(later)],
      ]),
    },
  ];
}

function targetsText({ targets }: Counts): string {
  return Object.entries(targets)
    .map(([name, count]) => (count === 1 ? name : `${count} ${name}`))
    .join(', ');
}

function delayedTable({ delayed }: Results): Table[] {
  if (!delayed) return [];
  const reference = delayed[own]?.p50;
  const rows = present(delayed).map(([name, { p50, cpuMs }]) => [titles[name], short(p50), short(cpuMs), times(p50, reference)]);
  return [{ title: 'The page with 5 ms added to every DynamoDB call', header: ['', 'p50', 'CPU ms', 'p50 ratio'], rows }];
}

function burstTable({ bursts }: Results): Table[] {
  if (!bursts) return [];
  const rows = present(bursts).map(([name, result]) => [titles[name], ...countCells(result)]);
  return [{ title: 'The page, each project worked on in a burst of its own', header: ['', ...countHeader], rows }];
}

function growthTables({ growth }: Results): Table[] {
  return Object.entries(growth ?? {}).map(([projects, results]) => {
    const hasDelay = present(results).some(([, { delayed }]) => delayed);
    const delayHeader = hasDelay ? ['p50 with 5 ms', 'CPU ms with 5 ms'] : [];
    const rows = present(results).map(([name, result]) => [
      titles[name],
      ...countCells(result),
      ...[result.single?.cpuMs, result.single?.p50].map(short),
      times(result.single?.cpuMs, results[own]?.single?.cpuMs),
      ...(hasDelay ? [short(result.delayed?.p50), short(result.delayed?.cpuMs)] : []),
    ]);
    const header = ['', ...countHeader, 'CPU ms', 'p50', 'CPU ratio', ...delayHeader];
    return { title: `The page with ${projects} projects, one request at a time`, header, rows };
  });
}

function flatTable({ flat }: Results): Table[] {
  if (!flat) return [];
  const rows = flat.flatMap(({ title, small, large }) =>
    [small, large].map(({ label, calls, readUnits, p50 }) => [`${title}, ${label}`, short(calls), short(readUnits), short(p50)]),
  );
  return [{ title: 'Costs that must not grow', header: ['', 'calls', 'read units', 'p50'], rows }];
}

function overheadTable({ overhead }: Results): Table[] {
  if (!overhead) return [];
  const rows = Object.entries(overhead).map(([name, cpuMs]) => [name, short(cpuMs)]);
  return [
    { title: 'Requests that read nothing for the page', header: ['', 'CPU ms'], rows, note: 'Signed in − anonymous = authentication.' },
  ];
}

function startTable({ processes, embeddedStartMs }: Results): Table[] {
  const rows = present(processes).flatMap(([name, { coldStartMs }]) =>
    coldStartMs === undefined ? [] : [[titles[name], short(coldStartMs), times(coldStartMs, processes?.[own]?.coldStartMs)]],
  );
  if (embeddedStartMs !== undefined) rows.push([`${titles[own]}, with its embedded database and new tables`, short(embeddedStartMs), '']);
  return rows.length === 0 ? [] : [{ title: 'Cold start to the first answer from the tables', header: ['', 'ms', 'ratio'], rows }];
}

function goalTable(goals: readonly Goal[]): Table {
  const mark = { met: '✓ met', missed: '✗ missed', 'not measured': '– not measured' };
  return {
    title: 'Goals',
    header: ['', 'goal', 'measured', 'result'],
    rows: goals.map(({ title, target, measured, status }) => [title, target, measured, mark[status]]),
  };
}

/** Returns all tables, the goals last. */
export function tablesOf(results: Results, goals: readonly Goal[]): Table[] {
  const makers = [pageTables, delayedTable, firstRequestTables, burstTable, growthTables, flatTable, overheadTable, startTable];
  return [...makers.flatMap((make) => make(results)), goalTable(goals)];
}

/** Returns one line about the machine. */
export function machineText({ processor, cores, memoryBytes, system, node }: Environment): string {
  return `${processor}, ${cores} cores, ${Math.round(memoryBytes / 1024 ** 3)} GB, ${system}, Node ${node}`;
}

function headLines(environment: Environment): string[] {
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${environment.date}, commit ${environment.commit}, ${environment.mode} run of ${environment.seconds.toFixed(0)} s`,
    machineText(environment),
    `${environment.database}; ${versions.join(', ')}`,
    'Times in milliseconds.',
  ];
}

/** Returns the report for a terminal. */
export function terminalReport(results: Results, goals: readonly Goal[]): string {
  return [
    headLines(results.environment).join('\n'),
    ...tablesOf(results, goals).map(terminalTable),
    notes.map((note) => `* ${note}`).join('\n'),
  ].join('\n\n');
}

/** Returns the report in Markdown. */
export function markdownReport(results: Results, goals: readonly Goal[]): string {
  const [goalsLast, ...others] = tablesOf(results, goals).toReversed();
  const tables = [...(goalsLast ? [goalsLast] : []), ...others.toReversed()];
  return [
    '# Benchmark',
    `Made by \`npm run bench\`. ${headLines(results.environment).join('. ').replace('..', '.')}`,
    '![Chart of the results](latest.svg)',
    notes.map((note) => `- ${note}`).join('\n'),
    ...tables.map(markdownTable),
  ].join('\n\n');
}

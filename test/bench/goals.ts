/** The goals of the project, as ratios within one run and as counts, and whether this run met them. */
import { graphqlPeers, own } from './contestants.ts';
import type { ByContestant, ComparedPage, Counts, PageResult, ProcessResult, Results, Speed } from './results.ts';

/** One goal and what was found. */
export interface Goal {
  readonly title: string;
  /** Such as `≤ 0.17`. */
  readonly target: string;
  readonly measured: string;
  readonly status: 'met' | 'missed' | 'not measured';
}

interface Limit {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Digits behind the point. */
  readonly digits?: number;
  readonly unit?: string;
}

/** Compares a number with its limit; `undefined` was not measured. */
export function judge(title: string, value: number | undefined, { atMost, atLeast, digits = 2, unit = '' }: Limit): Goal {
  const text = (number: number): string => `${Number(number.toFixed(digits))}${unit}`;
  const target = atMost === undefined ? `≥ ${text(atLeast ?? 0)}` : `≤ ${text(atMost)}`;
  if (value === undefined || Number.isNaN(value)) return { title, target, measured: '–', status: 'not measured' };
  const isMet = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  return { title, target, measured: text(value), status: isMet ? 'met' : 'missed' };
}

type Read<T> = (result: T) => number | undefined;

/** Returns the values of the four GraphQL peers that were measured. */
function peerValues<T>(results: ByContestant<T> | undefined, read: Read<T>): number[] {
  return graphqlPeers.flatMap((name) => {
    const result = results?.[name];
    const value = result === undefined ? undefined : read(result);
    return value === undefined ? [] : [value];
  });
}

/** Returns this server's value as a part of the smallest of the peers'; undefined where one of them is not known. */
export function ratioToBestPeer<T>(results: ByContestant<T> | undefined, read: Read<T>): number | undefined {
  const [ours, peers] = [valueOf(results, own, read), peerValues(results, read)];
  return ours === undefined || peers.length === 0 ? undefined : ours / Math.min(...peers);
}

function valueOf<T>(results: ByContestant<T> | undefined, name: keyof ByContestant<T>, read: Read<T>): number | undefined {
  const result = results?.[name];
  return result === undefined ? undefined : read(result);
}

const cpuOf: Read<PageResult> = ({ speed }) => speed?.cpuMs;
const sixth = 1 / 6;

function pageGoals({ pages: { page } }: Results): Goal[] {
  const ours = page?.[own];
  const perProject = valueOf(page, 'apollo-dataloader', ({ counts }) => counts?.readUnits);
  const units = (counts: Counts | undefined): number | undefined =>
    counts === undefined || perProject === undefined ? undefined : counts.readUnits / perProject;
  const bareCpu = valueOf(page, 'bare', cpuOf);
  const oursCpu = ours?.speed?.cpuMs;
  const bestPerSecond = Math.max(...peerValues(page, ({ speed }) => speed?.perSecond));
  const ourPerSecond: Speed['perSecond'] | undefined = ours?.speed?.perSecond;
  return [
    judge('The page, known owner: DynamoDB calls', ours?.counts?.calls, { atMost: 4 }),
    judge('The page, known owner: depth', ours?.counts?.depth, { atMost: 1 }),
    judge('The page, first request for an owner: DynamoDB calls', ours?.first?.calls, { atMost: 7 }),
    judge('The page, first request for an owner: depth', ours?.first?.depth, { atMost: 3 }),
    judge('The page: read units ÷ per-project plan', units(ours?.counts), { atMost: 1.2 }),
    judge('The page, first request for an owner: read units ÷ per-project plan', units(ours?.first), { atMost: 1.5 }),
    judge('The page: CPU ÷ best GraphQL peer', ratioToBestPeer(page, cpuOf), { atMost: sixth, digits: 3 }),
    judge(
      'The page: CPU ÷ bare handler with the stock SDK',
      oursCpu === undefined || bareCpu === undefined ? undefined : oursCpu / bareCpu,
      { atMost: 0.7 },
    ),
    judge(
      'The page: requests/s ÷ best GraphQL peer',
      ourPerSecond === undefined || bestPerSecond <= 0 ? undefined : ourPerSecond / bestPerSecond,
      { atLeast: 7, digits: 1 },
    ),
  ];
}

function otherPageGoals({ pages }: Results): Goal[] {
  const cpu = (page: ComparedPage): number | undefined => ratioToBestPeer(pages[page], cpuOf);
  const transactions = pages.create?.[own]?.counts?.operations['TransactWriteItems'];
  const writes = Object.entries(pages.create?.[own]?.counts?.operations ?? {}).filter(([name]) => /Write|Put|Update|Delete/.test(name));
  const onlyOne = transactions === undefined ? undefined : writes.reduce((sum, [, count]) => sum + count, 0);
  return [
    judge('One project with three lists: CPU ÷ best GraphQL peer', cpu('project'), { atMost: 0.4 }),
    judge('One project with three lists: depth', pages.project?.[own]?.counts?.depth, { atMost: 1 }),
    judge('One object by id: CPU ÷ best GraphQL peer', cpu('object'), { atMost: 0.6 }),
    judge('deploymentCreate: CPU ÷ best GraphQL peer', cpu('create'), { atMost: 0.3 }),
    judge('deploymentCreate: writing calls, a TransactWriteItems', onlyOne, { atMost: 1 }),
  ];
}

/** Differences up to a tenth come from the sizes of the rows themselves. */
const flatLimit = 1.1;

function flatGoals({ flat }: Results): Goal[] {
  const measured = flat?.map(({ title, small, large }) =>
    judge(`${title}: read units, ${large.label} ÷ ${small.label}`, large.readUnits / small.readUnits, { atMost: flatLimit }),
  );
  const metrics: Goal = {
    title: 'Metric buckets: read units, many events ÷ few',
    target: `≤ ${flatLimit}`,
    measured: '–',
    status: 'not measured',
  };
  return [...(measured ?? []), metrics];
}

const megabyte = 1024 * 1024;

/** Seconds of load after which memory can be judged. */
const shortestSoak = 300;

function processGoals({ processes, embeddedStartMs, soak }: Results): Goal[] {
  const start: Read<ProcessResult> = ({ coldStartMs }) => coldStartMs;
  const idle = processes?.[own]?.idleRssBytes;
  // A heap takes minutes to find its size.
  const isLong = (soak?.seconds ?? 0) >= shortestSoak;
  const early = isLong ? soak?.rssBytes[2] : undefined;
  const late = soak?.rssBytes.at(-1);
  return [
    judge('Cold start on the embedded database', embeddedStartMs === undefined ? undefined : embeddedStartMs / 1000, {
      atMost: 2,
      unit: ' s',
    }),
    judge('Cold start ÷ fastest GraphQL peer', ratioToBestPeer(processes, start), { atMost: 0.4 }),
    judge('Idle memory', idle === undefined ? undefined : idle / megabyte, { atMost: 120, digits: 0, unit: ' MB' }),
    judge(
      `Memory under load: end ÷ after a third${soak && isLong ? ` (${soak.seconds} s)` : ' (run with --soak=600)'}`,
      early === undefined || late === undefined ? undefined : late / early,
      { atMost: 1.1 },
    ),
  ];
}

/** Returns all goals, in the order of their importance. */
export function goalsOf(results: Results): Goal[] {
  return [
    ...pageGoals(results),
    judge(
      'The page with 5 ms on every DynamoDB call: p50 ÷ best GraphQL peer',
      ratioToBestPeer(results.delayed, ({ p50 }) => p50),
      { atMost: 0.2 },
    ),
    ...otherPageGoals(results),
    ...flatGoals(results),
    ...processGoals(results),
  ];
}

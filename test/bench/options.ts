/** Options of `npm run bench -- …`. */
import { parseArgs } from 'node:util';
import { contestants, own, type Contestant } from './contestants.ts';
import type { Settings } from './session.ts';

export const parts = ['page', 'bursts', 'project', 'object', 'create', 'delayed', 'growth', 'flat', 'overhead', 'start'] as const;

/** A part of the benchmark. */
export type Part = (typeof parts)[number];

/** What is to be measured, and how. */
export interface Options {
  readonly mode: 'full' | 'quick' | 'part';
  readonly parts: readonly Part[];
  readonly contestants: readonly Contestant[];
  readonly settings: Settings;
  /** Seconds of a long load to watch the memory in; 0 for none. */
  readonly soakSeconds: number;
  /** Folder for the results; null for the usual one. */
  readonly out: string | null;
}

/** The options cannot be used; the message says what can. */
export class OptionsInvalid extends Error {
  override readonly name = 'OptionsInvalid';
}

const full: Settings = {
  rounds: 3,
  singleMs: 600,
  manyMs: 600,
  warmUpCpuMs: 5_000,
  warmUpRequests: 400,
  startRounds: 3,
  growth: [5, 50, 100],
  manyRows: 20_000,
};

const quick: Settings = {
  rounds: 2,
  singleMs: 100,
  manyMs: 250,
  warmUpCpuMs: 600,
  warmUpRequests: 60,
  startRounds: 1,
  growth: [],
  manyRows: 1_000,
};

/** What a quick run leaves out: servers that are like their neighbours, or slower; parts that need more rows. */
const notQuick: { contestants: readonly Contestant[]; parts: readonly Part[] } = {
  contestants: ['apollo-naive', 'yoga', 'rest'],
  parts: ['bursts', 'project', 'object', 'growth', 'flat', 'overhead', 'start'],
};

/** Words that `--help` prints. */
export const usage = `npm run bench [-- options]

  --quick              under a minute: fewer rounds, three peers, no ${notQuick.parts.join(', ')}
  --only=page,delayed  some parts only: ${parts.join(', ')}
  --servers=yoga,bare  some servers only, beside this one: ${contestants.filter((name) => name !== own).join(', ')}
  --soak=600           watch the memory under that many seconds of load, too
  --out=folder         where the results go; test/bench/results/ for a full run`;

function readList<T extends string>(option: string, text: string | undefined, allowed: readonly T[]): readonly T[] | null {
  if (text === undefined) return null;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !allowed.some((one) => one === name));
  if (unknown.length > 0) throw new OptionsInvalid(`--${option}: there is no ${unknown.join(', ')}; there are ${allowed.join(', ')}`);
  return allowed.filter((name) => names.includes(name));
}

function parse(args: readonly string[]) {
  try {
    const options = {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      servers: { type: 'string' },
      soak: { type: 'string' },
      out: { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new OptionsInvalid(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

/** Reads the arguments of the command. Throws OptionsInvalid for those that cannot be used. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const only = readList('only', values.only, parts);
  const servers = readList('servers', values.servers, contestants);
  const soakSeconds = Number(values.soak ?? 0);
  if (!Number.isInteger(soakSeconds) || soakSeconds < 0) throw new OptionsInvalid('--soak: how many seconds? For example --soak=600');
  const usual = contestants.filter((name) => !values.quick || !notQuick.contestants.includes(name));
  return {
    mode: values.quick ? 'quick' : only || servers ? 'part' : 'full',
    parts: only ?? (values.quick ? parts.filter((part) => !notQuick.parts.includes(part)) : parts),
    contestants: servers ? contestants.filter((name) => name === own || servers.includes(name)) : usual,
    settings: values.quick ? quick : full,
    soakSeconds,
    out: values.out ?? null,
  };
}

/** Collects what an import drops or changes; repeated kinds become one warning with a count. */
import type { ConversionWarning } from '../model.ts';
import { positionsOf } from './positions.ts';

export interface Warning {
  /** Stable upper-case code, such as `CHECK_CONSTRAINT`. */
  code: string;
  /** What it is about, as SQL people call it, such as `CHECK constraint`. */
  construct: string;
  message: string;
  /** UTF-16 offset in the source. */
  offset: number;
}

export interface CountedWarning {
  code: string;
  construct: string;
  /** Occurrences with the same code, construct and group become one warning. */
  group?: string;
  /** How many this occurrence counts for; 1 by default. */
  times?: number;
  /** The message for the final count. */
  message: (count: number) => string;
  offset: number;
}

export interface Warnings {
  add: (warning: Warning) => void;
  count: (warning: CountedWarning) => void;
  /** Returns all warnings in the order of the source. */
  list: (source: string) => ConversionWarning[];
}

/** More than this no one reads, and an answer must stay below the response limit. */
export const maxWarnings = 500;

/** Returns `1 row`, `2 rows`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function place(source: string, warnings: readonly Warning[]): ConversionWarning[] {
  const positions = positionsOf(
    source,
    warnings.map(({ offset }) => offset),
  );
  return warnings.map(({ code, construct, message }, index) => ({ code, message, construct, ...positions[index] }));
}

/** Returns an empty collector. Beyond `maxWarnings` the rest is counted in a last warning. */
export function createWarnings(): Warnings {
  const single: Warning[] = [];
  const counted = new Map<string, CountedWarning & { total: number }>();
  return {
    add: (warning) => void single.push(warning),
    count: (warning) => {
      const key = `${warning.code}\n${warning.construct}\n${warning.group ?? ''}`;
      const known = counted.get(key);
      if (known) known.total += warning.times ?? 1;
      else counted.set(key, { ...warning, total: warning.times ?? 1 });
    },
    list: (source) => {
      const collapsed = [...counted.values()].map(({ code, construct, offset, message, total }) => {
        return { code, construct, offset, message: message(total) };
      });
      const all = [...single, ...collapsed].sort((a, b) => a.offset - b.offset);
      const kept = place(source, all.slice(0, maxWarnings));
      if (all.length <= maxWarnings) return kept;
      const message = `${plural(all.length - maxWarnings, 'more warning')} left out; import the source in parts to see them.`;
      return [...kept, { code: 'MORE_WARNINGS', construct: 'Warnings', message }];
    },
  };
}

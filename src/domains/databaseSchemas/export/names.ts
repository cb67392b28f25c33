/** Names of one namespace of a target: made legal, shortened to its limit, and unique, each change reported. */
import type { WarningSink } from './warnings.ts';

/** What a target demands of an identifier. */
export interface NameRules {
  /** Longest identifier, and how the target counts it; absent where there is no limit. */
  readonly limit?: { readonly length: number; readonly unit: 'bytes' | 'characters' };
  /** Returns what two names that the target cannot tell apart have in common. */
  readonly fold: (name: string) => string;
  /** Returns the name without what no identifier of the target can hold; the same text where it is fine. */
  readonly clean: (name: string) => string;
  /** Name of the target in messages, such as `PostgreSQL`. */
  readonly target: string;
}

const encoder = new TextEncoder();

const sizeOf = (name: string, unit: 'bytes' | 'characters'): number => (unit === 'bytes' ? encoder.encode(name).length : name.length);

/** Returns the longest prefix of whole characters that fits. */
export function truncateName(name: string, limit: NonNullable<NameRules['limit']>): string {
  if (sizeOf(name, limit.unit) <= limit.length) return name;
  let prefix = '';
  let size = 0;
  for (const character of name) {
    size += sizeOf(character, limit.unit);
    if (size > limit.length) break;
    prefix += character;
  }
  return prefix;
}

/** One set of names that must differ from each other. */
export class Namespace {
  private readonly taken = new Set<string>();
  private readonly rules: NameRules;

  constructor(rules: NameRules, reserved: Iterable<string> = []) {
    this.rules = rules;
    for (const name of reserved) this.reserve(name);
  }

  /** Marks a name as used without giving it out. */
  reserve(name: string): void {
    this.taken.add(this.rules.fold(name));
  }

  has(name: string): boolean {
    return this.taken.has(this.rules.fold(name));
  }

  private withSuffix(name: string, suffix: string): string {
    const { limit } = this.rules;
    return (limit ? truncateName(name, { ...limit, length: limit.length - suffix.length }) : name) + suffix;
  }

  /**
   * Returns a legal name that nobody has yet, as near to `wanted` as the target allows: shortened, cleaned, or numbered (`_2`).
   */
  allocate(wanted: string): string {
    const clean = this.withSuffix(this.rules.clean(wanted) || 'unnamed', '');
    let name = clean;
    for (let count = 2; this.has(name); count += 1) name = this.withSuffix(clean, `_${count}`);
    this.reserve(name);
    return name;
  }

  /** As `allocate`, for a name that a person chose: every change is reported. `construct` says what is named, such as `table`. */
  allocateNamed(wanted: string, construct: string, warnings: WarningSink): string {
    const name = this.allocate(wanted);
    if (name !== wanted) {
      const { limit, target } = this.rules;
      const tooLong = limit !== undefined && sizeOf(wanted, limit.unit) > limit.length;
      const reason = tooLong
        ? `${target} allows ${limit.length} ${limit.unit}`
        : `${target} does not allow this name here, or has it already`;
      warnings.add(
        tooLong ? 'NAME_TOO_LONG' : 'NAME_CHANGED',
        construct,
        `The ${construct} "${wanted}" is written as "${name}": ${reason}. Rename it to choose another name.`,
      );
    }
    return name;
  }
}

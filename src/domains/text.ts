/** Rules for text from clients, shared by all domains. */
import { ExpectedError, validationEntry, type UserErrorEntry } from '../errors.ts';

/** What a text field allows. Lengths count Unicode code points after trimming is left to the caller. */
export interface TextRule {
  min?: number;
  max: number;
  /** True for text of several lines; else line breaks and tabs are refused too. */
  multiline?: boolean;
}

// Control characters other than tab, line feed and carriage return are in no text that a person writes.
// eslint-disable-next-line no-control-regex -- finding them is the purpose
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const lineBreaks = /[\n\r\t]/;

/** Returns what is wrong with a text, as a sentence that says what to do, or null. */
export function textProblem(text: string, { min = 0, max, multiline = false }: TextRule): string | null {
  const length = Array.from(text).length;
  if (!text.isWellFormed()) return 'The text has half of a surrogate pair. Send valid Unicode.';
  if (control.test(text) || (!multiline && lineBreaks.test(text))) return 'The text has control characters. Remove them.';
  if (text.trim().length === 0 && min > 0) return 'The text is empty. Write something.';
  if (length < min) return `The text has ${length} characters; it needs at least ${min}.`;
  if (length > max) return `The text has ${length} characters; at most ${max} are allowed.`;
  return null;
}

/** After so many problems the rest is not noted: a hopeless input of thousands of parts must not make an answer of megabytes. */
const maxProblems = 100;

/** Collects problems of input fields and throws them together, so that a client sees all at once. */
export class Checks {
  private readonly entries: UserErrorEntry[] = [];

  /** Notes a problem; `field` is the path from the arguments. */
  add(field: readonly string[], message: string | null): void {
    if (message !== null && this.entries.length < maxProblems) this.entries.push(validationEntry(field, message));
  }

  /** Checks a text that may be absent or null. */
  text(field: readonly string[], text: string | null | undefined, rule: TextRule): void {
    if (text != null) this.add(field, textProblem(text, rule));
  }

  /** Refuses null where a value may be left out or set, but not cleared. */
  notNull(field: readonly string[], value: unknown): void {
    if (value === null) this.add(field, 'This field can not be cleared. Leave it out, or send a value.');
  }

  /** Throws what was found, if anything. */
  throwIfAny(): void {
    if (this.entries.length > 0) throw new ExpectedError(this.entries);
  }
}

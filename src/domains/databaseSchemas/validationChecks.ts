/** The small checks that the rules of a schema body are made of: shapes, names, texts, limits, duplicates. */

/** One reason not to write. `path` leads into the body, such as `['tables', '2', 'fields', '0', 'name']`; `message` says what to do. */
export interface ValidationIssue {
  readonly path: string[];
  readonly code: ValidationCode;
  readonly message: string;
}

export type ValidationCode =
  | 'INVALID_SHAPE'
  | 'INVALID_NAME'
  | 'INVALID_TEXT'
  | 'INVALID_TYPE'
  | 'DUPLICATE_NAME'
  | 'DUPLICATE_ID'
  | 'UNKNOWN_REFERENCE'
  | 'EMPTY_INDEX'
  | 'EMPTY_ENUM'
  | 'FIELD_COUNT_MISMATCH'
  | 'LIMIT_EXCEEDED';

/** What one schema may hold; above that, neither a designer nor a database is of use any more. */
export const schemaLimits = {
  tables: 1000,
  fieldsPerTable: 1000,
  indexesPerTable: 500,
  fieldsPerIndex: 64,
  relationships: 5000,
  enums: 1000,
  valuesPerEnum: 5000,
  nameLength: 128,
  textLength: 10_000,
  /** After so many issues the rest is not looked for. */
  issues: 100,
} as const;

export type Path = readonly (string | number)[];
export type Unknown = Readonly<Record<string, unknown>>;

/** Collects issues; `full` ends the search early on hopeless bodies. */
export class Issues {
  readonly found: ValidationIssue[] = [];

  get full(): boolean {
    return this.found.length >= schemaLimits.issues;
  }

  add(path: Path, code: ValidationCode, message: string): void {
    if (!this.full) this.found.push({ path: path.map(String), code, message });
  }
}

export const isRecord = (value: unknown): value is Unknown => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text for messages: quoted, shortened, control characters made visible. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const short = Array.from(text).length > 60 ? `${Array.from(text).slice(0, 60).join('')}…` : text;
  return `"${short.replace(/\p{Cs}/gu, '\ufffd').replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** Returns the entries of a list that are objects; everything else in it, or no list at all, is an issue. */
export function records(value: unknown, path: Path, issues: Issues): Unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    issues.add(path, 'INVALID_SHAPE', `"${path.join('.')}" must be a list.`);
    return [];
  }
  const list: readonly unknown[] = value;
  return list.map((entry, index) => {
    if (isRecord(entry)) return entry;
    issues.add([...path, index], 'INVALID_SHAPE', `Entry ${index + 1} of "${path.join('.')}" must be an object.`);
    return {};
  });
}

export function limit(list: readonly unknown[], most: number, { path, what, issues }: { path: Path; what: string; issues: Issues }): void {
  if (list.length > most)
    issues.add(path, 'LIMIT_EXCEEDED', `${what} has ${list.length} entries; at most ${most} are allowed. Split the schema.`);
}

/** Characters that no name or type may hold; line breaks and tabs are allowed in descriptions and defaults. */
export const controls = /\p{Cc}/u;
/** Half a surrogate pair is no character. */
export const halves = /\p{Cs}/u;
const harshControls = /[^\P{Cc}\t\n\r]/u;

export interface NameCheck {
  readonly path: Path;
  /** What is named, such as `The name of table 3`. */
  readonly what: string;
  readonly issues: Issues;
}

/** Checks a name and returns it; undefined where it is unusable, so that nothing else complains about it. */
export function checkName(value: unknown, { path, what, issues }: NameCheck): string | undefined {
  const problem = nameProblem(value, what);
  if (problem === null) return value as string;
  issues.add(path, 'INVALID_NAME', problem);
  return undefined;
}

/** Returns what is wrong with a name, as a sentence that says what to do, or null. */
function nameProblem(value: unknown, what: string): string | null {
  if (typeof value !== 'string') return `${what} is missing. Give it a name.`;
  if (value.trim() === '') return `${what} is empty. Give it a name.`;
  if (Array.from(value).length > schemaLimits.nameLength)
    return `${what} is longer than ${schemaLimits.nameLength} characters (${show(value)}). Shorten it.`;
  if (controls.test(value) || halves.test(value))
    return `${what} (${show(value)}) holds a control character or half a character. Remove it.`;
  return null;
}

/** Checks a text that may be absent. */
export function checkText(value: unknown, { path, what, issues }: NameCheck): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'string') issues.add(path, 'INVALID_SHAPE', `${what} must be text.`);
  else if (value.length > schemaLimits.textLength)
    issues.add(path, 'LIMIT_EXCEEDED', `${what} is longer than ${schemaLimits.textLength} characters. Shorten it.`);
  else if (harshControls.test(value) || halves.test(value))
    issues.add(path, 'INVALID_TEXT', `${what} holds a control character or half a character. Remove it.`);
}

/** Reports the second and later use of a value. */
export function checkUnique(seen: Set<string>, value: string, report: () => void): void {
  if (seen.has(value)) report();
  seen.add(value);
}

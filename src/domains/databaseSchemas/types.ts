/**
 * SQL type text of any dialect, parsed into one neutral description that every export, check and generator reads.
 * The text is the author's; nothing here depends on which dialect it came from.
 */
import type { SchemaEnum } from './model.ts';
import { splitTypeText, type TypePieces } from './typeText.ts';

export type TypeKind =
  | 'integer'
  | 'decimal'
  | 'money'
  | 'float'
  | 'boolean'
  | 'char'
  | 'varchar'
  | 'text'
  | 'binary'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'year'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'xml'
  | 'inet'
  | 'bit'
  | 'tsvector'
  | 'geometry'
  | 'enum'
  | 'set'
  | 'array'
  | 'unknown';

/** A column type without a dialect. Only `kind`, `name` and `text` are always there; the rest as far as the text says it. */
export interface ColumnType {
  readonly kind: TypeKind;
  /** Lower-case base name as written, such as `character varying`; an enum's own name where the type is a named enum. */
  readonly name: string;
  /** The text that was parsed, trimmed. */
  readonly text: string;
  /** Width of an integer (8–64) or a floating point number (32, 64), in bits. */
  readonly bits?: number;
  readonly unsigned?: boolean;
  /** True for SERIAL types and `IDENTITY`: the database numbers the rows. */
  readonly serial?: boolean;
  /** Length in characters, bytes or bits; absent where the text gives none. */
  readonly length?: number;
  /** Digits of a decimal; fractional digits of a second for times. */
  readonly precision?: number;
  readonly scale?: number;
  /** True for times and timestamps with time zone. */
  readonly zone?: boolean;
  /** True for binary JSON (`jsonb`), fixed-length binary strings and varying bit strings never set it. */
  readonly binary?: boolean;
  /** Values of an enum or set, in order. */
  readonly values?: readonly string[];
  /** Element type of an array. */
  readonly element?: ColumnType;
  /** Arguments of a type that is not known here, verbatim. */
  readonly args?: readonly string[];
  /** Words after the type that are not part of it, such as `COLLATE x`; exports leave them out. */
  readonly ignored?: string;
}

type Traits = Omit<ColumnType, 'name' | 'text'>;
type Maker = Traits | ((args: readonly string[]) => Traits);

const numberAt = (args: readonly string[], index: number): number | undefined => {
  const value = Number(args[index]);
  return args[index] !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
};

/** An object without its undefined members, as `exactOptionalPropertyTypes` wants it. */
function compact(traits: { [K in keyof Traits]: Traits[K] | undefined } & { kind: TypeKind }): Traits {
  return Object.fromEntries(Object.entries(traits).filter(([, value]) => value !== undefined)) as unknown as Traits;
}

const integer = (bits: number): Traits => ({ kind: 'integer', bits });
const serial = (bits: number): Traits => ({ kind: 'integer', bits, serial: true });
const sized = (kind: TypeKind) => (args: readonly string[]) => compact({ kind, length: numberAt(args, 0) });
/** VARCHAR(MAX) has no length of its own: it is a text. */
const varying = (kind: 'varchar' | 'binary') => (args: readonly string[]) =>
  args[0]?.toLowerCase() === 'max' ? { kind: kind === 'varchar' ? ('text' as const) : kind } : compact({ kind, length: numberAt(args, 0) });
const clock = (kind: 'time' | 'timestamp', zone: boolean) => (args: readonly string[]) =>
  compact({ kind, zone, precision: numberAt(args, 0) });
const decimal = (args: readonly string[]): Traits => compact({ kind: 'decimal', precision: numberAt(args, 0), scale: numberAt(args, 1) });
const float = (args: readonly string[]): Traits => ({ kind: 'float', bits: args.length === 1 && Number(args[0]) <= 24 ? 32 : 64 });
const bits = (args: readonly string[]): Traits =>
  args.length === 0 ? { kind: 'boolean' } : compact({ kind: 'bit', length: numberAt(args, 0) });

/** Base names by what they mean; names of several words are looked up joined with single spaces. */
const groups: readonly (readonly [string, Maker])[] = [
  ['tinyint int1', (args) => (args[0] === '1' ? { kind: 'boolean' } : integer(8))],
  ['smallint int2', integer(16)],
  ['mediumint middleint int3', integer(24)],
  ['int integer int4', integer(32)],
  ['bigint int8', integer(64)],
  ['smallserial serial2', serial(16)],
  ['serial serial4', serial(32)],
  ['bigserial serial8', serial(64)],
  ['decimal numeric dec fixed number', decimal],
  ['money smallmoney', { kind: 'money' }],
  ['real float4', { kind: 'float', bits: 32 }],
  ['float', float],
  ['double float8 double_precision', { kind: 'float', bits: 64 }],
  ['boolean bool', { kind: 'boolean' }],
  ['bit', bits],
  ['varbit bit_varying', sized('bit')],
  ['char character nchar national_char national_character bpchar', sized('char')],
  [
    'varchar nvarchar varchar2 nvarchar2 character_varying char_varying national_varchar national_character_varying national_char_varying native_character varying_character',
    varying('varchar'),
  ],
  ['string email url citext name sysname', sized('varchar')],
  ['text tinytext mediumtext longtext ntext clob nclob', { kind: 'text' }],
  ['bytea blob tinyblob mediumblob longblob image raw varbinary binary_varying', varying('binary')],
  ['binary', (args) => compact({ kind: 'binary', length: numberAt(args, 0) ?? 1, binary: true })],
  ['date', { kind: 'date' }],
  ['time', clock('time', false)],
  ['timetz', clock('time', true)],
  ['timestamp datetime datetime2 smalldatetime', clock('timestamp', false)],
  ['timestamptz datetimeoffset', clock('timestamp', true)],
  ['year', { kind: 'year' }],
  ['interval', { kind: 'interval' }],
  ['uuid guid uniqueidentifier', { kind: 'uuid' }],
  ['json object', { kind: 'json' }],
  ['jsonb', { kind: 'json', binary: true }],
  ['xml', { kind: 'xml' }],
  ['inet cidr macaddr macaddr8', { kind: 'inet' }],
  ['tsvector', { kind: 'tsvector' }],
  ['geometry geography point linestring polygon multipoint multilinestring multipolygon geometrycollection', { kind: 'geometry' }],
  ['enum', (args) => ({ kind: 'enum', values: args })],
  ['set', (args) => ({ kind: 'set', values: args })],
];

const makers: ReadonlyMap<string, Maker> = new Map(
  groups.flatMap(([names, maker]) => names.split(' ').map((name) => [name.replaceAll('_', ' '), maker] as const)),
);

/** Finds the longest run of leading words that names a type, so that `INT UNSIGNED` is an INT with a suffix. */
function findMaker(words: readonly string[]): { maker: Maker; count: number } | null {
  for (let count = words.length; count > 0; count -= 1) {
    const name = words.slice(0, count).join(' ').toLowerCase();
    const maker = makers.get(name.replace(/^pg_catalog\./u, ''));
    if (maker) return { maker, count };
  }
  return null;
}

const modifiers: Readonly<Record<string, Partial<Traits>>> = {
  unsigned: { unsigned: true },
  zerofill: { unsigned: true },
  signed: {},
  identity: { serial: true },
};

/** Takes the words after a type apart: sign, IDENTITY, time zone; what is left is not part of the type. */
function applySuffix(traits: Traits, suffix: string): Traits {
  const zoned = traits.kind === 'time' || traits.kind === 'timestamp';
  const withoutZone = zoned ? suffix.replace(/\bwith(out)?( local)? time zone\b/u, '') : suffix;
  const zone = zoned && /\bwith( local)? time zone\b/u.test(suffix);
  const left: string[] = [];
  let changed: Traits = zone ? { ...traits, zone } : traits;
  const varies = traits.kind === 'char' && /\bvarying\b/u.test(suffix);
  if (varies) changed = { ...changed, kind: 'varchar' };
  for (const word of withoutZone.split(' ').filter(Boolean)) {
    if (changed.kind === 'integer' || changed.kind === 'decimal' || changed.kind === 'float') {
      const modifier = modifiers[word];
      if (modifier) {
        changed = { ...changed, ...modifier };
        continue;
      }
    }
    const known = (varies && word === 'varying') || changed.kind === 'interval' || (word === 'precision' && changed.kind === 'float');
    if (!known) left.push(word);
  }
  return left.length > 0 ? { ...changed, ignored: left.join(' ') } : changed;
}

/** Finds the enum that a type text names: as written, without quotes or schema prefix, or, unquoted, in another case. */
function findEnum(text: string, pieces: TypePieces | null, enums: EnumIndex): SchemaEnum | undefined {
  const exact = enums.byName.get(text);
  if (exact || !pieces || pieces.args) return exact;
  const full = pieces.words.join(' ');
  const bare = full.replace(/^.*\./u, '');
  const same = enums.byName.get(full) ?? enums.byName.get(bare);
  if (same || pieces.quoted) return same;
  return enums.byLowerName.get(full.toLowerCase()) ?? enums.byLowerName.get(bare.toLowerCase());
}

/** The type of one element: everything but the array dimensions. */
function parseElement(pieces: TypePieces, text: string): ColumnType {
  const found = pieces.quoted && pieces.words.length > 1 ? null : findMaker(pieces.words);
  const full = pieces.words.join(' ');
  if (!found) return { kind: 'unknown', name: pieces.quoted ? full : full.toLowerCase(), text, ...(pieces.args && { args: pieces.args }) };
  const traits = typeof found.maker === 'function' ? found.maker(pieces.args ?? []) : found.maker;
  const suffix = [...pieces.words.slice(found.count).map((word) => word.toLowerCase()), ...pieces.suffix].join(' ');
  const args = pieces.args;
  return { ...applySuffix(traits, suffix), name: pieces.words.slice(0, found.count).join(' ').toLowerCase(), text, ...(args && { args }) };
}

function withoutArrayWord(pieces: TypePieces): TypePieces {
  const drop = (words: string[]): string[] => (words.at(-1)?.toLowerCase() === 'array' ? words.slice(0, -1) : words);
  return { ...pieces, words: pieces.suffix.length > 0 ? pieces.words : drop(pieces.words), suffix: drop(pieces.suffix) };
}

interface EnumIndex {
  readonly byName: ReadonlyMap<string, SchemaEnum>;
  readonly byLowerName: ReadonlyMap<string, SchemaEnum>;
}

function parse(text: string, enums: EnumIndex): ColumnType {
  const trimmed = text.trim();
  const pieces = splitTypeText(trimmed);
  const named = enums.byName.get(text) ?? findEnum(trimmed, pieces, enums);
  const asEnum = (declared: SchemaEnum): ColumnType => ({ kind: 'enum', name: declared.name, text: trimmed, values: declared.values });
  if (!pieces) return named ? asEnum(named) : { kind: 'unknown', name: '', text: trimmed };
  const arrayWord = pieces.suffix.at(-1) === 'array' || (pieces.words.length > 1 && pieces.words.at(-1)?.toLowerCase() === 'array');
  const element = named ? asEnum(named) : parseElement(arrayWord ? withoutArrayWord(pieces) : pieces, trimmed);
  return pieces.dimensions > 0 || arrayWord ? { kind: 'array', name: 'array', text: trimmed, element } : element;
}

/** Returns a type parser for one schema: it knows the schema's enums and remembers the texts that it has seen. */
export function createTypeParser(enums: readonly SchemaEnum[] = []): (text: string) => ColumnType {
  const index: EnumIndex = {
    byName: new Map([...enums].reverse().map((declared) => [declared.name, declared])),
    byLowerName: new Map([...enums].reverse().map((declared) => [declared.name.toLowerCase(), declared])),
  };
  const seen = new Map<string, ColumnType>();
  return (text) => {
    const known = seen.get(text) ?? parse(text, index);
    seen.set(text, known);
    return known;
  };
}

/**
 * Returns the neutral type behind a SQL type text of any dialect, such as `NVARCHAR(160)` or `timestamp(3) with time zone[]`.
 * A name of `enums` makes an enum. Text that is no known type becomes `unknown` with its name and arguments; it never throws.
 */
export function parseColumnType(text: string, enums: readonly SchemaEnum[] = []): ColumnType {
  return createTypeParser(enums)(text);
}

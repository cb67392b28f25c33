/** What the plan and the writers of CREATE statements ask of a dialect. */
import type { SqlDialect } from '../../model.ts';
import type { ColumnType } from '../../types.ts';
import type { Literal } from '../expression.ts';
import type { NameRules } from '../names.ts';

/** A printed column type, and the values that a CHECK must enforce where the dialect has no enum of its own. */
export interface PrintedType {
  readonly sql: string;
  readonly check?: readonly string[];
  /** What is lost or needed; completes "Column x: ". */
  readonly warning?: string;
}

/** Where a column is used, as far as its type depends on it. */
export interface ColumnUse {
  /** Part of a primary, unique or foreign key, or referred to by one. */
  readonly keyed: boolean;
  readonly autoIncrement: boolean;
  /** Printed name of the enum type to use, where the dialect creates enum types. */
  readonly enumType: string | undefined;
}

/** Scope in which the names of keys, indexes and foreign keys must differ. */
export interface NameScopes {
  readonly key: 'schema' | 'table';
  readonly index: 'schema' | 'table';
  readonly foreignKey: 'schema' | 'table';
}

export interface Dialect {
  readonly id: SqlDialect;
  readonly names: NameRules;
  readonly scopes: NameScopes;
  /** Column names that a table cannot have, such as PostgreSQL's system columns. */
  readonly reservedColumns: readonly string[];
  readonly maxKeyColumns: number;
  /** True where enums are types of their own, created before the tables. */
  readonly createsEnums: boolean;
  readonly quote: (name: string) => string;
  readonly text: (value: string) => string;
  readonly columnType: (type: ColumnType, use: ColumnUse) => PrintedType;
  /** Returns why a column of the type cannot be part of a key or index; null where it can. */
  readonly notKeyable: (type: ColumnType) => string | null;
  /** Tells whether a foreign key column of one type may refer to a column of the other. */
  readonly canReference: (child: ReferenceSide, parent: ReferenceSide) => boolean;
  /** Prints a literal that suits the type; null where this dialect cannot hold it. */
  readonly literal: (literal: Literal, type: ColumnType, sql: string) => string | null;
  readonly array: (items: readonly Literal[], type: ColumnType, sql: string) => string;
  readonly clock: (kind: 'now' | 'today' | 'clock' | 'uuid', type: ColumnType, sql: string) => string;
  /** Joins two strings. */
  readonly concat: (left: string, right: string) => string;
  /** Wraps an expression that is neither a literal nor a clock for use after DEFAULT. */
  readonly wrapExpression: (sql: string) => string;
}

/** One side of a foreign key column. */
export interface ReferenceSide {
  readonly type: ColumnType;
  readonly sql: string;
}

/** Clamps a precision into the range that a dialect allows; undefined stays undefined. */
export function clamp(value: number | undefined, low: number, high: number): number | undefined {
  return value === undefined ? undefined : Math.min(Math.max(value, low), high);
}

/** `(3)` or nothing. */
export const sizeText = (value: number | undefined): string => (value === undefined ? '' : `(${value})`);

/** `(10,2)`, `(10)` or nothing, within a dialect's limits. */
export function decimalText(type: ColumnType, limits: { precision: number; scale: number }): string {
  if (type.precision === undefined || type.precision < 1) return '';
  const precision = Math.min(type.precision, limits.precision);
  return type.scale === undefined ? `(${precision})` : `(${precision},${Math.min(type.scale, precision, limits.scale)})`;
}

/** An unknown type as its author wrote it, where that is one word with plain arguments; null for everything else. */
export function verbatimType(type: ColumnType, quote: (name: string) => string): string | null {
  if (type.name === '' || /\s/u.test(type.name) ? !type.text.startsWith('"') : false) return null;
  const args = type.args ?? [];
  if (type.name === '' || !args.every((argument) => /^[\w.-]+$/u.test(argument))) return null;
  const name = /^[a-z_][a-z0-9_]*$/u.test(type.name) ? type.name : type.name.split('.').map(quote).join('.');
  return args.length > 0 ? `${name}(${args.join(',')})` : name;
}

/** Tells whether enum values can stand in a list that the dialect checks for duplicates after folding. */
export function usableEnumValues(values: readonly string[] | undefined, fold: (value: string) => string): boolean {
  return values !== undefined && values.length > 0 && new Set(values.map(fold)).size === values.length;
}

/** Prisma's scalars and native types for the column types that the SQL plan prints. */
import type { SqlDialect } from '../model.ts';
import type { PlanColumn } from './sql/plan.ts';

export interface PrismaType {
  /** `Int`, the name of an enum, or `Unsupported("…")`. */
  readonly scalar: string;
  /** Native type without `@db.`, where the scalar's own is another one. */
  readonly native?: string;
  readonly list: boolean;
}

/** Printed type (lower case, without arguments) → scalar and native type; `*` takes over the arguments. */
const tables: Readonly<Record<SqlDialect, string>> = {
  postgres: `smallint Int SmallInt|integer Int|bigint BigInt|numeric Decimal Decimal*|real Float Real|double_precision Float|boolean Boolean|char String Char*|varchar String VarChar*|text String|bytea Bytes
|date DateTime Date|time DateTime Time*|time_with_time_zone DateTime Timetz*|timestamp DateTime Timestamp*|timestamp_with_time_zone DateTime Timestamptz*|uuid String Uuid|json Json Json|jsonb Json|xml String Xml|inet String Inet|bit String Bit*|bit_varying String VarBit*|citext String Citext`,
  mysql: `tinyint Int TinyInt|smallint Int SmallInt|mediumint Int MediumInt|int Int|bigint BigInt|tinyint_unsigned Int UnsignedTinyInt|smallint_unsigned Int UnsignedSmallInt|mediumint_unsigned Int UnsignedMediumInt|int_unsigned Int UnsignedInt|bigint_unsigned BigInt UnsignedBigInt
|decimal Decimal Decimal*|float Float Float|double Float|boolean Boolean|char String Char*|varchar String VarChar*|tinytext String TinyText|text String Text|mediumtext String MediumText|longtext String LongText|binary Bytes Binary*|varbinary Bytes VarBinary*|tinyblob Bytes TinyBlob|blob Bytes Blob|mediumblob Bytes MediumBlob|longblob Bytes
|date DateTime Date|time DateTime Time*|datetime DateTime DateTime*|timestamp DateTime Timestamp*|year Int Year|json Json|bit Bytes Bit*`,
  sqlite: `integer Int|numeric Decimal|real Float|boolean Boolean|char String|varchar String|text String|blob Bytes|date DateTime|datetime DateTime`,
  mssql: `tinyint Int TinyInt|smallint Int SmallInt|int Int|bigint BigInt|decimal Decimal Decimal*|money Float Money|real Float Real|float Float|bit Boolean|nchar String NChar*|nvarchar String NVarChar*|binary Bytes Binary*|varbinary Bytes VarBinary*|date DateTime Date|time DateTime Time|datetime2 DateTime DateTime2|datetimeoffset DateTime DateTimeOffset|uniqueidentifier String UniqueIdentifier|xml String Xml`,
};

const lookups = Object.fromEntries(
  Object.entries(tables).map(([dialect, entries]) => [
    dialect,
    new Map(
      entries.split('|').map((entry) => {
        const [name = '', scalar = '', native] = entry.trim().split(' ');
        return [name.replaceAll('_', ' '), { scalar, native }] as const;
      }),
    ),
  ]),
) as Record<SqlDialect, Map<string, { scalar: string; native: string | undefined }>>;

/** Prisma wants both arguments of a decimal, and writes MAX its own way. */
function argumentsText(native: string, args: string): string {
  const whole = native === 'Decimal*' && args !== '' && !args.includes(',') ? args.replace(')', ',0)') : args;
  return whole.replace('(MAX)', '(Max)').replace(',', ', ');
}

/** Returns Prisma's type of a planned column. What Prisma does not know stays in the database as `Unsupported("…")`. */
export function prismaType(
  column: PlanColumn,
  { dialect, enums }: { dialect: SqlDialect; enums: ReadonlyMap<string, string> },
): PrismaType {
  const list = column.sql.endsWith('[]');
  const sql = list ? column.sql.slice(0, -2) : column.sql;
  const named = enums.get(sql);
  if (named !== undefined) return { scalar: named, list };
  const [whole = '', name = '', args, rest = ''] = /^([A-Za-z0-9_ ]+?)(\([^()]*\))?((?: [A-Za-z ]+)?)$/u.exec(sql) ?? [];
  const known = whole === '' ? undefined : lookups[dialect].get(`${name}${rest}`.toLowerCase());
  const wide = dialect === 'sqlite' && known?.scalar === 'Int' && (column.type.bits ?? 32) > 32;
  if (!known) return { scalar: `Unsupported(${JSON.stringify(column.sql)})`, list: false };
  const scalar = wide ? 'BigInt' : known.scalar;
  if (known.native === undefined) return { scalar, list };
  const native = known.native.replace('*', argumentsText(known.native, args ?? ''));
  return { scalar, native, list };
}

/** What Prisma takes for a scalar without a native type, where that is more than the plain type (precisions and lengths). */
const bareTypes: Readonly<Record<SqlDialect, Readonly<Record<string, string>>>> = {
  postgres: { DateTime: 'timestamp(3)', Decimal: 'decimal(65,30)' },
  mysql: { String: 'varchar(191)', DateTime: 'datetime(3)', Decimal: 'decimal(65,30)' },
  sqlite: { BigInt: 'bigint', DateTime: 'datetime', String: 'text' },
  mssql: { String: 'nvarchar(1000)', DateTime: 'datetime2', Decimal: 'decimal(32,16)', Bytes: 'varbinary(max)' },
};

/**
 * Returns the SQL type of a Prisma type: of `@db.<native>(<args>)` where that is given, else of the scalar alone. Undefined for
 * what the provider of the dialect does not have. The way back of `prismaType`.
 */
export function sqlTypeOf(scalar: string, native: { name: string; args: string } | undefined, dialect: SqlDialect): string | undefined {
  const entries = [...lookups[dialect]];
  if (!native) {
    const bare = bareTypes[dialect][scalar] ?? entries.find(([, known]) => known.scalar === scalar && known.native === undefined)?.[0];
    return bare ?? entries.find(([, known]) => known.scalar === scalar)?.[0];
  }
  const found = entries.find(([, known]) => known.scalar === scalar && known.native?.replace('*', '') === native.name)?.[0];
  // The arguments stand behind the first word of `time with time zone`.
  return found?.replace(/( with time zone| unsigned)?$/u, `${native.args}$1`);
}

/** Built-in functions that may stand in a default, per dialect; what is not here is taken for unknown there. */
import type { SqlDialect } from '../../model.ts';

interface KnownFunctions {
  readonly functions: ReadonlySet<string>;
  /** Functions that are written without parentheses. */
  readonly keywords: ReadonlySet<string>;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const common = 'abs round lower upper replace coalesce nullif concat';

export const knownFunctions: Readonly<Record<SqlDialect, KnownFunctions>> = {
  postgres: {
    functions: words(
      `${common} now random floor ceil ceiling trunc mod power sqrt length substr substring left right trim ltrim rtrim lpad rpad repeat md5 encode decode to_char to_date to_timestamp date_trunc date_part timezone age make_date make_interval json_build_object json_build_array jsonb_build_object jsonb_build_array greatest least current_setting current_database gen_random_uuid inet_client_addr pg_backend_pid version string_to_array array_to_string array_append`,
    ),
    keywords: words('current_user session_user user current_timestamp current_date current_time localtime localtimestamp'),
  },
  mysql: {
    functions: words(
      `${common} now curdate curtime rand floor ceil ceiling truncate mod pow power sqrt length char_length substr substring left right trim ltrim rtrim lpad rpad repeat md5 sha1 sha2 hex unhex json_object json_array json_quote unix_timestamp from_unixtime utc_timestamp utc_date utc_time date time year month day uuid uuid_to_bin bin_to_uuid user current_user session_user database version greatest least ifnull if`,
    ),
    keywords: words('current_timestamp current_date current_time localtime localtimestamp'),
  },
  sqlite: {
    functions: words(
      'abs round lower upper replace coalesce nullif ifnull random randomblob hex length substr substring trim ltrim rtrim char unicode strftime date time datetime julianday unixepoch printf format json json_array json_object typeof quote min max instr zeroblob',
    ),
    keywords: words('current_timestamp current_date current_time'),
  },
  mssql: {
    functions: words(
      `${common} getdate getutcdate sysdatetime sysutcdatetime sysdatetimeoffset newid rand floor ceiling power sqrt len left right ltrim rtrim substring replicate datepart year month day suser_sname suser_name original_login host_name app_name db_name user_name isnull iif`,
    ),
    keywords: words('current_user session_user user current_timestamp'),
  },
};

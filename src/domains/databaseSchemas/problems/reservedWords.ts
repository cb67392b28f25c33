/** Words that PostgreSQL or MySQL reserve: as names they must be quoted in every statement, for ever. */

/** PostgreSQL's reserved key words (SQL Key Words, appendix C of its manual). */
export const postgresReserved: ReadonlySet<string> = new Set(
  (
    'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create ' +
    'current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct ' +
    'do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit ' +
    'localtime localtimestamp not null offset on only or order placing primary references returning select session_user some ' +
    'symmetric table then to trailing true union unique user using variadic when where window with '
  )
    .trim()
    .split(' '),
);

/** MySQL's reserved words (chapter Keywords and Reserved Words of the 8.0 manual). */
export const mysqlReserved: ReadonlySet<string> = new Set(
  (
    'accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case ' +
    'change char character check collate column condition constraint continue convert create cross cube cume_dist ' +
    'current_date current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute ' +
    'day_second dec decimal declare default delayed delete dense_rank desc describe deterministic distinct distinctrow div ' +
    'double drop dual each else elseif empty enclosed escaped except exists exit explain false fetch first_value float for ' +
    'force foreign from fulltext function generated get grant group grouping groups having high_priority if ignore in index ' +
    'infile inner inout insensitive insert int integer intersect interval into is iterate join json_table key keys kill lag ' +
    'last_value lateral lead leading leave left like limit linear lines load localtime localtimestamp lock long longblob ' +
    'longtext loop low_priority match mediumblob mediumint mediumtext middleint mod modifies natural not nth_value ntile null ' +
    'numeric of on optimize option or order out outer over partition percent_rank precision primary procedure purge range ' +
    'rank read reads real recursive references regexp release rename repeat replace require resignal restrict return revoke ' +
    'right rlike row rows row_number schema schemas select sensitive separator set show signal smallint spatial specific sql ' +
    'ssl starting stored straight_join system table terminated then tinyblob tinyint tinytext to trailing trigger true undo ' +
    'union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varying ' +
    'virtual when where while window with write xor year_month zerofill '
  )
    .trim()
    .split(' '),
);

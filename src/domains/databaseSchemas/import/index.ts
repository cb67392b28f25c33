/** Schemas from other languages. The parsers load with the first import, not with the server. */
export { importJson } from './importJson.ts';
export { importDesign, importSql } from './importSql.ts';
export { maxSourceBytes, type ImportFailure, type ImportResult } from './result.ts';

/** Import of JSON: the model's own shape, and the shape that AI assistants answer with. */
import { validateSchemaBody } from '../validation.ts';
import { readAiSchemas } from './aiSchemas.ts';
import { isRecord, type JsonRecord, readModel } from './jsonModel.ts';
import { offsetOfPath } from './jsonPositions.ts';
import { positionOf } from './positions.ts';
import { failureAtStart, type ImportResult, maxSourceBytes, SourceError } from './result.ts';
import type { JsonReading } from './jsonModel.ts';

/** Parses JSON. Throws a SourceError at the place of a syntax error. */
function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    offsetOfPath(source, []);
    throw new SourceError('The JSON is not valid.', 0);
  }
}

function shapeOf(value: unknown): { list: JsonRecord; path: string[]; kind: 'model' | 'ai' } {
  if (isRecord(value) && Array.isArray(value['tables'])) return { list: value, path: [], kind: 'model' };
  if (isRecord(value) && Array.isArray(value['schemas'])) return { list: value, path: [], kind: 'ai' };
  const inner = isRecord(value) ? value['completeDataStructure'] : undefined;
  if (isRecord(inner) && Array.isArray(inner['schemas'])) return { list: inner, path: ['completeDataStructure'], kind: 'ai' };
  throw new SourceError(
    'The JSON has no tables: expected {"tables": [...], "relationships": [...]}, or {"schemas": [{"name": ..., "fields": [...]}]} as AI assistants answer.',
    0,
  );
}

function read(source: string): ImportResult {
  const { list, path, kind } = shapeOf(parse(source));
  const reading: JsonReading = kind === 'model' ? readModel(list) : readAiSchemas(list);
  if (reading.body.tables.length === 0) throw new SourceError('The JSON has no tables: the list is empty.', offsetOfPath(source, path));
  const issue = validateSchemaBody(reading.body)[0];
  if (issue) {
    const at = kind === 'model' ? offsetOfPath(source, issue.path) : offsetOfPath(source, path);
    throw new SourceError(issue.message, at);
  }
  return { ok: true, body: reading.body, warnings: reading.warnings };
}

/**
 * Reads a schema from JSON text: `{tables, relationships, enums?}` as this API writes it, or the answer of an AI assistant
 * (`{schemas: [{name, fields, indexes}]}`, also within `completeDataStructure`). Returns the body with warnings for attributes
 * that were dropped, or the first error with line and column. It does not throw for bad input.
 */
export function importJson(source: string): ImportResult {
  if (Buffer.byteLength(source) > maxSourceBytes) return failureAtStart('The JSON has more than 4 MB. Import it in parts.');
  const text = source.startsWith('\uFEFF') ? ` ${source.slice(1)}` : source;
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ok: false, message: error.message, ...positionOf(text, error.offset) };
  }
}

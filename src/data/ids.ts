/** Identifiers: TypeIDs (prefix + UUIDv7), which sort by time of creation and tell which table they belong to. */
import { TypeID, typeid } from 'typeid-js';
import { idPrefixes, type IdPrefix } from './tables.ts';

/** Returns a new id, such as `prj_01jd3k…`. */
export function newId(prefix: IdPrefix): string {
  return typeid(prefix).toString();
}

/** Returns the prefix of a well-formed id of this API, or null for ids of the earlier backend and everything else. */
export function prefixOf(id: string): IdPrefix | null {
  try {
    const prefix = TypeID.fromString(id).getType();
    return Object.hasOwn(idPrefixes, prefix) ? (prefix as IdPrefix) : null;
  } catch {
    return null;
  }
}

/** What an export changed or left out, collected on the way. */
import type { ConversionWarning } from '../model.ts';

/** Takes warnings; the same message is kept once. */
export interface WarningSink {
  /** `construct` names what it is about, such as `column`; `message` is a whole sentence for the author of the schema. */
  add: (code: string, construct: string, message: string) => void;
}

/** A sink and the list that it fills, in order. */
export interface WarningList extends WarningSink {
  readonly list: ConversionWarning[];
}

/** Returns an empty list of warnings. */
export function createWarnings(): WarningList {
  const list: ConversionWarning[] = [];
  const seen = new Set<string>();
  return {
    list,
    add: (code, construct, message) => {
      if (seen.has(message)) return;
      seen.add(message);
      list.push({ code, construct, message });
    },
  };
}

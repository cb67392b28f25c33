/** Where in a source something stands, as people and editors count it. */

export interface Position {
  line: number;
  column: number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** True at the last unit of a line break: LF, CR LF (at its LF) or a lone CR. */
function endsLine(source: string, index: number): boolean {
  const unit = source.charCodeAt(index);
  return unit === LINE_FEED || (unit === CARRIAGE_RETURN && source.charCodeAt(index + 1) !== LINE_FEED);
}

/** A surrogate pair is one character: its second half does not count. */
function isSecondHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * Returns the line and column (from 1, columns in characters) of each UTF-16 offset, in the order of `offsets`.
 * One pass over the source whatever the number of offsets, since a dump may be one line of megabytes.
 */
export function positionsOf(source: string, offsets: readonly number[]): Position[] {
  const ascending = offsets.map((offset, index) => ({ offset, index })).sort((a, b) => a.offset - b.offset);
  const positions: Position[] = offsets.map(() => ({ line: 1, column: 1 }));
  let line = 1;
  let column = 1;
  let at = 0;
  for (const { offset, index } of ascending) {
    for (; at < offset && at < source.length; at += 1) {
      if (endsLine(source, at)) {
        line += 1;
        column = 1;
      } else if (!isSecondHalf(source.charCodeAt(at + 1)) || at + 1 >= source.length) column += 1;
    }
    positions[index] = { line, column };
  }
  return positions;
}

/** Returns the line and column of one UTF-16 offset. */
export function positionOf(source: string, offset: number): Position {
  return positionsOf(source, [offset])[0] ?? { line: 1, column: 1 };
}

/** What a command line tool says, and where. */

/** Where lines go; progress shows on a terminal only. */
export interface Terminal {
  /** Results. */
  out(line: string): void;
  /** What went wrong, and hints. */
  err(line: string): void;
  /** Shows how far the work is; drawn over by the next line. */
  progress(done: number, total: number, what: string): void;
}

/** The part of a stream that a terminal needs; `process.stdout` is one. */
export interface TextStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const barWidth = 24;
const clearLine = '\r\u001b[2K';

/** Returns a bar such as `[##########··············] 42 % Shop`. */
export function progressBar(done: number, total: number, what: string): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  return `[${'#'.repeat(filled)}${'·'.repeat(barWidth - filled)}] ${String(Math.floor(share * 100)).padStart(3)} % ${what}`;
}

/** Makes a terminal of the process's streams. The bar goes to standard error, so that results can be piped. */
export function createTerminal(stdout: TextStream, stderr: TextStream): Terminal {
  let drawn = false;
  const erase = (): void => {
    if (drawn) stderr.write(clearLine);
    drawn = false;
  };
  return {
    out(line) {
      erase();
      stdout.write(`${line}\n`);
    },
    err(line) {
      erase();
      stderr.write(`${line}\n`);
    },
    progress(done, total, what) {
      if (!stderr.isTTY) return;
      stderr.write(`${clearLine}${progressBar(done, total, what)}`);
      drawn = true;
    },
  };
}

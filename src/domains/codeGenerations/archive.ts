/**
 * The archive of a generation: a zip with the same bytes for the same files, wherever and whenever it is made. Size and
 * checksum are noted when a generation is completed, while the bytes are made for each download; so whatever changes them
 * (another version of fflate, another level) would make the notes wrong. A test holds them against a fixed checksum.
 */
import { Zip, ZipDeflate } from 'fflate';
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileStem } from '../fileName.ts';
import type { ArchiveFacts, GeneratedFileRecord } from './codeGeneration.ts';

/** Zip files tell local times from 1980 on (APPNOTE 4.4.6); this one reads the same in every time zone, since fflate writes local parts. */
const fixedTime = (): Date => new Date(1980, 0, 1, 12);

const unix = 3;
/** A plain file that its owner writes and everyone reads; zip keeps Unix modes in the upper half. */
const plainFile = (0o100644 << 16) >>> 0;

/** Returns a path that stays within the folder where the archive is unpacked. Paths of the earlier backend were never checked. */
function safePath(path: string): string {
  const parts = path.split(/[/\\]+/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.join('/') || 'file';
}

/**
 * Yields the bytes of the archive, file by file; other work of the process comes in between. The files are in the order of
 * their paths; of two whose paths lead to the same place, the last one counts.
 */
export async function* zipFiles(files: readonly GeneratedFileRecord[]): AsyncGenerator<Uint8Array, void, undefined> {
  const entries = new Map(files.map(({ path, content }) => [safePath(path), content]));
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const path of [...entries.keys()].sort()) {
    const entry = new ZipDeflate(path, { level: 6 });
    entry.mtime = fixedTime();
    entry.os = unix;
    entry.attrs = plainFile;
    zip.add(entry);
    entry.push(Buffer.from(entries.get(path) ?? ''), true);
    yield* chunks.splice(0);
    await nextTurn();
  }
  zip.end();
  yield* chunks.splice(0);
}

/** Returns what is told of the archive of files: its name, which comes from `name`, its size and its checksum. */
export async function archiveFacts(files: readonly GeneratedFileRecord[], name: string): Promise<ArchiveFacts> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of zipFiles(files)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { fileName: `${fileStem(name, 'code')}.zip`, sizeBytes, sha256: hash.digest('hex') };
}

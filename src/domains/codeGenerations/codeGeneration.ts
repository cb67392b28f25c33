/** A code generation: its record and its rules. */
import type { BodyReference } from '../../data/body.ts';
import type { Row } from '../../data/connection.ts';
import type { Edit } from '../projects/project.ts';
import type { GenerationInput } from './generators/index.ts';

/** A file as the generation keeps it. */
export type GeneratedFileRecord = { path: string; content: string; language?: string | null };

/** What is known of the archive of a completed generation. */
export type ArchiveFacts = { fileName: string; sizeBytes: number; sha256: string };

/**
 * A row of the code-generations table. Until the work has ended, its body is `generationInput`: a copy of all that the code
 * is made from. After that it is `generatedCode`, the files. Rows of the earlier backend have their files inline, and
 * neither `target` nor what belongs to jobs.
 */
export type CodeGenerationRecord = BodyReference & {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  type: string;
  target?: string;
  schemaId?: string;
  schemaVersion?: number;
  schemaRevision?: number;
  architectureId?: string;
  architectureRevision?: number;
  prompt?: string | null;
  generationInput?: GenerationInput;
  generatedCode?: GeneratedFileRecord[];
  archive?: ArchiveFacts;
  status: string;
  /** From 0 to 1, while the work goes on. */
  progress?: number;
  error?: string | null;
  note?: string;
  /** Who works on it: new for each time that somebody takes it up. */
  leaseOwner?: string;
  /** Until when nobody else may take it up, in epoch milliseconds. */
  leaseUntil?: number;
  /** How often it was taken up. */
  attempts?: number;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  finishedAt?: string;
  ttl?: number;
  revision?: number;
  edits?: Edit[];
};

/** Attributes that make up the body of a generation that has ended. */
export const fileAttributes = ['generatedCode'] as const;

/** Attributes that make up the body of a generation whose work has not ended. */
export const inputAttributes = ['generationInput'] as const;

/** Internal status of a generation whose files are being removed: it is gone for everyone. */
export const deletingStatus = 'deleting';

/** Statuses from which a generation can be cancelled. */
const openStatuses: readonly string[] = ['pending', 'generating'];

/** Returns whether the work on a generation has not ended. */
export function isOpen({ status }: Pick<CodeGenerationRecord, 'status'>): boolean {
  return openStatuses.includes(status);
}

/** True for a generation that exists as far as users can tell; false for one under deletion, and for chunks of bodies, which share its partition. */
export function isGeneration(row: Row | null): row is CodeGenerationRecord {
  return typeof row?.['projectId'] === 'string' && row['status'] !== deletingStatus;
}

/** True for rows that jobs of this API work on; those of the earlier backend are left to it. */
export function isJob(row: Row): row is CodeGenerationRecord & { target: string } {
  return typeof row['target'] === 'string' && isGeneration(row);
}

/** Returns how far the work is, from 0 to 1. */
export function progressOf({ status, progress }: Pick<CodeGenerationRecord, 'status' | 'progress'>): number {
  if (status === 'completed') return 1;
  return Math.min(1, Math.max(0, progress ?? 0));
}

/** Returns whether a generation has files, or may have some: one of this API only when it is completed. */
export function mayHaveFiles({ status, target }: Pick<CodeGenerationRecord, 'status' | 'target'>): boolean {
  return target === undefined || status === 'completed';
}

/**
 * Returns the files of a generation by path. Of files with the same path, which the earlier backend did not refuse, the
 * last one counts, as it would on a disk.
 */
export function filesOf(stored: unknown): GeneratedFileRecord[] {
  const files = new Map<string, GeneratedFileRecord>();
  for (const { path, content, language } of (Array.isArray(stored) ? stored : []) as Partial<GeneratedFileRecord>[]) {
    if (typeof path === 'string') files.set(path, { path, content: content ?? '', ...(language != null && { language }) });
  }
  return [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Returns how the activity feed names a generation, such as `rest (full-stack)`. */
export function titleOf({ type, target }: Pick<CodeGenerationRecord, 'type' | 'target'>): string {
  return target === undefined ? type : `${target} (${type})`;
}

/** Returns a generation without its body and without what only workers need: what an idempotency key keeps. */
export function withoutBody(generation: CodeGenerationRecord): CodeGenerationRecord {
  const rest = { ...generation };
  delete rest.generationInput;
  delete rest.generatedCode;
  return rest;
}

/** A code generation: its record. */
import type { BodyReference } from '../../data/body.ts';

/** A file as the generation keeps it. */
export type GeneratedFileRecord = { path: string; content: string; language?: string | null };

/** A row of the code-generations table; the files of old rows are inline in `generatedCode`. */
export type CodeGenerationRecord = BodyReference & {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  type: string;
  prompt?: string | null;
  generatedCode?: GeneratedFileRecord[];
  status: string;
  /** From 0 to 1, while the work goes on. */
  progress?: number;
  error?: string | null;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  ttl?: number;
};

/** Attributes that make up the body. */
export const bodyAttributes = ['generatedCode'] as const;

/** Returns how far the work is, from 0 to 1. */
export function progressOf({ status, progress }: Pick<CodeGenerationRecord, 'status' | 'progress'>): number {
  if (status === 'completed') return 1;
  return Math.min(1, Math.max(0, progress ?? 0));
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

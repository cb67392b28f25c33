/** Architectures as text of other languages, and what a reviewer would point out. The printers load when first used. */
import type { Context } from '../../context.ts';
import type { ArchitectureRecord } from './architecture.ts';
import { loadArchitectureBody } from './architectures.store.ts';
import type { ExportFormat, ExportResult } from './export/index.ts';
import type { ArchitectureProblem } from './problems.ts';

/** Returns an architecture, whose access was decided when it was read, as text of another language; null when it is gone by now. */
export async function exportArchitectureAs(
  context: Context,
  architecture: ArchitectureRecord,
  { format }: { format: ExportFormat },
): Promise<ExportResult | null> {
  const [body, { exportArchitecture }] = await Promise.all([loadArchitectureBody(context, architecture), import('./export/index.ts')]);
  const { name, description } = architecture;
  return body && exportArchitecture({ name, description: description ?? null, body, format });
}

/** Returns what a reviewer would point out about an architecture; null when it is gone by now. */
export async function problemsOf(context: Context, architecture: ArchitectureRecord): Promise<ArchitectureProblem[] | null> {
  const [body, { findProblems }] = await Promise.all([loadArchitectureBody(context, architecture), import('./problems.ts')]);
  return body && findProblems(body);
}

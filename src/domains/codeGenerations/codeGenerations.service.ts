/** Reading code generations. What starts and changes them is in files of their own. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { notFound } from '../../errors.ts';
import { readBody } from '../bodies.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../list.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import {
  fileAttributes,
  filesOf,
  isGeneration,
  mayHaveFiles,
  type CodeGenerationRecord,
  type GeneratedFileRecord,
} from './codeGeneration.ts';
import { generationsOfOwner, generationsOfProject, loadGenerationRow } from './codeGenerations.store.ts';

/** An answer with one code generation. */
export interface GenerationResult {
  codeGeneration: CodeGenerationRecord;
}

/** Returns a code generation that the viewer may read and that has not expired, or null. */
export async function findCodeGeneration(context: Context, id: string): Promise<CodeGenerationRecord | null> {
  const generation = await loadGenerationRow(context, id);
  if (!isGeneration(generation)) return null;
  return (await findProjectAccess(context, generation.projectId, 'project.read')) ? generation : null;
}

/** Returns a generation that the viewer may write. Throws NOT_FOUND or FORBIDDEN. With `deleting`, one under deletion counts too. */
export async function requireGeneration(
  context: Context,
  id: string,
  { deleting = false } = {},
): Promise<ProjectAccess & { generation: CodeGenerationRecord }> {
  const generation = await loadGenerationRow(context, id);
  const named = { kind: 'code generation', id };
  if (!generation || !(deleting || isGeneration(generation))) throw notFound(named.kind, id);
  return { ...(await requireProjectAccess(context, generation.projectId, 'codeGeneration.write', named)), generation };
}

/** Returns the list of a project's code generations, newest first. */
export function codeGenerationList(projectId: string): ListSource {
  return generationsOfProject(projectId);
}

/** Lists the code generations of a project that the viewer may read, newest first; null for a project that they may not. */
export async function listProjectGenerations(
  context: Context,
  project: ProjectRecord,
  args: PageArgs,
): Promise<Connection<CodeGenerationRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const source = { ...codeGenerationList(project.id), owner: ownerOfRows(project, 'children') };
  return listConnection(context, 'project.codeGenerations', source, args);
}

/** Lists the code generations of all projects that a user owns, newest first, for that user; null for everyone else. */
export async function listUserGenerations(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<CodeGenerationRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return listConnection(context, 'user.codeGenerations', { ...generationsOfOwner(user.id), visible: readableRows(context) }, args);
}

/** Returns the files of a generation, whose access was decided when it was read, by path; none until it is completed. */
export async function readFiles(context: Context, generation: CodeGenerationRecord): Promise<GeneratedFileRecord[]> {
  if (!mayHaveFiles(generation)) return [];
  const body = await readBody(context, { table: 'codeGenerations', owner: generation, attributes: fileAttributes });
  return filesOf(body?.['generatedCode']);
}

/** Lists the files of a generation, whose access was decided when it was read, by path. */
export async function listFiles(
  context: Context,
  generation: CodeGenerationRecord,
  args: PageArgs,
): Promise<Connection<GeneratedFileRecord>> {
  const records = await readFiles(context, generation);
  return connectionOver(context, { name: `codeGeneration.files:${generation.id}`, records, args, keyOf: ({ path }) => path });
}

/** Reading code generations. Starting them is not part of this API yet; those of the earlier backend are there. */
import { findProjectAccess, readableRows, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { isLive, type ListSource } from '../../data/page.ts';
import { readBody } from '../bodies.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../list.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import { bodyAttributes, filesOf, type CodeGenerationRecord, type GeneratedFileRecord } from './codeGeneration.ts';

/** Returns a code generation that the viewer may read and that has not expired, or null. */
export async function findCodeGeneration(context: Context, id: string): Promise<CodeGenerationRecord | null> {
  const row = await context.loaders.byId('codeGenerations').load({ id });
  if (!row?.['projectId'] || !isLive(row, context.nowSeconds())) return null;
  const generation = row as CodeGenerationRecord;
  return (await findProjectAccess(context, generation.projectId, 'project.read')) ? generation : null;
}

/** Returns the list of a project's code generations, newest first. */
export function codeGenerationList(projectId: string): ListSource {
  return { table: 'codeGenerations', index: 'ProjectIdIndex', partition: projectId, descending: true };
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
  const list = { table: 'codeGenerations', index: 'UserIdIndex', partition: user.id, descending: true } as const;
  return listConnection(context, 'user.codeGenerations', { ...list, visible: readableRows(context) }, args);
}

/** Lists the files of a generation, whose access was decided when it was read, by path. */
export async function listFiles(
  context: Context,
  generation: CodeGenerationRecord,
  args: PageArgs,
): Promise<Connection<GeneratedFileRecord>> {
  const body = await readBody(context, { table: 'codeGenerations', owner: generation, attributes: bodyAttributes });
  const files = filesOf(body?.['generatedCode']);
  return connectionOver(context, { name: `codeGeneration.files:${generation.id}`, records: files, args, keyOf: ({ path }) => path });
}

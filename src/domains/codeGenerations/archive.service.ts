/** The archive of a generation: what is told of it, and its bytes for who has a signed link. */
import type { Context, Services } from '../../context.ts';
import { BodyReplaced, loadBody } from '../../data/body.ts';
import { connect } from '../../data/connection.ts';
import { createLoaders } from '../../data/loaders.ts';
import { isLive } from '../../data/page.ts';
import { isVisibleStatus } from '../projects/project.ts';
import { archiveFacts, zipFiles } from './archive.ts';
import { linkLifetimeSeconds, signLink } from './archiveLink.ts';
import { fileAttributes, filesOf, isGeneration, type ArchiveFacts, type CodeGenerationRecord } from './codeGeneration.ts';
import { readFiles } from './codeGenerations.service.ts';

/** An archive as clients see it. */
export interface ArchiveModel extends ArchiveFacts {
  url: string;
  expiresAt: string;
}

/** Returns the archive of a generation, whose access was decided when it was read, with a new link; null where there is none. */
export async function findArchive(context: Context, generation: CodeGenerationRecord): Promise<ArchiveModel | null> {
  if (generation.status !== 'completed') return null;
  const facts = generation.archive ?? (await archiveOfOldRow(context, generation));
  if (!facts) return null;
  const { settings } = context.services;
  const expires = Math.min(context.nowSeconds() + linkLifetimeSeconds, generation.ttl ?? Infinity);
  const origin = settings.publicUrl ?? context.request.origin;
  const url = signLink(settings.jwtSecret, { id: generation.id, expires, origin });
  return { ...facts, url, expiresAt: new Date(expires * 1000).toISOString() };
}

/** Rows of the earlier backend have files, but no note of their archive. */
async function archiveOfOldRow(context: Context, generation: CodeGenerationRecord): Promise<ArchiveFacts | null> {
  const files = await readFiles(context, generation);
  return files.length > 0 ? archiveFacts(files, generation.type) : null;
}

/** An archive on its way to a client. */
export interface ArchiveDownload {
  facts: ArchiveFacts;
  bytes: AsyncGenerator<Uint8Array, void, undefined>;
}

/** Returns the archive of a generation whoever asks: call it only for who has a good link. Null when it is gone, expired, cancelled or not made yet. */
export async function openArchive(services: Services, id: string, signal: AbortSignal): Promise<ArchiveDownload | null> {
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  const loaders = createLoaders(connect(services.database, { signal }), { nowSeconds });
  const generation = await loaders.byId('codeGenerations').load({ id });
  if (!isGeneration(generation) || generation.status !== 'completed' || !isLive(generation, nowSeconds())) return null;
  // The generations of a project under deletion go a little later than the project does.
  const project = await loaders.byId('projects').load({ id: generation.projectId });
  if (!project || !isVisibleStatus(project['status'])) return null;
  const body = await loadBody(loaders, 'codeGenerations', generation, fileAttributes).catch(nullIfReplaced);
  const files = filesOf(body?.['generatedCode']);
  if (files.length === 0) return null;
  return { facts: generation.archive ?? (await archiveFacts(files, generation.type)), bytes: zipFiles(files) };
}

/** A completed generation gets no other body: when its chunks are gone, so is the generation. */
function nullIfReplaced(error: unknown): null {
  if (error instanceof BodyReplaced) return null;
  throw error;
}

/** Creating, changing and deleting schemas: authorize → rules → write, with one activity row. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import { removeBody, type StoredBody } from '../../data/body.ts';
import { isCounted } from '../../data/counters.ts';
import { ExpectedError, invalid, refused, validationEntry } from '../../errors.ts';
import { prepareBody, withoutNulls } from '../bodies.ts';
import { sameJson } from '../json.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { Checks } from '../text.ts';
import { bodyAttributes, bodyFrom, maxVersions, type BodyInput, type DatabaseSchemaRecord } from './databaseSchema.ts';
import { requireSchema, type SchemaResult } from './databaseSchemas.service.ts';
import {
  deleteSchemaRow,
  findNameVersions,
  giveBackVersion,
  loadSchemaBody,
  putSchema,
  renameVersions,
  takeVersion,
  updateSchemaRow,
} from './databaseSchemas.store.ts';
import type { SchemaBody } from './model.ts';
import { validateSchemaBody } from './validation.ts';

/** Input of a new schema, as the SDL's SchemaCreateInput. */
export interface NewSchemaInput extends BodyInput {
  projectId: string;
  name: string;
  description?: string | null;
}

/** Creates version 1 of a name that the project does not have yet. */
export async function createSchema(context: Context, args: MutationArgs & { input: NewSchemaInput }): Promise<SchemaResult> {
  const { input } = args;
  return addSchema(context, { name: 'schemaCreate', args, input, projectId: input.projectId }, () => ({
    ...input,
    body: bodyFrom(input),
    isNew: true,
  }));
}

/** Adds the next version of a name, or the first, with a body that was read from a source. */
export async function addImportedSchema(
  context: Context,
  { args, body }: { args: MutationArgs & { input: NewSchemaInput & { source: string } }; body: SchemaBody },
): Promise<SchemaResult> {
  const { input } = args;
  return addSchema(context, { name: 'schemaImport', args, input, projectId: input.projectId }, () => ({
    ...input,
    body,
    isNew: false,
    sourceField: 'source',
  }));
}

/**
 * Adds the next version of a name, or the first, with a body that `design` makes: once the viewer may write it, and not for
 * a mutation that is repeated by its idempotency key.
 */
export async function addDesignedSchema(
  context: Context,
  { mutation, design }: { mutation: NewSchemaMutation; design: () => Promise<Pick<NewSchema, 'name' | 'body'>> },
): Promise<SchemaResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { ...mutation, viewer, plan });

  async function plan(): Promise<MutationPlan<SchemaResult>> {
    await requireProjectAccess(context, mutation.projectId, 'schema.write');
    const designed = await design();
    // That may take minutes, in which the viewer can lose the role, and the project its owner.
    context.loaders.clear();
    const { project } = await requireProjectAccess(context, mutation.projectId, 'schema.write');
    return planNewSchema(context, viewer, project, { ...designed, isNew: false, sourceField: 'prompt' });
  }
}

/** Copies a schema to the next version of its name. */
export async function createSchemaVersion(context: Context, args: MutationArgs & { id: string }): Promise<SchemaResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'schemaVersionCreate', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<SchemaResult>> {
    const { schema, project } = await requireSchema(context, args.id);
    const { name, description } = schema;
    const body = await loadSchemaBody(context, schema);
    return planNewSchema(context, viewer, project, { name, description, body, isNew: false, dryRun: args.dryRun });
  }
}

interface NewSchema {
  name: string;
  description?: string | null | undefined;
  body: SchemaBody;
  /** True when the name must be free; else the next version is made. */
  isNew: boolean;
  /** The input field that the body came from, when it is not `tables` and the others. */
  sourceField?: string;
  dryRun?: boolean | undefined;
}

/** A mutation that makes a schema. */
interface NewSchemaMutation {
  name: string;
  args: MutationArgs;
  input: unknown;
  projectId: string;
}

async function addSchema(context: Context, mutation: NewSchemaMutation, read: () => NewSchema): Promise<SchemaResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { ...mutation, viewer, plan });

  async function plan(): Promise<MutationPlan<SchemaResult>> {
    const { project } = await requireProjectAccess(context, mutation.projectId, 'schema.write');
    return planNewSchema(context, viewer, project, { ...read(), dryRun: mutation.args.dryRun });
  }
}

async function planNewSchema(
  context: Context,
  viewer: Viewer,
  project: ProjectRecord,
  input: NewSchema,
): Promise<MutationPlan<SchemaResult>> {
  checkTexts(input);
  checkBody(input.body, input.sourceField);
  const versions = await findNameVersions(context, project.id, input.name);
  if (versions && input.isNew) {
    throw refused(
      'ALREADY_EXISTS',
      `The project has a schema "${input.name}" already. Take another name, or add a version with schemaVersionCreate.`,
      ['input', 'name'],
    );
  }
  if (versions && versions.count >= maxVersions) {
    throw refused('QUOTA_EXCEEDED', `A schema has at most ${maxVersions} versions. Delete old ones first.`);
  }
  const id = context.newId('sch');
  const stored = await store(context, { id, userId: project.userId }, input);
  const now = context.now();
  const schema: DatabaseSchemaRecord = {
    id,
    userId: project.userId,
    projectId: project.id,
    name: input.name,
    version: (versions?.latest ?? 0) + 1,
    ...(input.description != null && { description: input.description }),
    ...withoutNulls(stored.attributes),
    tableCount: input.body.tables.length,
    createdById: viewer.id,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  return {
    result: { schema },
    prepare: stored.write,
    undo: stored.discard,
    writes: [takeVersion(project.id, input.name, versions), putSchema(schema)],
    activity: [
      {
        action: 'created',
        entityType: 'schema',
        entityId: id,
        projectId: project.id,
        entityName: schema.name,
        metadata: { version: schema.version },
      },
    ],
    counts: [{ ownerId: project.userId, projectId: project.id, by: { schemas: 1 } }],
  };
}

/** Arguments of schemaUpdate. */
export interface UpdateSchemaArgs extends MutationArgs {
  id: string;
  expectedRevision: number;
  input: BodyInput & { name?: string | null; description?: string | null };
}

/** Changes a schema in place. */
export async function updateSchema(context: Context, args: UpdateSchemaArgs): Promise<SchemaResult> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  return mutate(context, { name: 'schemaUpdate', viewer, args, input: [args.id, input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<SchemaResult>> {
    const { schema, project } = await requireSchema(context, args.id);
    requireRevision('DatabaseSchema', schema, args.expectedRevision);
    checkTexts(input);
    const before = await loadSchemaBody(context, schema);
    const body = bodyFrom(input, before);
    const changedParts = bodyAttributes.filter((part) => !sameJson(body[part] ?? [], before[part] ?? []));
    if (changedParts.length > 0) checkBody(body);
    const stored = changedParts.length > 0 ? await store(context, schema, { body, dryRun: args.dryRun }) : null;
    const edit = editRecord(
      schema,
      { name: input.name, description: input.description, ...stored?.attributes, ...(stored && { tableCount: body.tables.length }) },
      context.now(),
      (attribute) => (bodyRowAttributes.has(attribute) ? changedParts : [attribute]),
    );
    if (!edit) return { result: { schema }, writes: [], activity: [] };
    const rename = edit.record.name === schema.name ? [] : await planRename(context, schema, edit.record.name);
    return {
      result: { schema: edit.record },
      ...(stored && { prepare: stored.write, undo: stored.discard, cleanUp: () => removeBody(context.connection, 'schemas', schema) }),
      writes: [...rename, updateSchemaRow(schema, edit)],
      activity: [
        {
          action: 'updated',
          entityType: 'schema',
          entityId: schema.id,
          projectId: project.id,
          entityName: edit.record.name,
          changedFields: edit.changedFields,
        },
      ],
    };
  }
}

/** Attributes of the row that stand for the body. */
const bodyRowAttributes: ReadonlySet<string> = new Set([...bodyAttributes, 'bodyId', 'bodyChunks', 'tableCount']);

async function planRename(context: Context, schema: DatabaseSchemaRecord, name: string) {
  const versions = await findNameVersions(context, schema.projectId, schema.name);
  if (versions && versions.count > 1)
    throw invalid(
      ['input', 'name'],
      `The schema has ${versions.count} versions, which share the name. Only a schema with one version can be renamed.`,
    );
  if (await findNameVersions(context, schema.projectId, name)) {
    throw refused('ALREADY_EXISTS', `The project has a schema "${name}" already. Take another name.`, ['input', 'name']);
  }
  return renameVersions(schema.projectId, { from: schema.name, to: name }, versions ?? { latest: schema.version, count: 1, stored: false });
}

/** Deletes one version of a schema. */
export async function deleteSchema(
  context: Context,
  args: MutationArgs & { id: string; expectedRevision?: number | null },
): Promise<{ deletedId: string; deletedCounts: { schemas: number } }> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'schemaDelete', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<{ deletedId: string; deletedCounts: { schemas: number } }>> {
    const { schema, project } = await requireSchema(context, args.id);
    requireRevision('DatabaseSchema', schema, args.expectedRevision);
    const versions = await findNameVersions(context, schema.projectId, schema.name);
    return {
      result: { deletedId: schema.id, deletedCounts: { schemas: 1 } },
      writes: [deleteSchemaRow(schema), ...giveBackVersion(schema.projectId, schema.name, versions)],
      cleanUp: () => removeBody(context.connection, 'schemas', schema),
      activity: [
        {
          action: 'deleted',
          entityType: 'schema',
          entityId: schema.id,
          projectId: project.id,
          entityName: schema.name,
          metadata: { version: schema.version },
        },
      ],
      // Rows of the earlier backend are in no counter.
      counts: isCounted(schema) ? [{ ownerId: project.userId, projectId: project.id, by: { schemas: -1 } }] : [],
    };
  }
}

function checkTexts(input: { name?: string | null | undefined; description?: string | null | undefined }): void {
  const checks = new Checks();
  checks.notNull(['input', 'name'], input.name);
  checks.text(['input', 'name'], input.name, { min: 1, max: 128 });
  checks.text(['input', 'description'], input.description, { max: 5_000, multiline: true });
  checks.throwIfAny();
}

function checkBody(body: SchemaBody, sourceField?: string): void {
  const issues = validateSchemaBody(body);
  if (issues.length === 0) return;
  throw new ExpectedError(
    issues.map(({ path, message }) => validationEntry(sourceField ? ['input', sourceField] : ['input', ...path], message)),
  );
}

function store(
  context: Context,
  owner: { id: string; userId: string },
  { body, sourceField = 'tables', dryRun }: { body: SchemaBody; sourceField?: string | undefined; dryRun?: boolean | undefined },
): Promise<StoredBody> {
  return prepareBody(context, { table: 'schemas', owner, body: { ...body }, field: ['input', sourceField], dryRun });
}

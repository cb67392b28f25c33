/** What code is generated from, and what comes out of it. */
import type { ArchitectureEdge, ArchitectureNode } from '../../architectures/model.ts';
import type { SchemaEnum, SchemaRelationship, SchemaTable, SqlDialect } from '../../databaseSchemas/model.ts';

/** What can be generated. */
export const generationTargets = ['sql', 'prisma', 'typescript', 'rest', 'graphql', 'infrastructure'] as const;
export type GenerationTarget = (typeof generationTargets)[number];

/** How much is generated around the target: `service` adds Docker Compose, `full-stack` every target in one tree. */
export const generationTypes = ['api', 'model', 'controller', 'service', 'full-stack'] as const;
export type GenerationType = (typeof generationTypes)[number];

/** One version of a schema: its name and number, and its body. */
export interface SchemaInput {
  readonly name: string;
  readonly version: number;
  readonly tables: readonly SchemaTable[];
  readonly relationships: readonly SchemaRelationship[];
  readonly enums?: readonly SchemaEnum[];
}

/** An architecture: its name and its graph. */
export interface ArchitectureInput {
  readonly name: string;
  readonly nodes: readonly ArchitectureNode[];
  readonly edges: readonly ArchitectureEdge[];
}

/** All that a generation depends on: the same input gives the same bytes. */
export interface GenerationInput {
  readonly type: GenerationType;
  readonly target: GenerationTarget;
  /** Database that the SQL is written for and that the generated server talks to. */
  readonly dialect: SqlDialect;
  readonly schema: SchemaInput | null;
  readonly architecture: ArchitectureInput | null;
}

/** One file; `path` is relative, with slashes, and safe on every file system. */
export interface GeneratedFile {
  readonly path: string;
  /** Language of the content as editors call it, such as `typescript`. */
  readonly language: string;
  readonly content: string;
}

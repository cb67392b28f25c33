/** What the tests of generated code share: a compiler over files in memory, and servers bundled from them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { compilerOptions } from '../../../src/domains/codeGenerations/generators/documents.ts';
import { generateFiles, type GeneratedFile, type GenerationInput } from '../../../src/domains/codeGenerations/generators/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';

/** Returns the input of a generation of the body. */
export function inputOf(body: SchemaBody, changes: Partial<GenerationInput> = {}): GenerationInput {
  return {
    type: 'api',
    target: 'rest',
    dialect: 'postgres',
    schema: { name: 'Sample shop', version: 3, ...body },
    architecture: null,
    ...changes,
  };
}

/** Returns a generated file; fails where there is none. */
export function fileAt(files: readonly GeneratedFile[], path: string): GeneratedFile {
  const file = files.find((one) => one.path === path);
  if (!file) throw new Error(`There is no ${path} among ${files.map((one) => one.path).join(', ')}`);
  return file;
}

/** As much of pg's types as the generated code uses; the driver is no dependency of this project. */
const pgTypes = `declare module 'pg' {
  interface Result<T> { rows: T[] }
  interface Options { connectionString?: string; connectionTimeoutMillis?: number; statement_timeout?: number }
  export class Pool {
    constructor(options: Options);
    on(event: 'error', listener: (error: Error) => void): this;
    query(text: string, values?: unknown[]): Promise<Result<Record<string, unknown>>>;
    end(): Promise<void>;
  }
  export class Client {
    constructor(options: Options);
    connect(): Promise<void>;
    query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Result<T>>;
    end(): Promise<void>;
  }
  const pg: { Pool: typeof Pool; Client: typeof Client };
  export default pg;
}
declare module 'prisma/config' {
  export function defineConfig(config: { schema: string; migrations: { path: string }; datasource: { url: string } }): unknown;
}
`;

/**
 * Returns what the TypeScript compiler says against the TypeScript among the files, in the generated code's own strict options.
 * The keys of the record name separate packages; all of them are one program, since libraries take most of the time.
 */
export function typeErrors(packages: Readonly<Record<string, readonly GeneratedFile[]>>): string[] {
  // Below this project, so that its packages are found.
  const root = join(process.cwd(), 'generated-in-memory');
  const sources = new Map([[join(root, 'drivers.d.ts'), pgTypes]]);
  for (const [name, files] of Object.entries(packages))
    for (const { path, content } of files) if (path.endsWith('.ts')) sources.set(join(root, name, path), content);
  const { options, errors } = ts.convertCompilerOptionsFromJson({ ...compilerOptions, rootDir: '.', noEmit: true }, root);
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.fileExists = (path) => sources.has(path) || disk.fileExists(path);
  host.readFile = (path) => sources.get(path) ?? disk.readFile(path);
  host.directoryExists = (path) => path.startsWith(root) || disk.directoryExists?.(path) !== false;
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const source = sources.get(path);
    if (source === undefined) return disk.getSourceFile(path, languageVersion, ...rest);
    return ts.createSourceFile(path, source, languageVersion, true);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...errors, ...ts.getPreEmitDiagnostics(program)].map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName.slice(root.length + 1) ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** An answer's JSON: its shape follows from the generated code, which TypeScript does not see. */
export type Json = ReturnType<typeof JSON.parse>;

/** What Fastify gives of a server, as far as tests use it. */
export interface App {
  readonly inject: (request: string | { method: string; url: string; payload?: unknown }) => Promise<{
    readonly statusCode: number;
    readonly body: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly json: () => Json;
  }>;
  readonly hasRoute: (route: { method: string; url: string }) => boolean;
  readonly printRoutes: () => string;
  readonly ready: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** A module of generated code, loaded into this process. */
export interface Loaded {
  readonly app: { buildApp: (options: { store: unknown }) => App | Promise<App> };
  readonly models: { tables: unknown[] } & Record<string, unknown>;
  readonly memory: { MemoryStore: new (tables: unknown[]) => unknown };
  readonly postgres: { PostgresStore: new (database: unknown) => unknown };
  readonly remove: () => void;
}

const entry = `export * as app from './src/app.js';
export * as models from './src/models/index.js';
export * as memory from './src/data/memory.js';
export * as postgres from './src/data/postgres.js';
`;

/** Writes the files below this project, bundles them and imports the bundle. Call \`remove\` at the end. */
export async function load(files: readonly GeneratedFile[]): Promise<Loaded> {
  mkdirSync(join(process.cwd(), 'node_modules/.cache'), { recursive: true });
  const folder = mkdtempSync(join(process.cwd(), 'node_modules/.cache/generated-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const { path, content } of [...files, { path: 'entry.ts', content: entry }]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const outfile = join(folder, 'dist/entry.mjs');
    await build({
      entryPoints: [join(folder, 'entry.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
    });
    return { ...((await import(pathToFileURL(outfile).href)) as Omit<Loaded, 'remove'>), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

export { generateFiles };

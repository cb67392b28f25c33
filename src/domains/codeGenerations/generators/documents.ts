/** READMEs and package files of what is generated. */
import type { SqlDialect } from '../../databaseSchemas/model.ts';
import type { Application } from './application.ts';
import type { GeneratedFile } from './input.ts';
import { pinned, type PackageName } from './versions.ts';
import { jsonFile, plain, slugOf, textFile } from './writing.ts';

/** Names of the databases as people write them. */
export const databaseNames: Readonly<Record<SqlDialect, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  sqlite: 'SQLite',
  mssql: 'SQL Server',
};

/** A section of a README: a heading and its text. */
export type Section = readonly [heading: string, text: string];

/** Returns README.md: a title, what it is, and its sections; those without text are left out. */
export function readme(title: string, about: string, sections: readonly Section[]): GeneratedFile {
  const blocks = sections.filter(([, text]) => text !== '').map(([heading, text]) => `## ${heading}\n\n${text.trimEnd()}\n`);
  return textFile('README.md', [`# ${plain(title)}\n\n${about}\n`, ...blocks].join('\n'));
}

/** Returns shell commands as a code block. */
export const commands = (...lines: readonly string[]): string => `\`\`\`sh\n${lines.join('\n')}\n\`\`\``;

/** What the database cannot carry over, for the README. */
export const warningSection = ({ warnings }: Pick<Application, 'warnings'>): Section => [
  'Differences from the schema',
  warnings.map(({ message }) => `- ${plain(message)}\n`).join(''),
];

/** Names in code that differ from those of the schema, for the README. */
export function namesSection({ tables }: Application): Section {
  const lines = tables.flatMap((table) =>
    table.columns
      .filter(({ property, planned }) => property !== planned.field.name)
      .map(
        ({ property, planned }) =>
          `- ${plain(`${table.planned.structure.table.name}.${planned.field.name}`)} is \`${property}\` of \`${table.typeName}\`\n`,
      ),
  );
  return ['Names that changed', lines.join('')];
}

interface PackageRequest {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: readonly PackageName[];
  readonly devDependencies?: readonly PackageName[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Returns package.json with exact versions. */
export function packageFile({ name, version, description, scripts, dependencies, devDependencies, extra }: PackageRequest): GeneratedFile {
  return jsonFile('package.json', {
    name: slugOf(name, 'app'),
    version: `${version}.0.0`,
    description,
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    ...extra,
    scripts,
    ...(dependencies && { dependencies: pinned(...dependencies) }),
    ...(devDependencies && { devDependencies: pinned(...devDependencies) }),
  });
}

/** Compiler options of all generated TypeScript; it is clean under every strict option. */
export const compilerOptions = {
  target: 'ES2023',
  lib: ['ES2023'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: true,
  rootDir: 'src',
  outDir: 'dist',
} as const;

/** Returns tsconfig.json; a library also gets declarations. */
export const tsconfigFile = (library: boolean): GeneratedFile =>
  jsonFile('tsconfig.json', {
    compilerOptions: { ...compilerOptions, ...(library ? { declaration: true } : { sourceMap: true }) },
    include: ['src'],
  });

/** Returns .gitignore and .dockerignore of a Node package. */
export const ignoreFiles = (docker: boolean): GeneratedFile[] => [
  textFile('.gitignore', 'node_modules/\ndist/\n.env\n'),
  ...(docker ? [textFile('.dockerignore', 'node_modules/\ndist/\n.env\n.git/\n')] : []),
];

/** Everything in one tree: database, types, REST and GraphQL servers, Prisma, infrastructure. */
import type { Application } from '../application.ts';
import { commands, readme } from '../documents.ts';
import type { GeneratedFile } from '../input.ts';
import { inFolder, jsonFile, plain, slugOf, textFile } from '../writing.ts';
import { generateGraphql } from './graphql.ts';
import { generateInfrastructure, type InfrastructureRequest } from './infrastructure.ts';
import { generatePrisma } from './prisma.ts';
import { generateRest } from './rest.ts';
import { generateSql } from './sql.ts';
import { generateTypeScript } from './typescript.ts';

const folders = [
  ['database', 'migrations'],
  ['types', 'TypeScript types and validators'],
  ['rest', 'REST API'],
  ['graphql', 'GraphQL API'],
  ['prisma', 'Prisma schema'],
  ['infrastructure', 'Docker Compose and Terraform'],
] as const;

const workspaces = ['types', 'rest', 'graphql', 'prisma'];

/** Returns the tree. Each folder is complete by itself and has a README of its own. */
export function generateFullStack(application: Application, request: InfrastructureRequest): GeneratedFile[] {
  const { name, version, dialect } = application;
  const migrates = dialect === 'postgres';
  const built = [
    { name: 'rest', folder: '../rest', port: 3000, migrates },
    { name: 'graphql', folder: '../graphql', port: 3001, migrates },
  ];
  const list = folders.map(([folder, text]) => `- [${folder}](${folder}/README.md): ${text}\n`).join('');
  return [
    ...inFolder('database', generateSql(application)),
    ...inFolder('types', generateTypeScript(application)),
    ...inFolder('rest', generateRest(application)),
    ...inFolder('graphql', generateGraphql(application)),
    ...inFolder('prisma', generatePrisma(application)),
    ...inFolder('infrastructure', generateInfrastructure(request, built)),
    jsonFile('package.json', {
      name: slugOf(name, 'app'),
      version: `${version}.0.0`,
      private: true,
      workspaces,
      engines: { node: '>=20.19' },
      scripts: {
        build: 'npm run build --workspaces --if-present',
        'start:rest': 'npm start --workspace rest',
        'start:graphql': 'npm start --workspace graphql',
      },
    }),
    textFile('.gitignore', 'node_modules/\ndist/\n.env\n'),
    readme(name, `Version ${version} of the schema ${plain(name)} as a whole: what is in which folder.\n\n${list}`, [
      ['Start', commands('npm install', 'npm run build', 'npm run start:rest')],
      ['With its database', commands('cd infrastructure', 'cp .env.example .env', 'docker compose up --detach --build')],
    ]),
  ];
}

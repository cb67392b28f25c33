/** Schemas of other people, where their files are beside this project; an empty list where they are not. */
import { existsSync, readFileSync } from 'node:fs';
import { importJson } from '../../../src/domains/databaseSchemas/import/index.ts';
import { readSource } from '../../../src/domains/databaseSchemas/import/readSource.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';

const files = ['ai-backend-social-media.json', 'chinook.postgres.sql', 'northwind.postgres.sql'];

/** Returns the samples by name. */
export async function readSamples(): Promise<{ name: string; body: SchemaBody }[]> {
  const found = files.map((file) => ({ file, path: `../shared/samples/${file}` })).filter(({ path }) => existsSync(path));
  return Promise.all(
    found.map(async ({ file, path }) => {
      const source = readFileSync(path, 'utf8');
      const result = file.endsWith('.json') ? importJson(source) : await readSource(source, 'postgres');
      if (!result.ok) throw new Error(`${path}:${result.line}: ${result.message}`);
      return { name: file.split('.')[0] ?? file, body: result.body };
    }),
  );
}

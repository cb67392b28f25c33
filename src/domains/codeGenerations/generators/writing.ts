/** Pieces of text that every generator writes: literals that nothing can break out of, comments, JSON files. */
import { fileStem } from '../../fileName.ts';
import type { GeneratedFile } from './input.ts';

/** Returns a string literal of TypeScript in single quotes; line separators, which end lines in old engines, are escaped. */
export function literal(text: string): string {
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${body.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

/** Returns a JSON value as a TypeScript expression on one line. Keys are quoted where they must be; `__proto__` stays a plain key. */
export function expression(value: unknown): string {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return `[${value.map(expression).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${propertyKey(key)}: ${expression(member)}`);
  return members.length > 0 ? `{ ${members.join(', ')} }` : '{}';
}

function propertyKey(key: string): string {
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/u.test(key) ? key : literal(key);
}

const lineBreaks = /\r\n|[\r\n\v\f\u0085\u2028\u2029]/u;

/** Returns a doc comment with a line break after it, or nothing for an empty text; the text cannot end it. */
export function docComment(text: string | null | undefined, indent = ''): string {
  const lines = (text ?? '').trim().replaceAll('*/', '*\\/').split(lineBreaks);
  if (lines.length === 1) return lines[0] === '' ? '' : `${indent}/** ${lines[0] ?? ''} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** Returns text on one line that neither Markdown nor HTML takes for markup. */
export function plain(text: string): string {
  const line = text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return line.replace(/[\\`*_{}[\]()#+!|<>~&]/gu, '\\$&');
}

/** Returns a file of indented JSON. */
export function jsonFile(path: string, value: unknown): GeneratedFile {
  return { path, language: 'json', content: `${JSON.stringify(value, null, 2)}\n` };
}

const languages: Readonly<Record<string, string>> = {
  ts: 'typescript',
  sql: 'sql',
  md: 'markdown',
  yaml: 'yaml',
  tf: 'hcl',
  prisma: 'prisma',
  graphql: 'graphql',
};

/** Returns a file whose language follows from its name. */
export function textFile(path: string, content: string): GeneratedFile {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return { path, language: name === 'Dockerfile' ? 'dockerfile' : (languages[extension] ?? 'plaintext'), content };
}

/** Returns the files below a folder. */
export const inFolder = (folder: string, files: readonly GeneratedFile[]): GeneratedFile[] =>
  files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));

/** Returns a name for packages, containers and networks: lower-case letters, digits and hyphens, at most 40 characters. */
export function slugOf(name: string, fallback: string): string {
  const ascii = fileStem(name, fallback)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/^-+|-+$/gu, '');
  const slug = ascii.slice(0, 40).replace(/-+$/u, '');
  return /^[a-z]/u.test(slug) ? slug : slug === '' ? fallback : `${fallback}-${slug}`.slice(0, 40).replace(/-+$/u, '');
}

/** docs/operations.md and docs/architecture.md name metrics, commands, settings, alarms, log lines and files that exist. */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { variables } from '../../src/config/variables.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const operations = read('docs/operations.md');
const architecture = read('docs/architecture.md');

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}

/** All sources of the server in one text. */
const sources = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('generated.ts'))
  .map((file) => read(`src/${file}`))
  .join('\n');

describe('metrics', () => {
  const metrics = createMetrics();
  metrics.watchProcess('0');
  const existing = metrics.registry.getMetricsAsArray().map(({ name }) => name);
  const plain = (name: string): string => name.replace(/_(bucket|count|sum)$/, '');

  test('every one that is named exists', () => {
    const named = found(operations, /\b((?:snapinfra|process|nodejs)_[a-z0-9_]+)/g).map(plain);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existing.includes(name))).toEqual([]);
  });

  test('every one of this server is named', () => {
    const own = existing.filter((name) => name.startsWith('snapinfra_'));
    expect(own.length).toBeGreaterThan(15);
    expect(own.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('commands', () => {
  test('every npm script exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = found(operations, /npm run (?:--silent )?([\w:]+)/g);
    expect(named).toContain('admin');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('every command of the administration exists', () => {
    const known = read('src/cli/adminCommands.ts');
    const named = found(operations, /npm run admin -- ([a-z]+)/g);
    expect(named.sort()).toEqual(['check', 'grant', 'recount', 'revoke']);
    expect(named.filter((name) => !known.includes(`case '${name}':`))).toEqual([]);
  });

  test('every mutation exists', () => {
    const named = found(operations, /`(\w+(?:Delete|Cancel|Transfer|Revoke|Create|Refresh|Batch))`/g);
    expect(named.length).toBeGreaterThan(6);
    const schema = read('schema.graphql');
    expect(named.filter((name) => !schema.includes(`  ${name}(`))).toEqual([]);
  });
});

test('every setting exists', () => {
  const named = found(`${operations}\n${architecture}`, /`([A-Z][A-Z_]{3,})(?:=[^`]*)?`/g).filter((name) => name.includes('_'));
  // The last one is read by the exporter of traces itself.
  const codes = [
    'UNAUTHENTICATED',
    'BAD_CURSOR',
    'INTERNAL_SERVER_ERROR',
    'RATE_LIMITED',
    'QUERY_TOO_COMPLEX',
    'NEW_AND_OLD_IMAGES',
    'OTEL_EXPORTER_OTLP_HEADERS',
  ];
  const settings = named.filter((name) => !codes.includes(name));
  expect(settings.length).toBeGreaterThan(15);
  expect(settings.filter((name) => !(name in variables.shape))).toEqual([]);
});

test('every log line exists', () => {
  const table = operations.slice(operations.indexOf('Lines to look for:'), operations.indexOf('## Alarms'));
  const named = found(table, /^\| `([^`]+)`/gm);
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter((line) => !sources.includes(`'${line}'`))).toEqual([]);
});

test('every span that is named can come', () => {
  const table = operations.slice(operations.indexOf('| span '), operations.indexOf('No span holds'));
  const [tasks = ''] = table.split('\n').filter((row) => row.includes('background work'));
  const names = found(tasks.split('|')[1] ?? '', /`([^`]+)`/g);
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((name) => !sources.includes(`.run('${name}'`) && !sources.includes(`.repeat('${name}'`))).toEqual([]);
  const attributes = found(table, /`(snapinfra\.\w+)`/g);
  expect(attributes.length).toBeGreaterThan(0);
  expect(attributes.filter((name) => !sources.includes(`'${name}'`))).toEqual([]);
});

test('every alarm of the stack has its part, and no other', () => {
  const text = read('infra/lib/api/alarms.ts');
  const ids = [...found(text, /\bid: '(\w+)'/g), ...found(text, /\bid: `\$\{construct\}(\w+)`/g)];
  expect(ids.length).toBeGreaterThan(8);
  const part = operations.slice(operations.indexOf('## Alarms'), operations.indexOf('## Restore'));
  expect(found(part, /^### (\w+)/gm).sort()).toEqual(ids.sort());
});

describe.each([
  ['docs/operations.md', operations],
  ['docs/architecture.md', architecture],
])('%s', (file, text) => {
  test('links lead somewhere', () => {
    const headings = found(text, /^#+ (.+)$/gm).map(
      (heading) =>
        `#${heading
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replace(/\s/g, '-')}`,
    );
    const links = found(text, /\]\(([^)]+)\)/g).filter((link) => !link.startsWith('http'));
    const broken = links.filter((link) =>
      link.startsWith('#') ? !headings.includes(link) : !existsSync(new URL(link, new URL(file, root))),
    );
    expect(broken).toEqual([]);
  });

  test('names files that exist', () => {
    const named = found(text, /`((?:src|infra|test|scripts|schema)\/[\w./]+)`/g);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });
});

test('the prices in the run book follow from the benchmark', () => {
  const results = read('test/bench/results/latest.md');
  const page = /\| Snapinfra API \(this server\) \|[^|]+\|[^|]+\| +([\d.]+) \|[^|]+\| +([\d.]+) \|/.exec(results);
  expect(operations).toContain(`${page?.[1]} read units × 1,000 × $0.125 / 10⁶ = $${((Number(page?.[1]) * 0.125) / 1_000).toFixed(4)}`);
  expect(operations).toContain(`${page?.[2]} s of CPU / 2,160 s × $0.0494 = $${((Number(page?.[2]) / 2_160) * 0.0494).toFixed(4)}`);
});

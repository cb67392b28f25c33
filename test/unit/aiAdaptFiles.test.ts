import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { adaptationBounds, adaptGeneratedFiles, type Adaptation } from '../../src/domains/ai/adaptFiles.ts';
import { createAiServices, type AiServices } from '../../src/domains/ai/services.ts';
import { failure, silence, startAiServer, until, whole, type AiServer } from '../support/aiServer.ts';

const files = [
  { path: 'src/b.ts', content: 'export const b = 2;', language: 'typescript' },
  { path: 'src/a.ts', content: 'export const a = 1;', language: 'typescript' },
  { path: 'schema.sql', content: 'CREATE TABLE a (id int);', language: 'sql' },
];
let endpoint: AiServer;
let ai: AiServices;

beforeAll(async () => {
  endpoint = await startAiServer();
  ai = createAiServices({ ai: { baseUrl: endpoint.baseUrl, model: 'm', timeoutMs: 60_000 } });
});
beforeEach(() => {
  endpoint.reset();
});
afterAll(() => endpoint.close());

const never = new AbortController().signal;
const adapt = (more: Partial<Parameters<typeof adaptGeneratedFiles>[0]> = {}): Promise<Adaptation> =>
  adaptGeneratedFiles({ ai, files, prompt: 'add logging', signal: never, ...more });
const edits = (list: unknown, note: unknown = 'Done.') => whole(JSON.stringify({ note, files: list }));

describe('adapting generated files', () => {
  test('replaces and adds whole files, keeps the others, and returns them by path', async () => {
    endpoint.script(
      edits([
        { path: 'src/a.ts', content: 'export const a = 3;' },
        { path: 'Dockerfile', content: 'FROM node' },
        { path: 'docs/use.md', content: '# Use' },
      ]),
    );
    expect(await adapt()).toEqual({
      note: 'Done.',
      files: [
        { path: 'Dockerfile', content: 'FROM node', language: 'dockerfile' },
        { path: 'docs/use.md', content: '# Use', language: 'markdown' },
        files[2],
        { path: 'src/a.ts', content: 'export const a = 3;', language: 'typescript' },
        files[0],
      ],
    });
    const [, { content }] = endpoint.chats[0]!.body.messages;
    expect(JSON.parse(content)).toEqual({
      wish: 'add logging',
      files: files.map(({ path, content: text }) => ({ path, content: text })),
      otherPaths: [],
    });
  });

  test('an empty list changes nothing but tells why', async () => {
    endpoint.script(edits([], 'It logs already.'));
    const { note, files: same } = await adapt();
    expect([note, same.map(({ content }) => content).sort()]).toEqual(['It logs already.', files.map(({ content }) => content).sort()]);
  });

  const bad: [string, unknown, RegExp][] = [
    ['a path that leaves the archive', [{ path: '../x', content: '' }], /"\.\.\/x" has/],
    ['an absolute path', [{ path: '/etc/passwd', content: '' }], /is absolute/],
    ['a file that is a folder', [{ path: 'src', content: '' }], /both a file and a folder/],
    ['a file below a file', [{ path: 'schema.sql/x', content: '' }], /both a file and a folder/],
    [
      'the same file twice',
      [
        { path: 'x', content: '' },
        { path: 'x', content: '' },
      ],
      /twice/,
    ],
    ['another case of a file', [{ path: 'src/A.ts', content: '' }], /twice/],
    ['a file that is too large', [{ path: 'x', content: 'x'.repeat(adaptationBounds.fileBytes + 1) }], /larger than/],
    ['a binary file', [{ path: 'x', content: 'a\0b' }], /not text/],
    ['too many files', Array.from({ length: adaptationBounds.files + 1 }, (_, i) => ({ path: `f${i}`, content: '' })), /at most 100/],
    ['a file without content', [{ path: 'x' }], /"path" and "content"/],
    ['no list', 'none', /the list "files"/],
  ];
  test.each(bad)('%s is asked about once, then refused with a sentence', async (_, list, sentence) => {
    endpoint.script(edits(list), edits(list), silence);
    await expect(adapt()).rejects.toThrow(sentence);
    expect(endpoint.chats).toHaveLength(2);
  });

  test('a corrected answer is taken', async () => {
    endpoint.script(edits([{ path: '../x', content: '' }]), edits([{ path: 'x', content: 'y' }]));
    expect((await adapt()).files).toContainEqual({ path: 'x', content: 'y', language: 'text' });
  });

  test('files that the model did not get to read cannot be replaced', async () => {
    const large = { path: 'large.ts', content: 'x'.repeat(adaptationBounds.readCharacters), language: 'typescript' };
    endpoint.script(edits([{ path: 'large.ts', content: '' }]), edits([{ path: 'large.ts', content: '' }]));
    await expect(adapt({ files: [...files, large] })).rejects.toThrow('content was not shown');
    const told = JSON.parse(endpoint.chats[0]!.body.messages[1].content);
    expect([told.files.length, told.otherPaths]).toEqual([3, ['large.ts']]);
  });

  test('failures are sentences for people', async () => {
    await expect(adapt({ ai: createAiServices({}) })).rejects.toThrow('has no AI assistant');
    await expect(adapt({ prompt: ' ' })).rejects.toThrow('prompt is empty');
    endpoint.script(failure(401));
    await expect(adapt()).rejects.toThrow('Tell the operator');
    endpoint.script(silence);
    const hasty = createAiServices({ ai: { baseUrl: endpoint.baseUrl, model: 'm', timeoutMs: 50 } });
    await expect(adapt({ ai: hasty })).rejects.toThrow('took too long');
  });

  test('whoever cancels a job ends the call', async () => {
    endpoint.script(silence);
    const job = new AbortController();
    const running = adapt({ signal: job.signal });
    const ended = expect(running).rejects.toThrow('cancelled');
    await until(() => endpoint.chats.length === 1);
    job.abort(new Error('cancelled'));
    await ended;
    await until(() => endpoint.chats[0]!.isAbandoned);
  });
});

import { describe, expect, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { archiveFacts, zipFiles } from '../../src/domains/codeGenerations/archive.ts';
import { linkProblem, signLink } from '../../src/domains/codeGenerations/archiveLink.ts';

const files = [
  { path: 'src/index.ts', content: `export const answer = 42;\n${'// lorem ipsum\n'.repeat(500)}` },
  { path: 'README.md', content: '# Shop – für alle ☕\n' },
  { path: 'empty.txt', content: '' },
];

describe('an archive', () => {
  test('has the bytes that earlier versions of this server told the checksum of', async () => {
    // Sizes and checksums are kept with generations for up to a year: if this fails, an upgrade has made them wrong.
    expect(await archiveFacts(files, 'shop')).toEqual({
      fileName: 'shop.zip',
      sizeBytes: 460,
      sha256: 'e844acbf63a1617407ddd4b5ad32d1f34a19b83b8c3069bd35802994434fc06f',
    });
  });

  test('has the files, and nothing of the order in which they came', async () => {
    const bytes = await buffer(zipFiles(files));
    const entries = Object.entries(unzipSync(bytes)).map(([path, content]) => ({ path, content: Buffer.from(content).toString() }));
    expect(entries).toEqual(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
    expect(await buffer(zipFiles(files.toReversed()))).toEqual(bytes);
    const { sizeBytes, sha256 } = await archiveFacts(files, 'x');
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([sizeBytes, sha256]);
    // It is compressed.
    expect(sizeBytes).toBeLessThan(zipSync({ one: [Buffer.from(files[0]?.content ?? ''), { level: 0 }] }).length);
  });

  test.each([
    ['../../etc/passwd', 'etc/passwd'],
    ['/absolute', 'absolute'],
    ['a\\..\\..\\b', 'a/b'],
    ['./a//b', 'a/b'],
    ['..', 'file'],
    ['', 'file'],
  ])('unpacks %j within its folder', async (path, expected) => {
    const bytes = await buffer(zipFiles([{ path, content: 'x' }]));
    expect(Object.keys(unzipSync(bytes))).toEqual([expected]);
  });
});

describe('a link', () => {
  const secret = 'a secret of at least thirty-two bytes';
  const parts = (link: string) => {
    const { pathname, searchParams } = new URL(link);
    const id = decodeURIComponent(pathname.split('/')[3] ?? '');
    return { id, expires: searchParams.get('expires') ?? undefined, signature: searchParams.get('signature') ?? undefined };
  };

  test('is good until it ends, for its generation and its secret alone', () => {
    const link = parts(signLink(secret, { id: 'gen_1', expires: 1_000, origin: 'https://api.example.com' }));
    expect(linkProblem(secret, link, 999.9)).toBeNull();
    expect(linkProblem(secret, link, 1_000)).toMatch(/has ended/);
    expect(linkProblem(`${secret}!`, link, 0)).toMatch(/not valid/);
    expect(linkProblem(secret, { ...link, id: 'gen_2' }, 0)).toMatch(/not valid/);
    expect(linkProblem(secret, { ...link, expires: '1001' }, 0)).toMatch(/not valid/);
    expect(linkProblem(secret, { ...link, signature: '' }, 0)).toMatch(/not valid/);
  });

  test('keeps odd ids in their place', () => {
    const link = signLink(secret, { id: '../x?y#z', expires: 1_000, origin: 'https://api.example.com' });
    expect(new URL(link).pathname).toBe('/api/code-generations/..%2Fx%3Fy%23z/archive.zip');
    expect(linkProblem(secret, parts(link), 0)).toBeNull();
  });
});

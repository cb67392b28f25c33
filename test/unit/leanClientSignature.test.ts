/** Signatures of the lean client, against AWS's published test suite for Signature Version 4 and against @smithy/signature-v4. */
import { describe, expect, it, test } from '@jest/globals';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from '../support/fastCheck.ts';
import { amzDate, createSigner, type SignableRequest } from '../../src/data/lean/signature.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const timestamp = '20150830T123600Z';
const host = ['host', 'example.amazonaws.com'] as const;
const date = ['x-amz-date', timestamp] as const;
const form = ['content-type', 'application/x-www-form-urlencoded'] as const;
const token =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd' +
  'QrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz' +
  '+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';

const empty = { method: 'POST', path: '/', query: '', headers: [host, date], body: '' } satisfies SignableRequest;

test.each<[name: string, request: SignableRequest, signature: string]>([
  ['get-vanilla', { ...empty, method: 'GET' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', empty, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  [
    'get-vanilla-query-order-key-case',
    { ...empty, method: 'GET', query: 'Param1=value1&Param2=value2' },
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'post-header-key-sort',
    { ...empty, headers: [host, ['my-header1', 'value1'], date] },
    'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  ],
  [
    'post-x-www-form-urlencoded',
    { ...empty, headers: [form, host, date], body: 'Param1=value1' },
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
  [
    'post-sts-header-before',
    { ...empty, headers: [host, date, ['x-amz-security-token', token]] },
    '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  ],
])('AWS test suite: %s', async (_, request, signature) => {
  const names = request.headers.map(([name]) => name).join(';');
  const expected = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`;
  expect(createSigner({ region: 'us-east-1', service: 'service' }).sign(request, credentials, timestamp)).toBe(expected);
  // The published value is what it is: the SDK's own signer comes to it too.
  const sdk = new SignatureV4({ credentials, region: 'us-east-1', service: 'service', sha256: Sha256, applyChecksum: false });
  const query = Object.fromEntries(new URLSearchParams(request.query));
  const { method, path, headers, body } = request;
  const signed = await sdk.sign(
    { method, path, query, headers: Object.fromEntries(headers), body, protocol: 'https:', hostname: host[1] },
    { signingDate: new Date('2015-08-30T12:36:00Z') },
  );
  expect(signed.headers['authorization']).toBe(expected);
});

describe('1,000 random requests', () => {
  const word = fc.string({ minLength: 1, maxLength: 40 });
  const headerValue = fc.stringMatching(/^[!-~]{1,30}$/);
  const cases = fc.record({
    accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
    secretAccessKey: word,
    sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,200}$/), { nil: undefined }),
    region: fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1'),
    time: fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true }),
    host: fc.domain(),
    target: headerValue,
    body: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 300 })),
  });

  it('are signed as @smithy/signature-v4 signs them', async () => {
    const signers = new Map<string, ReturnType<typeof createSigner>>();
    await fc.assert(
      fc.asyncProperty(cases, async ({ region, time, body, sessionToken, target, ...random }) => {
        // One signer for all, so that a key kept from another case would be seen.
        const signer = signers.get(region) ?? createSigner({ region, service: 'dynamodb' });
        signers.set(region, signer);
        const at = amzDate(time.getTime());
        const headers: [string, string][] = [
          ['content-type', 'application/x-amz-json-1.0'],
          ['host', random.host],
          ['x-amz-date', at],
          ...(sessionToken === undefined ? [] : [['x-amz-security-token', sessionToken] as [string, string]]),
          ['x-amz-target', target],
        ];
        const identity = { ...random, ...(sessionToken !== undefined && { sessionToken }) };
        const sdk = new SignatureV4({ credentials: identity, region, service: 'dynamodb', sha256: Sha256, applyChecksum: false });
        const unsigned = headers.filter(([name]) => name !== 'x-amz-date' && name !== 'x-amz-security-token');
        const signed = await sdk.sign(
          { method: 'POST', path: '/', headers: Object.fromEntries(unsigned), body, protocol: 'https:', hostname: random.host },
          { signingDate: time },
        );
        const authorization = signer.sign({ method: 'POST', path: '/', query: '', headers, body }, identity, at);
        expect([at, authorization]).toEqual([signed.headers['x-amz-date'], signed.headers['authorization']]);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a signer follows the credentials and the day', () => {
  const create = () => createSigner({ region: 'us-east-1', service: 'service' });
  const signer = create();
  // Each differs from the one before in one respect only, so that a key kept too long would be used again.
  for (const [secretAccessKey, day] of ['one 20250101', 'one 20250102', 'two 20250102', 'two 20250101', 'one 20250101'].map((text) =>
    text.split(' '),
  ) as [string, string][]) {
    const request: SignableRequest = { ...empty, headers: [host, ['x-amz-date', `${day}T000000Z`]] };
    const identity = { accessKeyId: 'A', secretAccessKey };
    expect(signer.sign(request, identity, `${day}T000000Z`)).toBe(create().sign(request, identity, `${day}T000000Z`));
  }
});

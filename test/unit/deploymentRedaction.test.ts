import { describe, expect, test } from '@jest/globals';
import { redact, redactLines, secretPatterns } from '../../src/domains/deployments/redaction.ts';
import { timesLonger } from '../support/effort.ts';

const letters = (n: number): string => 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG'.repeat(10).slice(0, n);
const privateKey = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEowIBAAKCAQEA7', 'x9Q==', '-----END RSA PRIVATE KEY-----'];

/** Made up so that scanners of this repository find nothing: parts are joined at run time. */
const secrets: [name: string, text: string, clean: string][] = [
  ['AWS access key id', `using AKIAIOSFODNN7EXAMPLE now`, 'using [redacted] now'],
  ['AWS temporary key id', `id=ASIAIOSFODNN7EXAMPLE`, 'id=[redacted]'],
  ['AWS secret', `AWS_SECRET_ACCESS_KEY=${letters(40)}`, 'AWS_SECRET_ACCESS_KEY=[redacted]'],
  ['AWS secret in JSON', `{"SecretAccessKey": "${letters(40)}", "x": 1}`, '{"SecretAccessKey": [redacted], "x": 1}'],
  ['bearer token', `Authorization: Bearer ${letters(24)}`, 'Authorization: Bearer [redacted]'],
  ['bearer token in lower case', 'curl -H "authorization: bearer abc12345"', 'curl -H "authorization: bearer [redacted]"'],
  ['basic credentials', 'Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
  ['JSON Web Token', `jwt ${['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxIn0', 'c2lnbmF0dXJl'].join('.')} end`, 'jwt [redacted] end'],
  ['GitHub token', `push with ghp_${letters(36)}.`, 'push with [redacted].'],
  ['GitHub installation token', `ghs_${letters(36)}`, '[redacted]'],
  ['GitHub fine-grained token', `github_pat_${letters(60)}`, '[redacted]'],
  ['GitLab token', `glpat-${letters(20)}`, '[redacted]'],
  ['Slack token', `xoxb-123456789012-abcdef`, '[redacted]'],
  ['Stripe key', `sk_live_${letters(24)}`, '[redacted]'],
  ['npm token', `npm_${letters(36)}`, '[redacted]'],
  ['Google API key', `AIza${letters(35)}`, '[redacted]'],
  ['SendGrid key', `SG.${letters(22)}.${letters(43)}`, '[redacted]'],
  ['key of this API', `snp_01h455vb4pex5vsknk084sn02q_${letters(49)}`, '[redacted]'],
  ['private key', `before\n${privateKey.join('\n')}\nafter`, 'before\n[redacted]\nafter'],
  ['private key without an end', privateKey.slice(0, 2).join('\n'), '[redacted]'],
  ['password', 'password=hunter2', 'password=[redacted]'],
  ['password of an environment', 'DB_PASSWORD: hunter2, DB_USER: ada', 'DB_PASSWORD: [redacted], DB_USER: ada'],
  ['quoted password', `PGPASSWORD='two words' psql`, 'PGPASSWORD=[redacted] psql'],
  ['password in JSON', '{"password":"a b","user":"ada"}', '{"password":[redacted],"user":"ada"}'],
  ['password in JSON in JSON', String.raw`{\"password\":\"hunter2\"}`, String.raw`{\"password\":[redacted]}`],
  ['password without a closing quote', 'password="hunter2', 'password=[redacted]'],
  [
    'password of a connection string',
    'Server=db;User Id=sa;Password=hunter2;Encrypt=true',
    'Server=db;User Id=sa;Password=[redacted];Encrypt=true',
  ],
  ['client secret', 'client_secret=abcdefgh12', 'client_secret=[redacted]'],
  ['API key', 'x-api-key: abcdefgh12', 'x-api-key: [redacted]'],
  ['connection string', 'postgres://ada:hunter2@db:5432/shop', 'postgres://ada:[redacted]@db:5432/shop'],
  ['connection string without a user', 'redis://:hunter2@cache:6379', 'redis://:[redacted]@cache:6379'],
  [
    'connection string of MongoDB',
    'mongodb+srv://ada:hunter2@cluster0.example.net/?w=majority',
    'mongodb+srv://ada:[redacted]@cluster0.example.net/?w=majority',
  ],
];

describe('secrets', () => {
  test.each(secrets)('%s', (_, text, clean) => {
    expect(redact(text)).toEqual({ text: clean, count: 1 });
  });

  test('every pattern is met by an example', () => {
    const unmet = secretPatterns.filter(({ pattern }) => !secrets.some(([, text]) => text.search(pattern) !== -1));
    expect(unmet.map(({ name }) => name)).toEqual([]);
  });

  test('several in one text are counted one by one', () => {
    expect(redact(`password=a token=abcdefgh AKIAIOSFODNN7EXAMPLE`)).toEqual({
      text: 'password=[redacted] token=[redacted] [redacted]',
      count: 3,
    });
  });

  test('redacting again changes nothing', () => {
    for (const [, text] of secrets) expect(redact(redact(text).text).count).toBe(0);
  });
});

describe('ordinary lines stay', () => {
  test.each([
    'Compiled 214 modules in 3.2s',
    "SyntaxError: Unexpected token: '}'",
    'Basic authentication is enabled',
    'listening on http://localhost:8080/ping?mail=a@b.example',
    'fetched https://registry.example.com:443/pkg/@scope/name',
    'passwords were rotated',
    'the secret of success',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'git checkout 53214ae0c1f2d3e4b5a69788c7d6e5f4a3b2c1d0',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '\u001b[32m✓\u001b[0m tests passed',
    '',
  ])('%j', (text) => {
    expect(redact(text)).toEqual({ text, count: 0 });
  });
});

describe('a private key over several messages', () => {
  test('goes from its first line to its last', () => {
    expect(redactLines(['cat key.pem', ...privateKey, 'done'])).toEqual({
      messages: ['cat key.pem', '[redacted]', '[redacted]', '[redacted]', '[redacted]', 'done'],
      count: 1,
    });
  });

  test('goes to the end when it does not end', () => {
    expect(redactLines([...privateKey.slice(0, 2), 'more']).messages).toEqual(['[redacted]', '[redacted]', '[redacted]']);
  });

  test('that is whole in one message does not touch the next', () => {
    expect(redactLines([privateKey.join('\n'), 'done'])).toEqual({ messages: ['[redacted]', 'done'], count: 1 });
  });

  test('may be followed by another one in the line of its end', () => {
    expect(redactLines(['a ' + privateKey[0]!, `${privateKey[3]!} b ${privateKey[0]!}`, 'body', privateKey[3]!, 'c'])).toEqual({
      messages: ['a [redacted]', '[redacted] b [redacted]', '[redacted]', '[redacted]', 'c'],
      count: 2,
    });
  });
});

describe('hostile text of the largest size takes no time', () => {
  const hostile = [
    'password="',
    "token='",
    'a:/',
    'eyJ-',
    'eyJa.',
    '-----BEGIN PRIVATE KEY-----',
    'https://a:',
    'bearer ',
    'authorization: basic ',
    'AKIA',
    'ghp_a',
    'a',
    'SG.a.',
    '\\"password\\":\\"',
  ];
  test.each(hostile)('%j repeated', (part) => {
    const text = part.repeat(Math.ceil(8192 / part.length)).slice(0, 8192);
    const plain = 'all is well, build 17 done. '.repeat(300).slice(0, 8192);
    expect(
      timesLonger(
        () => redact(text),
        () => redact(plain),
      ),
    ).toBeLessThan(300);
  });
});

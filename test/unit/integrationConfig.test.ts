import { describe, expect, test } from '@jest/globals';
import { createEncryption, isEncrypted } from '../../src/data/encryption.ts';
import { changeConfig } from '../../src/domains/integrations/configChange.ts';
import { configFields } from '../../src/domains/integrations/configFields.ts';
import { integrationTypes, type IntegrationType } from '../../src/domains/integrations/integration.ts';
import { maskConfig, openConfig, sealConfig } from '../../src/domains/integrations/secrets.ts';
import { ExpectedError, type UserErrorEntry } from '../../src/errors.ts';
import { goodConfigs, secretMark, secretNames } from '../support/providers.ts';

const encryption = createEncryption(Buffer.alloc(32, 1));
const id = 'int_01jd3kq7m8e0h8x2v5w9y4z6ab';

function change(type: string, input: Record<string, unknown>, config?: Record<string, unknown>): Record<string, unknown> {
  return changeConfig(encryption, { integration: { id, type, ...(config && { config }) }, input });
}

function problems(type: string, input: Record<string, unknown>, config?: Record<string, unknown>): readonly UserErrorEntry[] {
  try {
    change(type, input, config);
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    expect(JSON.stringify(error.entries)).not.toContain(secretMark);
    return error.entries;
  }
}

describe.each(integrationTypes)('%s', (type) => {
  const good = goodConfigs[type];

  test('encrypts its secrets, leaves the rest readable, and opens again', () => {
    const stored = change(type, good);
    for (const [name, value] of Object.entries(good)) {
      if (secretNames[type].includes(name)) expect(isEncrypted(String(stored[name]))).toBe(true);
      else expect(stored[name]).toBe(value);
    }
    expect(JSON.stringify(stored)).not.toContain(secretMark);
    expect(openConfig(encryption, { id, type, config: stored })).toEqual(good);
  });

  test('shows secrets by their last four characters only', () => {
    const shown = maskConfig(encryption, { id, type, config: change(type, good) });
    for (const [name, value] of Object.entries(good))
      expect(shown[name]).toBe(secretNames[type].includes(name) ? `••••${value.slice(-4)}` : value);
  });

  test('takes back what it showed as unchanged', () => {
    const stored = change(type, good);
    expect(change(type, maskConfig(encryption, { id, type, config: stored }), stored)).toEqual(stored);
    expect(change(type, good, stored)).toEqual(stored);
    expect(change(type, {}, stored)).toEqual(stored);
  });

  test('needs its required fields', () => {
    for (const [name, { required }] of Object.entries(configFields[type])) {
      const rest = Object.fromEntries(Object.entries(good).filter(([other]) => other !== name));
      const expected = required
        ? [expect.objectContaining({ message: `The configuration needs ${name}.`, field: ['input', 'config', name] })]
        : [];
      expect(problems(type, rest)).toEqual(expected);
    }
  });

  test('names its fields to who sends another one', () => {
    const [entry] = problems(type, { ...good, colour: 'red' });
    expect(entry).toMatchObject({ __typename: 'ValidationError', code: 'VALIDATION', field: ['input', 'config'] });
    expect(entry?.message).toContain('"colour" is not in the configuration');
    for (const name of Object.keys(configFields[type])) expect(entry?.message).toContain(name);
  });
});

describe('values that are refused', () => {
  test.each<[IntegrationType, string, unknown, RegExp]>([
    ['github', 'token', 'ghp one two', /no token/],
    ['github', 'token', 'ghp\u0000abc', /no token/],
    ['github', 'token', '', /empty/],
    ['github', 'token', '   ', /empty/],
    ['github', 'token', 42, /Send text/],
    ['github', 'token', ['ghp_x'], /Send text/],
    ['github', 'token', null, /required/],
    ['github', 'token', 'x'.repeat(5_000), /4096/],
    ['github', 'token', '••••1111', /masked/],
    ['github', 'owner', '../admin', /name of a user/],
    ['github', 'owner', '-dash', /name of a user/],
    ['github', 'repository', '..', /name of the repository/],
    ['github', 'repository', 'octocat/hello', /name of the repository/],
    ['github', 'baseUrl', 'http://github.example.com', /https/],
    ['github', 'baseUrl', 'ftp://github.example.com', /https/],
    ['github', 'baseUrl', 'github.example.com', /https/],
    ['github', 'baseUrl', 'https://a:b@github.example.com', /without user name/],
    ['github', 'baseUrl', 'https://github.example.com/?x=1', /without user name/],
    ['github', 'baseUrl', 'https://127.0.0.1/api/v3', /private/],
    ['github', 'baseUrl', 'https://2130706433/', /private/],
    ['github', 'baseUrl', 'https://[::ffff:169.254.169.254]/', /private/],
    ['github', 'baseUrl', 'https://localhost:8443/', /private/],
    ['aws', 'accessKeyId', 'AKIA', /16 to 128/],
    ['aws', 'region', 'frankfurt', /region/],
    ['aws', 'region', 'us-east-1.evil.example', /region/],
    ['aws', 'region', 'x@evil/us-east-1', /region/],
    ['aws', 'roleArn', 'arn:aws:iam::1:role/x', /ARN/],
    ['slack', 'webhookUrl', 'https://hooks.slack.com.evil.example/services/x', /hooks\.slack\.com/],
    ['slack', 'webhookUrl', 'https://user@hooks.slack.com/services/x', /hooks\.slack\.com/],
    ['slack', 'webhookUrl', 'http://hooks.slack.com/services/x', /hooks\.slack\.com/],
    ['slack', 'channel', 'a b', /channel/],
    ['stripe', 'secretKey', 'pk_live_1234567890', /publishable/],
    ['sendgrid', 'fromEmail', 'hello', /e-mail/],
    ['vercel', 'teamId', 'team/1', /team/],
    ['vercel', 'projectId', `ghp_${secretMark}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`, /looks like a secret/],
  ])('%s.%s: %p', (type, name, value, message) => {
    const found = problems(type, { ...goodConfigs[type], [name]: value });
    expect(found).toEqual([
      expect.objectContaining({ __typename: 'ValidationError', field: ['input', 'config', name], message: expect.stringMatching(message) }),
    ]);
  });

  test('a secret as the name of a field is not repeated', () => {
    expect(problems('stripe', { ...goodConfigs.stripe, [`sk_live_${secretMark}aaaaaaaaaa`]: 'x' })).toHaveLength(1);
    expect(problems('stripe', { ...goodConfigs.stripe, [`${secretMark} and more`]: 'x' })).toHaveLength(1);
  });

  test('names that objects have by themselves are unknown fields', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(problems('stripe', JSON.parse(`{ "secretKey": "sk_test_1234", "${name}": "x" }`) as Record<string, unknown>)).toHaveLength(1);
  });

  test('Slack needs a token or a webhook', () => {
    const { botToken, webhookUrl, channel } = goodConfigs.slack;
    expect(problems('slack', { channel })).toEqual([
      expect.objectContaining({ message: 'The configuration needs a botToken or a webhookUrl.' }),
    ]);
    expect(problems('slack', { channel, botToken })).toEqual([]);
    expect(problems('slack', { channel, webhookUrl })).toEqual([]);
    const stored = change('slack', { channel, botToken, webhookUrl });
    expect(change('slack', { botToken: null }, stored)).toEqual({ channel, webhookUrl: stored['webhookUrl'] });
    expect(problems('slack', { botToken: null, webhookUrl: null }, stored)).toHaveLength(1);
  });

  test('a type that is not known takes no configuration', () => {
    expect(problems('jira', { token: 'x' }, { token: 'y' })).toEqual([
      expect.objectContaining({ message: expect.stringContaining('does not know the type') }),
    ]);
  });
});

describe('a new address for a stored token', () => {
  const stored = change('github', goodConfigs.github);
  const baseUrl = 'https://collector.example.com';

  test('needs the token again, or an admin could have it sent anywhere', () => {
    const expected = [
      expect.objectContaining({ field: ['input', 'config', 'token'], message: expect.stringContaining('Send the whole secret again') }),
    ];
    expect(problems('github', { baseUrl }, stored)).toEqual(expected);
    const masked = maskConfig(encryption, { id, type: 'github', config: stored })['token'];
    expect(problems('github', { baseUrl, token: masked }, stored)).toEqual(expected);
    const moved = change('github', { baseUrl, token: 'ghp_other_token' }, stored);
    expect(problems('github', { baseUrl: null }, moved)).toEqual(expected);
  });

  test('is taken with a whole token, also the same one', () => {
    expect(change('github', { baseUrl, token: 'ghp_other_token' }, stored)['baseUrl']).toBe(baseUrl);
    expect(change('github', { baseUrl, token: goodConfigs.github['token'] }, stored)['baseUrl']).toBe(baseUrl);
  });

  test('that is the old one needs nothing', () => {
    const moved = change('github', { baseUrl, token: 'ghp_other_token' }, stored);
    expect(change('github', { baseUrl, owner: 'someone' }, moved)).toMatchObject({ owner: 'someone', baseUrl });
  });
});

describe('rows of the earlier backend', () => {
  const plain = {
    token: `ghp_${secretMark}plainplainplain1234`,
    owner: 'octocat',
    repository: 'hello',
    accessToken: `${secretMark}unknown5678`,
    nested: { list: [`${secretMark}nested9012`], port: 8080, on: true },
  };
  const row = { id, type: 'github', config: plain };

  test('show plain secrets masked, also in fields that the type does not have', () => {
    expect(maskConfig(encryption, row)).toEqual({
      token: '••••1234',
      owner: 'octocat',
      repository: 'hello',
      accessToken: '••••5678',
      nested: { list: ['••••9012'], port: 8080, on: true },
    });
  });

  test('show a secret in an open field without it', () => {
    const config = { ...plain, owner: `ghp_${secretMark}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` };
    expect(maskConfig(encryption, { id, type: 'github', config })['owner']).toBe('[redacted]');
  });

  test('of unknown types mask every text', () => {
    expect(maskConfig(encryption, { id, type: 'jira', config: { host: 'jira.example.com', port: 1, x: 'short' } })).toEqual({
      host: '••••.com',
      port: 1,
      x: '••••',
    });
  });

  test.each([undefined, null, 'text', ['a']])('with %p for a configuration have an empty one', (config) => {
    expect(maskConfig(encryption, { id, type: 'github', config })).toEqual({});
    expect(sealConfig(encryption, { id, type: 'github', config })).toEqual({});
  });

  test('are encrypted by sealing, and look as before', () => {
    const sealed = sealConfig(encryption, row);
    expect(JSON.stringify(sealed)).not.toContain(secretMark);
    expect(sealed).toMatchObject({ owner: 'octocat', nested: { port: 8080 } });
    expect(maskConfig(encryption, { ...row, config: sealed })).toEqual(maskConfig(encryption, row));
    expect(sealConfig(encryption, { ...row, config: sealed })).toEqual(sealed);
  });

  test('lose a field that the type does not have when it is cleared', () => {
    const next = change('github', { accessToken: null, nested: null }, plain);
    expect(Object.keys(next).sort()).toEqual(['owner', 'repository', 'token']);
  });
});

describe('keys', () => {
  const next = createEncryption(Buffer.alloc(32, 2), { previousKeys: [Buffer.alloc(32, 1)] });
  const stranger = createEncryption(Buffer.alloc(32, 3));
  const config = change('stripe', goodConfigs.stripe);
  const row = { id, type: 'stripe', config };

  test('the former one is accepted, and sealing changes to the current one', () => {
    expect(maskConfig(next, row)).toEqual({ secretKey: '••••7777' });
    const sealed = sealConfig(next, row);
    expect(sealed).not.toEqual(config);
    expect(openConfig(createEncryption(Buffer.alloc(32, 2)), { ...row, config: sealed })).toEqual(goodConfigs.stripe);
  });

  test('without the right one a secret is hidden, kept, and can be sent anew', () => {
    expect(maskConfig(stranger, row)).toEqual({ secretKey: '••••' });
    expect(openConfig(stranger, row)).toEqual({ secretKey: null });
    expect(sealConfig(stranger, row)).toEqual(config);
    expect(changeConfig(stranger, { integration: row, input: { secretKey: '••••' } })).toEqual(config);
    const anew = changeConfig(stranger, { integration: row, input: { secretKey: 'sk_test_anew' } });
    expect(openConfig(stranger, { ...row, config: anew })).toEqual({ secretKey: 'sk_test_anew' });
  });

  test('a secret that was copied to another integration can not be read there', () => {
    expect(openConfig(encryption, { ...row, id: 'int_other' })).toEqual({ secretKey: null });
    const slack = change('slack', goodConfigs.slack);
    expect(openConfig(encryption, { id, type: 'slack', config: { ...slack, botToken: slack['webhookUrl'] } })['botToken']).toBeNull();
  });
});

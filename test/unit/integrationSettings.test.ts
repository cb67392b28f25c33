import { expect, test } from '@jest/globals';
import { tmpdir } from 'node:os';
import { ConfigInvalid, loadConfig } from '../../src/config.ts';

const env = { DATA_DIR: tmpdir(), JWT_SECRET: 'k3Vd0Zq8Yw1Lm5Tn7Rb2Xc9Pf4Hg6Js0', ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };

test('integrations call the providers themselves unless the operator names other addresses', () => {
  expect(loadConfig(env).integrationEndpoints).toEqual({});
  const INTEGRATION_ENDPOINTS = 'github=https://proxy.example.com/github?a=b, slackWebhooks=http://10.0.0.1:8080';
  expect(loadConfig({ ...env, INTEGRATION_ENDPOINTS }).integrationEndpoints).toEqual({
    github: 'https://proxy.example.com/github?a=b',
    slackWebhooks: 'http://10.0.0.1:8080',
  });
});

test.each([
  'github',
  'jira=https://x.example.com',
  'github=proxy.example.com',
  'github=ftp://x.example.com',
  '=https://x.example.com',
  'constructor=https://x.example.com',
])('INTEGRATION_ENDPOINTS can not be "%s", and the message names what can', (INTEGRATION_ENDPOINTS) => {
  expect(() => loadConfig({ ...env, INTEGRATION_ENDPOINTS })).toThrow(ConfigInvalid);
  expect(() => loadConfig({ ...env, INTEGRATION_ENDPOINTS })).toThrow(
    /INTEGRATION_ENDPOINTS must be .* the names are github, aws, slack, slackWebhooks/,
  );
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { imageContext, synthesize, withoutMetadata, type StackTemplate } from './support.ts';

const folder = join(import.meta.dirname, '..');

/** Runs the script without credentials, and without a network: every request goes to a port where nobody listens. */
function runSynth(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const nowhere = 'http://127.0.0.1:9';
  const { PATH, SystemRoot } = process.env;
  const env = { PATH, SystemRoot, HOME: join(tmpdir(), 'snapinfra-no-home'), HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere };
  return spawnSync(process.execPath, ['scripts/synth.mjs', ...args], { cwd: folder, encoding: 'utf8', env });
}

describe('npm run synth', () => {
  test('writes the template that the other tests check, and says where', () => {
    const { status, stdout } = runSynth('-c', `image=${imageContext.image}`);
    expect({ status, stdout: stdout.trim().split('\n') }).toEqual({
      status: 0,
      stdout: [
        `SnapinfraDynamoDBStack: 12 tables (snapinfra-projects … snapinfra-users), us-east-1. Template: ${join('cdk.out', 'SnapinfraDynamoDBStack.template.json')}`,
        `SnapinfraApiStack: 1 service, 45 alarms, us-east-1. Template: ${join('cdk.out', 'SnapinfraApiStack.template.json')}`,
      ],
    });
    const written = JSON.parse(readFileSync(join(folder, 'cdk.out/SnapinfraDynamoDBStack.template.json'), 'utf8')) as StackTemplate;
    expect(comparable(written)).toEqual(comparable(synthesize()));
  });

  test('says in one line what is wrong with a context value', () => {
    const { status, stderr } = runSynth('-c', 'tablePrefix=staging');
    expect(status).toBe(1);
    expect(stderr.split('\n')[0]).toMatch(/^The context key tablePrefix is "staging"\. Use letters, digits and hyphens/);
  });

  test('refuses other arguments', () => {
    const { status, stderr } = runSynth('--output', 'elsewhere');
    expect(status).toBe(2);
    expect(stderr).toMatch(/Unknown option '--output'[^]*Usage: npm --prefix infra run synth/);
  });
});

function comparable({ Resources, Outputs }: StackTemplate): unknown {
  return { resources: Object.entries(Resources).map(([logicalId, resource]) => [logicalId, withoutMetadata(resource)]), Outputs };
}

/** The function that measures tables, run as Lambda runs it, against a server that answers like DynamoDB. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { sizeNamespace } from '../lib/api/tableSizes.ts';

const file = pathToFileURL(join(import.meta.dirname, '../lib/api/tableSizes/index.mjs')).href;

const table = {
  ...{ TableName: 'a-users', TableSizeBytes: 1_000, ItemCount: 3 },
  GlobalSecondaryIndexes: [{ IndexSizeBytes: 400 }, { IndexStatus: 'CREATING' }, { IndexSizeBytes: 30 }],
};

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { TableName } = JSON.parse(body) as { TableName: string };
      const isThere = TableName === table.TableName;
      const answer = isThere
        ? { Table: table }
        : { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message: 'no such table' };
      response.writeHead(isThere ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function run(tableNames: string): Promise<{ code: number; lines: string[]; stderr: string }> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', `const { handler } = await import('${file}'); await handler();`], {
    env: {
      ...{ AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_REGION: 'us-east-1', TABLE_NAMES: tableNames },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { code, lines: stdout.trim().split('\n'), stderr };
}

describe('the function of sizes', () => {
  test('writes a line that CloudWatch makes metrics of: the alarm finds them under the same name', async () => {
    const { code, lines } = await run('a-users');
    expect([code, lines.length]).toEqual([0, 1]);
    const { _aws, ...values } = JSON.parse(lines[0] ?? '') as { _aws: { CloudWatchMetrics: unknown[]; Timestamp: number } };
    expect(values).toEqual({ TableName: 'a-users', TableSizeBytes: 1_000, IndexSizeBytes: 430, ItemCount: 3 });
    expect(_aws.CloudWatchMetrics).toMatchObject([
      { Namespace: sizeNamespace, Dimensions: [['TableName']], Metrics: [{ Name: 'TableSizeBytes', Unit: 'Bytes' }, {}, {}] },
    ]);
    expect(Math.abs(Date.now() - _aws.Timestamp)).toBeLessThan(3_600_000);
  });

  test('measures the others when one table is missing, and then fails by name', async () => {
    const { code, lines, stderr } = await run('a-none,a-users');
    expect(code).not.toBe(0);
    expect(lines).toEqual([expect.stringContaining('"TableName":"a-users"')]);
    expect(stderr).toContain('a-none: no such table');
  });
});

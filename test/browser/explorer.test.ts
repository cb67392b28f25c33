/** The explorer at /graphql in a real browser: what somebody does who comes for the first time. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { describeInBrowser, launchBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { uniqueEmail } from '../support/harness.ts';

jest.setTimeout(300_000);

let server: TestServer;
let browser: Browser;
let watched: WatchedPage;
let page: Page;
let projectId: string;
let token: string;

const queryEditor = '.graphiql-query-editor .CodeMirror';
/** Variables and headers are in editors of the same kind. */
const headersEditor = `[...document.querySelectorAll('.graphiql-editor-tool .CodeMirror')]
  .map((element) => element.CodeMirror).find((editor) => editor.getValue().includes('Authorization'))`;

/** Replaces the text of an editor, as typing does but without its completions. */
async function write(editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .CodeMirror-lines`).first().waitFor();
  await page.evaluate(`document.querySelector(${JSON.stringify(editor)}).CodeMirror.setValue(${JSON.stringify(text)})`);
}

async function writeHeaders(headers: Record<string, string>): Promise<void> {
  await page.evaluate(`${headersEditor}.setValue(${JSON.stringify(JSON.stringify(headers))})`);
}

/** Puts the cursor into a line of the query and presses Ctrl-Enter, which runs the operation around it. */
async function runAt(line: RegExp): Promise<void> {
  await page.evaluate(`(() => {
    const editor = document.querySelector('${queryEditor}').CodeMirror;
    const lines = editor.getValue().split('\\n');
    editor.focus();
    editor.setCursor(lines.findIndex((line) => ${String(line)}.test(line)), 4);
  })()`);
  await page.keyboard.press('Control+Enter');
}

/** Waits until the answer that is shown matches, a minute at the longest; returns it. */
async function answer(expected: RegExp): Promise<string> {
  // Not waitForFunction: the content security policy of the page forbids what it does.
  for (let waited = 0; ; waited += 100) {
    const text = await page.evaluate<string>('document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? ""');
    if (expected.test(text)) return text;
    if (waited > 60_000) throw new Error(`${String(expected)} does not come; the answer is: ${text}`);
    await sleep(100);
  }
}

const missing = existsSync(new URL('../../dist/explorer/index.html', import.meta.url))
  ? undefined
  : 'dist/explorer is missing (run `npm run build`)';

describeInBrowser(
  'the explorer',
  () => {
    beforeAll(async () => {
      server = await startTestServer();
      browser = await launchBrowser();
      watched = await openPage(browser);
      ({ page } = watched);
      await page.goto(`${server.url}/graphql`);
    });
    afterAll(async () => {
      await browser.close();
      await server.close();
    });

    test('tells the first steps, and they work as they say', async () => {
      await page.getByText('Welcome to the Snapinfra API').waitFor();
      const steps = await page.evaluate<string>(`document.querySelector('${queryEditor}').CodeMirror.getValue()`);
      await write(queryEditor, steps.replaceAll('you@example.com', uniqueEmail()));
      await runAt(/^mutation SignUp/);
      token = /"accessToken": "([^"]+)"/.exec(await answer(/"accessToken": "/))![1]!;
      // Both headers are prepared; the first one lacks its token.
      expect(JSON.parse(await page.evaluate<string>(`${headersEditor}.getValue()`))).toEqual({
        Authorization: 'Bearer ',
        'x-snapinfra-explain': '0',
      });
      await writeHeaders({ Authorization: `Bearer ${token}` });
      await runAt(/^mutation CreateProject/);
      projectId = /"id": "(prj_[^"]+)"/.exec(await answer(/"id": "prj_/))![1]!;
      await runAt(/^query Viewer/);
      expect(await answer(/"viewer"/)).toContain('My first project');
    });

    test('shows events of a subscription', async () => {
      const subscription = `subscription { deploymentUpdated(projectId: "${projectId}") { version status } }`;
      await page.goto(`${server.url}/graphql?query=${encodeURIComponent(subscription)}`);
      await page.locator(queryEditor).getByText('deploymentUpdated').first().waitFor();
      await writeHeaders({ Authorization: `Bearer ${token}` });
      await runAt(/^subscription/);
      await answer(/"deploymentUpdated": null/);
      const input = { projectId, environment: 'STAGING', provider: 'AWS', version: '7.0.0' };
      const query = 'mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { userErrors { message } } }';
      await server.post({ query, variables: { input } }, { authorization: `Bearer ${token}` });
      expect(await answer(/"PENDING"/)).toContain('7.0.0');
      await page.getByRole('button', { name: /^Stop/ }).click();
    });

    test('keeps a history, documents the schema, links Apollo Sandbox', async () => {
      await page.getByRole('button', { name: 'Show History' }).click();
      await page.locator('.graphiql-history').getByText('CreateProject').first().waitFor();
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().click();
      await page.locator('.graphiql-doc-explorer').getByText('viewer', { exact: true }).first().waitFor();
      const sandbox = await page.getByRole('link', { name: 'Apollo Sandbox' }).getAttribute('href');
      expect(new URL(sandbox!).searchParams.get('endpoint')).toBe(`${server.url}/graphql`);
    });

    test('forgets the token in another tab, and keeps the query', async () => {
      const other = await watched.context.newPage();
      await other.goto(`${server.url}/graphql`);
      await other.locator(queryEditor).getByText('deploymentUpdated').first().waitFor();
      expect(await other.evaluate<string>('JSON.stringify(localStorage)')).not.toContain(token);
      await other.close();
    });

    test('has nothing from elsewhere, and no error in the console', () => {
      expect(new Set([...watched.origins].map((origin) => new URL(origin).host))).toEqual(new Set([new URL(server.url).host]));
      expect(watched.complaints).toEqual([]);
    });
  },
  missing,
);

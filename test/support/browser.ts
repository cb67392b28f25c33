/** The installed browser, for tests that look at pages as people do. */
import { describe, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type ConsoleMessage, type Page } from 'playwright-core';

const usualPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** `required`, a path, or nothing: a browser is used where there is one. */
const wanted = process.env['SNAPINFRA_TEST_BROWSER'];
const isRequired = wanted === 'required';

function findBrowser(): string | undefined {
  const given = [isRequired ? undefined : wanted, process.env['CHROME_PATH']].filter((path) => path !== undefined && path !== '');
  return [...given, ...usualPaths].find((path) => path !== undefined && existsSync(path));
}

const executablePath = findBrowser();

/**
 * Describes tests that need a browser, and what else `missing` names: skipped with a word where something is missing, unless
 * SNAPINFRA_TEST_BROWSER=required.
 */
export function describeInBrowser(name: string, tests: () => void, missing?: string): void {
  const reason = executablePath === undefined ? 'no Chromium was found (set SNAPINFRA_TEST_BROWSER to its path)' : missing;
  if (reason === undefined) describe(name, tests);
  else if (isRequired) {
    test(`${name}: what it needs is there`, () => {
      throw new Error(`${name}: ${reason}`);
    });
  } else {
    process.stderr.write(`${name}: skipped, since ${reason}\n`);
    describe.skip(name, tests);
  }
}

/** Starts the browser, without a window. */
export function launchBrowser(): Promise<Browser> {
  // Root has no sandbox of its own in containers; elsewhere the sandbox stays.
  return chromium.launch({ ...(executablePath !== undefined && { executablePath }), chromiumSandbox: process.getuid?.() !== 0 });
}

/** A page, and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, uncaught exceptions, failed requests. */
  readonly complaints: string[];
  /** Origins of all requests, WebSockets too. */
  readonly origins: Set<string>;
}

/** Opens a page with a storage of its own. */
export async function openPage(
  browser: Browser,
  options: { colorScheme?: 'light' | 'dark'; ignore?: (text: string) => boolean } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ colorScheme: options.colorScheme ?? 'light', reducedMotion: 'reduce', acceptDownloads: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  const complain = (text: string): void => {
    if (options.ignore?.(text) !== true) complaints.push(text);
  };
  page.on('console', (message: ConsoleMessage) => ['error', 'warning'].includes(message.type()) && complain(message.text()));
  page.on('pageerror', (error) => complain(String(error)));
  page.on('request', (request) => /^(https?|wss?):/.test(request.url()) && origins.add(new URL(request.url()).origin));
  page.on('websocket', (socket) => origins.add(new URL(socket.url()).origin));
  // Patient: machines of CI are busy with other tests.
  page.setDefaultTimeout(60_000);
  return { page, context, complaints, origins };
}

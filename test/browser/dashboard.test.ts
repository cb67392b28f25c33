/** The dashboard of examples/dashboard, built, in a real browser, against a real server. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page, WebSocketRoute } from 'playwright-core';
import { startTestServer, testSecret, type TestServer } from '../http/support/testServer.ts';
import { violationsOf } from '../support/accessibility.ts';
import { describeInBrowser, launchBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { missingDashboard, startDashboard, type DashboardServer } from '../support/dashboardServer.ts';
import { uniqueEmail } from '../support/harness.ts';

jest.setTimeout(300_000);

let server: TestServer;
let dashboard: DashboardServer;
let browser: Browser;
const password = 'correct horse battery';
const sessionKey = 'snapinfra.session';

interface StoredSession {
  accessToken: string;
  refreshToken: string;
  expiresAt: number;
}

const storedSession = (page: Page): Promise<StoredSession> =>
  page.evaluate<StoredSession>(`JSON.parse(localStorage.getItem('${sessionKey}'))`);

async function changeSession(page: Page, change: Partial<StoredSession>): Promise<void> {
  const session = { ...(await storedSession(page)), ...change };
  await page.evaluate(`localStorage.setItem('${sessionKey}', ${JSON.stringify(JSON.stringify(session))})`);
}

/** What a pipeline does meanwhile, beside the browser. */
async function act<T>(page: Page, query: string, variables: Record<string, unknown>): Promise<T> {
  const { accessToken } = await storedSession(page);
  const response = await server.post({ query, variables }, { authorization: `Bearer ${accessToken}` });
  const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const report = (page: Page, id: string, status: string): Promise<unknown> =>
  act(
    page,
    'mutation ($id: ID!, $status: DeploymentStatus!) { deploymentReport(id: $id, input: { status: $status }) { userErrors { message } } }',
    {
      id,
      status,
    },
  );
const writeLog = (page: Page, id: string, messages: readonly string[]): Promise<unknown> =>
  act(
    page,
    'mutation ($id: ID!, $entries: [DeploymentLogEntryInput!]!) { deploymentLogAppend(id: $id, entries: $entries) { userErrors { message } } }',
    {
      id,
      entries: messages.map((message) => ({ message })),
    },
  );

const deploy = (page: Page, input: Record<string, string>): Promise<unknown> =>
  act(page, 'mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { userErrors { message } } }', { input });

async function signUp(page: Page, email = uniqueEmail()): Promise<string> {
  await page.goto(dashboard.url);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  return email;
}

/** Makes a project, and returns its id. */
async function createProject(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: /^(Create your first|New) project$/ }).click();
  await page.getByLabel('Project name').fill(name);
  await page.getByRole('button', { name: 'Create project' }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  return /\/projects\/([^/]+)/.exec(page.url())![1]!;
}

const openSection = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Sections of the project' }).getByRole('link', { name }).click();
const newestDeployment = (page: Page): Locator => page.locator('.deployment').first();
const logText = (page: Page): Promise<string[]> => page.locator('.log-line > span:last-child').allTextContents();

/** Marks the document, which a reload would replace. */
const mark = (page: Page): Promise<unknown> => page.evaluate('globalThis.isSameDocument = true');
const isMarked = (page: Page): Promise<boolean> => page.evaluate<boolean>(`'isSameDocument' in globalThis`);

describeInBrowser(
  'the dashboard',
  () => {
    beforeAll(async () => {
      server = await startTestServer();
      [dashboard, browser] = await Promise.all([startDashboard(server.url), launchBrowser()]);
    });
    afterAll(async () => {
      await browser.close();
      await dashboard.close();
      await server.close();
    });

    test('refusals of the API stand at their fields', async () => {
      const { page, context, complaints } = await openPage(browser);
      await page.goto(dashboard.url);
      await page.getByRole('button', { name: 'Create an account' }).click();
      await page.getByLabel('Name').fill('Ada');
      await page.getByLabel('E-mail').fill('not an address');
      await page.getByLabel('Password').fill('short');
      await page.getByRole('button', { name: 'Create account' }).click();
      const email = page.getByLabel('E-mail');
      await page.locator('[aria-invalid="true"]').first().waitFor();
      const refusedFields = await page
        .locator('[aria-invalid="true"]')
        .evaluateAll((fields) => fields.map((field) => field.getAttribute('name')));
      expect(refusedFields).toEqual(expect.arrayContaining(['email']));
      const described = await email.getAttribute('aria-describedby');
      expect(await page.locator(`[id="${described}"]`).textContent()).toMatch(/e-?mail/i);
      await page.locator('[name="email"]:focus').waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    });

    describe('a person who is new', () => {
      let watched: WatchedPage;
      let page: Page;
      let network: Network;
      let projectId: string;
      beforeAll(async () => {
        watched = await openPage(browser);
        ({ page } = watched);
        network = await placeNetwork(page);
        await signUp(page);
      });
      afterAll(() => watched.context.close());

      test('is told what to do, and does it', async () => {
        expect(await page.getByText('You have no project yet.').isVisible()).toBe(true);
        expect(await violationsOf(page)).toEqual([]);
        projectId = await createProject(page, 'Web shop');
        await page.getByRole('link', { name: 'Projects', exact: true }).click();
        const deeds = page.getByRole('region', { name: 'Activity' }).getByRole('listitem').locator('p');
        await deeds.filter({ hasText: 'created project' }).waitFor();
        expect(await deeds.allTextContents()).toEqual([
          expect.stringMatching(/^Ada created project Web shop(?! in)/),
          expect.stringMatching(/^Ada signed up(?! user)/),
        ]);
        await page.getByRole('link', { name: 'Web shop' }).first().click();
        await page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();
      });

      test('sees a deployment and its log grow without a reload, also over a lost connection', async () => {
        await mark(page);
        await openSection(page, 'Deployments');
        await page.getByLabel('Version').fill('1.0.0');
        await page.getByRole('button', { name: 'Record' }).click();
        await newestDeployment(page).getByText('Pending').waitFor();
        const { project } = await act<{ project: { deployments: { nodes: { id: string }[] } } }>(
          page,
          'query ($id: ID!) { project(id: $id) { deployments { nodes { id } } } }',
          { id: projectId },
        );
        const [{ id } = { id: '' }] = project.deployments.nodes;
        await report(page, id, 'DEPLOYING');
        await newestDeployment(page).getByText('Deploying').waitFor();
        await writeLog(page, id, ['Pulling image', 'Starting 3 instances']);
        await page.locator('.log').getByText('Starting 3 instances').waitFor();

        // The network is gone for a while; what happens meanwhile must be there afterwards, and nothing twice.
        await network.cut();
        await page.getByText('Reconnecting').waitFor();
        await writeLog(page, id, ['Written while away']);
        await report(page, id, 'SUCCESS');
        // The first event afterwards is of the newest deployment; the other one has to be asked for.
        await deploy(page, { projectId, environment: 'DEVELOPMENT', provider: 'AWS', version: '1.0.1' });
        network.mend();
        await page.locator('.log').getByText('Written while away').waitFor();
        await newestDeployment(page).getByText('1.0.1', { exact: true }).waitFor();
        await page.locator('.deployment', { hasText: '1.0.0' }).getByText('Success').waitFor();
        await writeLog(page, id, ['Afterwards']);
        await page.locator('.log').getByText('Afterwards').waitFor();
        const lines = await logText(page);
        for (const line of ['Pulling image', 'Starting 3 instances', 'Written while away', 'Afterwards'])
          expect(lines.filter((text) => text === line)).toEqual([line]);
        expect(await isMarked(page)).toBe(true);
      });

      test('sees a deployment that a pipeline makes', async () => {
        await deploy(page, { projectId, environment: 'STAGING', provider: 'VERCEL', version: '2.0.0' });
        await newestDeployment(page).getByText('2.0.0', { exact: true }).waitFor();
        expect(await isMarked(page)).toBe(true);
      });

      test('imports SQL, sees the diagram, generates code and downloads it', async () => {
        await openSection(page, 'Schema');
        await page.getByRole('button', { name: 'Import' }).click();
        await page.locator('.er-table', { hasText: 'patients' }).waitFor();
        expect(await page.locator('.react-flow__edge').count()).toBe(1);
        await openSection(page, 'Code');
        await page.getByLabel('What').selectOption('SQL');
        await page.getByRole('button', { name: 'Generate' }).click();
        const row = page.locator('.row', { hasText: 'SQL migrations' });
        await row.getByText('Completed').waitFor();
        const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: /Download/ }).click()]);
        expect(
          readFileSync(await download.path())
            .subarray(0, 2)
            .toString(),
        ).toBe('PK');
      });

      test('sees metrics and the architecture', async () => {
        const inputs = [1, 2, 3].map((value) => ({
          projectId,
          metric: 'orders',
          value: value * 10,
          timestamp: new Date(Date.now() - value * 86_400_000).toISOString(),
        }));
        await act(page, 'mutation ($inputs: [MetricTrackInput!]!) { metricTrackBatch(inputs: $inputs) { userErrors { message } } }', {
          inputs,
        });
        const architecture = { projectId, name: 'Today', nodes: [{ id: 'api', type: 'service', label: 'Orders API' }], edges: [] };
        await act(page, 'mutation ($input: ArchitectureCreateInput!) { architectureCreate(input: $input) { userErrors { message } } }', {
          input: architecture,
        });
        await page.reload();
        await openSection(page, 'Metrics');
        await page.getByRole('img', { name: /Average of orders per day: from 10 to 30/ }).waitFor();
        await openSection(page, 'Architecture');
        const picture = page.getByRole('img', { name: /Orders API/ });
        await picture.waitFor();
        expect(await picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBeGreaterThan(100);
      });

      test('invites somebody, who joins', async () => {
        await openSection(page, 'Team');
        const email = uniqueEmail();
        await page.getByLabel('E-mail').fill(email);
        await page.getByRole('button', { name: 'Invite' }).click();
        await page.locator('.row', { hasText: email }).waitFor();
        const guest = await openPage(browser);
        await signUp(guest.page, email);
        await guest.page.getByRole('button', { name: 'Join Web shop' }).click();
        await guest.page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();
        await guest.page.getByRole('link', { name: 'Projects', exact: true }).click();
        const shared = guest.page.getByRole('region', { name: 'Shared with you' });
        await shared.locator('.project-card').waitFor();
        expect(await shared.locator('.project-card').allTextContents()).toEqual([expect.stringMatching(/^Web shop.*of Ada.*Developer/)]);
        expect(await violationsOf(guest.page)).toEqual([]);
        await shared.getByRole('link', { name: 'Web shop' }).click();
        await guest.page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();
        expect(guest.complaints).toEqual([]);
        await guest.context.close();
      });

      test.each(['light', 'dark'] as const)('finds every page accessible in %s', async (colorScheme) => {
        await page.emulateMedia({ colorScheme });
        // Dark changes colours only.
        const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined;
        const found: Record<string, string[]> = {};
        for (const section of ['Overview', 'Schema', 'Architecture', 'Deployments', 'Metrics', 'Code', 'Team']) {
          await openSection(page, section);
          await page
            .getByRole('navigation', { name: 'Sections of the project' })
            .locator('[aria-current="page"]', { hasText: section })
            .waitFor();
          if (section === 'Schema') await page.locator('.er-table').first().waitFor();
          if (section === 'Metrics') await page.locator('.chart-line').waitFor();
          found[section] = await violationsOf(page, rules);
        }
        await page.getByRole('link', { name: 'Projects', exact: true }).click();
        await page.getByRole('link', { name: 'Web shop' }).first().waitFor();
        found['Home'] = await violationsOf(page, rules);
        expect(Object.fromEntries(Object.entries(found).filter(([, violations]) => violations.length > 0))).toEqual({});
        await page.getByRole('link', { name: 'Web shop' }).first().click();
        await page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();
      });

      test('chooses dark, which stays', async () => {
        await page.emulateMedia({ colorScheme: 'light' });
        const ground = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
        const light = await ground();
        await page.getByLabel('Colours').selectOption('dark');
        const dark = await ground();
        expect(brightness(light)).toBeGreaterThan(200);
        expect(brightness(dark)).toBeLessThan(60);
        await page.reload();
        await page.getByRole('heading', { name: 'Web shop', level: 1 }).waitFor();
        expect(await ground()).toBe(dark);
      });

      test('met no error in the console, and no other server', () => {
        expect(watched.complaints).toEqual([]);
        expect(new Set([...watched.origins].map((origin) => new URL(origin).host))).toEqual(new Set([new URL(dashboard.url).host]));
      });
    });

    test('lists go on page by page, and the focus goes with them', async () => {
      const { page, context, complaints } = await openPage(browser);
      await signUp(page);
      const create = 'mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id } userErrors { message } } }';
      for (let number = 1; number <= 25; number++) await act(page, create, { input: { name: `Project ${number}` } });
      await page.reload();
      const own = page.getByRole('region', { name: 'Your projects' });
      const names = (): Promise<string[]> => own.getByRole('heading', { level: 3 }).allTextContents();
      await own.getByRole('heading', { name: 'Project 14', exact: true }).waitFor();
      expect(await names()).toHaveLength(12);
      for (const first of ['Project 13', 'Project 1']) {
        await own.getByRole('button', { name: 'Show older projects' }).click();
        await own.locator('a:focus', { hasText: new RegExp(`^${first}$`) }).waitFor();
      }
      expect(await names()).toEqual(Array.from({ length: 25 }, (_, index) => `Project ${25 - index}`));
      expect(await own.getByRole('button').count()).toBe(0);

      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Project 1', level: 1 }).waitFor();
      const projectId = new URL(page.url()).pathname.split('/')[2]!;
      for (let number = 1; number <= 26; number++)
        await deploy(page, { projectId, environment: 'STAGING', provider: 'AWS', version: `1.0.${number}` });
      await page.reload();
      await openSection(page, 'Deployments');
      await page.getByRole('heading', { name: 'Log of 1.0.26, staging' }).waitFor();
      expect(await page.locator('.deployment').count()).toBe(25);
      await page.getByRole('button', { name: 'Show older deployments' }).click();
      await page.locator('.deployment button:focus', { hasText: '1.0.1 ' }).waitFor();
      await page.keyboard.press('Enter');
      const log = page.getByRole('region', { name: 'Log of 1.0.1, staging' });
      await log.getByText('Pending').waitFor();
      await page.getByRole('button', { name: 'Cancel 1.0.1, staging' }).click();
      // The log beside the list goes on with the row, on whatever page it stands.
      await log.getByText('Cancelled').waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    });

    describe('a session', () => {
      let watched: WatchedPage;
      let page: Page;
      let email: string;
      beforeAll(async () => {
        watched = await openPage(browser, { ignore: (text) => text.includes('401') });
        ({ page } = watched);
        email = await signUp(page);
        await createProject(page, 'Lasting');
      });
      afterAll(() => watched.context.close());

      test.each([
        ['is known to end', false],
        ['is refused by the API', true],
      ])('goes on when its access token %s', async (_how, isRefused) => {
        const before = await storedSession(page);
        if (isRefused) await changeSession(page, { accessToken: await expiredToken(before.accessToken) });
        else await changeSession(page, { expiresAt: Date.now() - 1 });
        await page.reload();
        await page.getByRole('heading', { name: 'Lasting', level: 1 }).waitFor();
        const after = await storedSession(page);
        expect(after.refreshToken).not.toBe(before.refreshToken);
        expect(after.expiresAt).toBeGreaterThan(Date.now());
      });

      test('that is lost asks for the password, and goes on at the same page', async () => {
        await changeSession(page, { expiresAt: Date.now() - 1, refreshToken: 'gone' });
        await page.reload();
        await page.getByText('Your session has ended').waitFor();
        await page.getByLabel('E-mail').fill(email);
        await page.getByLabel('Password').fill(password);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('heading', { name: 'Lasting', level: 1 }).waitFor();
      });

      test('is over after signing out, here and at the API', async () => {
        const { refreshToken } = await storedSession(page);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        expect(await storedSession(page)).toBeNull();
        const query =
          'mutation ($refreshToken: String!) { sessionRefresh(refreshToken: $refreshToken) { accessToken userErrors { code } } }';
        const { data } = (await (await server.post({ query, variables: { refreshToken } })).json()) as {
          data: { sessionRefresh: { accessToken: string | null } };
        };
        expect(data.sessionRefresh.accessToken).toBeNull();
        expect(watched.complaints).toEqual([]);
      });
    });

    test('an unreachable API is said, with a way to try again', async () => {
      const { page, context } = await openPage(browser);
      await signUp(page);
      await page.route('**/graphql', (route) => route.abort());
      await page.reload();
      await page.getByText('The server can not be reached').waitFor();
      await page.unroute('**/graphql');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
      await context.close();
    });

    test('everything goes without a mouse', async () => {
      const { page, context, complaints } = await openPage(browser);
      const { keyboard } = page;
      /** Presses Tab until something with this name has the focus, which must be visible. */
      const tabTo = async (name: RegExp): Promise<void> => {
        for (let presses = 0; presses < 60; presses += 1) {
          await keyboard.press('Tab');
          const focused = await page.evaluate<{ label: string; outline: string }>(focusedElement);
          if (!name.test(focused.label)) continue;
          expect(focused.outline).not.toBe('none');
          return;
        }
        throw new Error(`Tab does not lead to ${String(name)}`);
      };
      await page.goto(dashboard.url);
      await page.getByLabel('E-mail').waitFor();
      await tabTo(/^Create an account$/);
      await keyboard.press('Enter');
      // The first field of the new form has the focus.
      await page.locator('[name="username"]:focus').waitFor();
      await keyboard.type('Ada');
      await tabTo(/^E-mail$/);
      await keyboard.type(uniqueEmail());
      await tabTo(/^Password$/);
      await keyboard.type(password);
      await keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
      await tabTo(/^Skip to content$/);
      await keyboard.press('Enter');
      await tabTo(/^Create your first project$/);
      await keyboard.press('Enter');
      await page.locator('[name="name"]:focus').waitFor();
      await keyboard.type('By keyboard');
      await keyboard.press('Enter');
      await page.getByRole('heading', { name: 'By keyboard', level: 1 }).waitFor();
      await tabTo(/^Deployments$/);
      await keyboard.press('Enter');
      await tabTo(/^Version$/);
      await keyboard.type('3.0.0');
      await keyboard.press('Enter');
      await newestDeployment(page).getByText('Pending').waitFor();
      await tabTo(/^Cancel/);
      await keyboard.press('Enter');
      await newestDeployment(page).getByText('Cancelled').waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    });
  },
  missingDashboard,
);

/** What a screen reader would call the focused element, and how it is outlined. */
const focusedElement = `(() => {
  const element = document.activeElement;
  const label = element.labels?.[0]?.textContent ?? element.getAttribute('aria-label') ?? element.textContent;
  return { label, outline: getComputedStyle(element).outlineStyle };
})()`;

/** A network between a page and the server's WebSockets that can be cut. */
interface Network {
  cut(): Promise<void>;
  mend(): void;
}

/** Puts such a network in between; call it before the page is loaded. */
async function placeNetwork(page: Page): Promise<Network> {
  let isCut = false;
  const open = new Set<WebSocketRoute>();
  await page.routeWebSocket('**/graphql', (socket) => {
    if (isCut) {
      void socket.close({ code: 4000 });
      return;
    }
    open.add(socket);
    socket.connectToServer();
  });
  return {
    async cut() {
      isCut = true;
      for (const socket of open) await socket.close({ code: 4000 });
      open.clear();
    },
    mend: () => void (isCut = false),
  };
}

const brightness = (color: string): number => Math.max(...(color.match(/\d+/g) ?? []).slice(0, 3).map(Number));

/** Returns the same token as it is fifteen minutes later. */
async function expiredToken(token: string): Promise<string> {
  const [header = {}, claims = {}] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  const issuedAt = Math.floor(Date.now() / 1_000) - 3_600;
  return new SignJWT({ ...claims, iat: issuedAt, exp: issuedAt + 900 })
    .setProtectedHeader(header as { alg: string })
    .sign(new TextEncoder().encode(testSecret));
}

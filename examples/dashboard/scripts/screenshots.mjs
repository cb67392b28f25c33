// Takes the pictures of docs/images: `npm run screenshots`, while the API (with the demo workspace, see `npm run demo` there)
// and `npm start` of this folder run. DASHBOARD_URL and CHROME_PATH when they are elsewhere than usual.
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { chromium } = createRequire(join(root, 'package.json'))('playwright-core');
const url = process.env.DASHBOARD_URL ?? 'http://localhost:5173';
const folder = process.env.SCREENSHOTS_DIR ?? join(root, 'docs/images');
mkdirSync(folder, { recursive: true });

/** What is shown: section of the demo's shop, theme, and what must be there before. */
const pictures = [
  { name: 'dashboard-home-light', theme: 'light', ready: '.project-card' },
  { name: 'dashboard-schema-dark', theme: 'dark', section: 'schema', ready: '.er-table' },
  { name: 'dashboard-architecture-light', theme: 'light', section: 'architecture', ready: '.picture img' },
  {
    name: 'dashboard-deployments-dark',
    theme: 'dark',
    section: 'deployments',
    ready: '.log-line',
    open: '.deployment:nth-child(3) .row-open',
  },
  { name: 'dashboard-metrics-light', theme: 'light', section: 'metrics', ready: '.chart-line' },
];

const browser = await chromium.launch({ executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium' });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()));
  await page.goto(url);
  await page.getByLabel('E-mail').fill('mara@demo.example');
  await page.getByLabel('Password').fill('open the demo workspace');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const project = await page.getByRole('link', { name: 'Nordwind Outdoor Shop' }).first().getAttribute('href');
  for (const { name, theme, section, ready, open } of pictures) {
    await page.evaluate((choice) => localStorage.setItem('snapinfra.theme', choice), theme);
    await page.goto(section ? `${url}${project}/${section}` : url);
    if (open) await page.locator(open).click();
    await page.locator(ready).first().waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path });
    console.log(`${path} (${Math.round(statSync(path).size / 1024)} KB)`);
  }
} finally {
  await browser.close();
}

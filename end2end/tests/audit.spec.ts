import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test, type Server } from '../support/test';

// The audit: administrators find out who did what, and take it along.

/** The program of a debug build is large: on a machine that does other things, it takes its time to start. */
const STARTS_WITHIN_MS = 60_000;
test.describe.configure({ timeout: 180_000 });

const event = (stream: string, type: string, name: string, data: object = {}, version = 1): [string, unknown[]] =>
  [`insert into rowcast.event (stream, version, type, schema, data, who, who_name) values ($1, $2, $3, 1, $4, $5, $6)`, [stream, version, type, JSON.stringify(data), `id-${name}`, name]];

/** A server to which everybody is an administrator, with some events. */
async function audited(launch: (options: { settings: Record<string, string> }) => Promise<Server>): Promise<Server> {
  const server = await launch({ settings: { anonymous: 'admin' } });
  await server.sql(...event('test-1', 'TestBegun', 'Ada', { note: '<b>bold</b>', lines: [{ sku: 'A-1', quantity: 3 }] }));
  await server.sql(...event('test-1', 'TestEnded', 'Bob', {}, 2));
  await server.sql(...event('test-2', 'TestBegun', '=1+1'));
  return server;
}

async function flawless(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) })), what).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), what).toBeLessThanOrEqual(0);
}

async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expect(page.locator('html[data-js="ready"]')).toBeVisible({ timeout: STARTS_WITHIN_MS });
  await expect(page.getByRole('heading', { level: 1, name: 'Audit' })).toBeVisible();
}

test('events are found by person, stream and type, and their data can be read', async ({ launch, page }) => {
  const server = await audited(launch);
  await open(page, `${server.url}/audit`);
  const form = page.getByRole('search', { name: 'Search the audit' });
  await form.getByLabel('Stream').fill('test-*');
  await form.getByLabel('Type').selectOption('TestBegun');
  await form.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/stream=test-/);
  await expect(page.locator('.event')).toHaveCount(2);
  await page.getByRole('link', { name: 'Ada' }).click();
  await expect(page.locator('.event').filter({ hasText: 'TestBegun' })).toHaveCount(1);
  await page.getByLabel('Details of TestBegun in test-1').click();
  await expect(page.locator('.event-data')).toContainText('<b>bold</b>');
  await expect(page.locator('.event-data')).toContainText(/sku\s*A-1/);
  await form.getByLabel('Person').fill('nobody like this');
  await form.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('heading', { name: 'No event matches' })).toBeVisible();
});

test('new events announce themselves and move nothing', async ({ launch, page }) => {
  const server = await audited(launch);
  await open(page, `${server.url}/audit?stream=test-*`);
  await page.getByLabel('Details of TestEnded in test-1').click();
  await server.sql(...event('test-3', 'TestBegun', 'Cleo'));
  await server.sql(...event('other-3', 'TestBegun', 'Cleo'));
  const newer = page.getByRole('link', { name: '1 new event' });
  await expect(newer).toBeVisible();
  await expect(page.locator('.event')).toHaveCount(3);
  await expect(page.locator('details[open]')).toHaveCount(1);
  await newer.click();
  await expect(page.locator('.event').first()).toContainText('Cleo');
});

test('an export shows how far it is, can be given up, and is a file in the end', async ({ launch, page }) => {
  const server = await audited(launch);
  await open(page, `${server.url}/audit?stream=test-*`);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export as CSV' }).click()]);
  expect(file.suggestedFilename()).toBe('audit.csv');
  const text = await readFile((await file.path())!, 'utf8');
  expect(text.split('\r\n')).toHaveLength(5);
  expect(text).toContain(`"'=1+1"`);
  await expect(page.getByText('3 events exported')).toBeVisible();

  await server.sql(`insert into rowcast.event (stream, version, type, schema, data, who_name)
    select 'bulk', g, 'Said', 1, jsonb_build_object('text', repeat('x', 6000)), 'Ada' from generate_series(1, 12000) g`);
  await open(page, `${server.url}/audit?stream=bulk`);
  const slow = await page.context().newCDPSession(page);
  await slow.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: 4_000_000, uploadThroughput: -1 });
  await page.getByRole('link', { name: 'Export as NDJSON' }).click();
  await expect(page.getByRole('progressbar', { name: 'Export' })).toBeVisible();
  await expect(page.getByText(/of 12,000/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('The export was given up')).toBeVisible();
  await expect(page.getByRole('progressbar')).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the search is a form and the export a link', async ({ launch, page }) => {
    const server = await audited(launch);
    await page.goto(`${server.url}/audit`);
    await page.getByLabel('Person').fill('Bob');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page.locator('.event')).toHaveCount(1);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export as NDJSON' }).click()]);
    const lines = (await readFile((await file.path())!, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).who_name)).toEqual(['Bob']);
  });
});

test('it is for administrators', async ({ page, complaints }) => {
  complaints.allow(/status of 403/);
  expect((await page.goto('/audit'))!.status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Audit' })).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe has nothing to say of the audit, ${colorScheme}`, { tag: '@phone' }, async ({ browser, launch, complaints }) => {
    const server = await audited(launch);
    const context = await browser.newContext({ colorScheme, baseURL: server.url });
    complaints.watch(context);
    const page = await context.newPage();
    await open(page, '/audit');
    await page.getByLabel('Details of TestBegun in test-1').click();
    await flawless(page, 'the audit');
    await context.close();
  });
}

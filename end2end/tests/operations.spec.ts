import type { Page } from '@playwright/test';
import { flawless } from '../support/flawless';
import { message, openAs } from '../support/orders';
import { expect, test, type Server } from '../support/test';

// Operations: an administrator sees who is connected, and reaches them.

test.describe.configure({ timeout: 180_000 });

const sessions = (page: Page) => page.getByRole('table', { name: 'Sessions' });
const line = (page: Page, name: string) => sessions(page).getByRole('row').filter({ hasText: name });

/** The page, once servers are heard. */
async function operations(page: Page, server: { url: string }): Promise<void> {
  await openAs(page, server, 'Ada Admin', '/operations');
  await expect(page.getByRole('heading', { level: 1, name: 'Operations' })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: /^Live: servers tell/ })).toBeVisible();
}

/** What the ledger has of what administrators did, the newest first. */
async function done(server: Server): Promise<{ type: string; who_name: string; data: Record<string, unknown> }[]> {
  return server.sql(`select type, who_name, data from rowcast.event where stream = 'operations' order by seq desc`);
}

test('who is connected is listed live, with what they ask about, and goes when they go', async ({ page, openPage, server }) => {
  await operations(page, server);
  await expect(line(page, 'Ada Admin')).toHaveCount(1);
  const other = await openPage();
  await openAs(other, server, 'Cleo Customer', '/orders');
  await expect(line(page, 'Cleo Customer')).toContainText('orders');
  await expect(line(page, 'Cleo Customer')).toContainText('127.0.0.1');
  await page.getByLabel('Person or address').fill('cleo');
  await expect(line(page, 'Ada Admin')).toHaveCount(0);
  await expect(line(page, 'Cleo Customer')).toHaveCount(1);
  await other.close();
  await expect(sessions(page).getByRole('row')).toHaveCount(1);
  await expect(page.getByText('No session is like that.')).toBeVisible();
});

test('a message reaches that one page, and everybody is reached together', async ({ page, openPage, server }) => {
  await operations(page, server);
  const [cleo, sam] = [await openPage(), await openPage()];
  await openAs(cleo, server, 'Cleo Customer', '/orders');
  await openAs(sam, server, 'Sam Staff', '/');
  await line(page, 'Cleo Customer').getByRole('link', { name: 'Message Cleo Customer' }).click();
  const dialog = page.getByRole('dialog', { name: 'Message to Cleo Customer' });
  await dialog.getByLabel('What to say').fill('Your order is ready. <b>Really.</b>');
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(message(page, /on its way/)).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(message(cleo, /Ada Admin.*Your order is ready. <b>Really.<\/b>/)).toBeVisible();

  const region = page.getByRole('region', { name: 'Say something to everybody' });
  await region.getByRole('textbox').fill('We restart at six.');
  await region.getByRole('button', { name: 'Send to all…' }).click();
  const question = page.getByRole('dialog', { name: 'Send this to everybody?' });
  await expect(question).toContainText('We restart at six.');
  await expect(question).toContainText(/3 sessions of 3 people/);
  await question.getByRole('button', { name: 'Send to all' }).click();
  for (const one of [page, cleo, sam]) await expect(message(one, /We restart at six/)).toBeVisible();
  await expect(region.getByRole('textbox')).toHaveValue('');
  await expect(message(sam, /order is ready/)).toHaveCount(0);

  const events = await done(server);
  expect(events.slice(0, 2).map(({ type, who_name }) => [type, who_name])).toEqual([['BroadcastSent', 'Ada Admin'], ['MessageSent', 'Ada Admin']]);
  expect(events[1]!.data).toMatchObject({ name: 'Cleo Customer', text: 'Your order is ready. <b>Really.</b>' });
});

test('who is disconnected comes back by itself, and who is signed out does not', async ({ page, openPage, server }) => {
  await operations(page, server);
  const cleo = await openPage();
  await openAs(cleo, server, 'Cleo Customer', '/orders');
  const closed = cleo.evaluate(() => new Promise((resolve) => new MutationObserver(() => document.querySelector('.badge')?.textContent?.includes('Live') || resolve(true)).observe(document.querySelector('.badge')!, { subtree: true, childList: true, characterData: true, attributes: true })));
  await line(page, 'Cleo Customer').getByRole('link', { name: 'Disconnect Cleo Customer' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await line(page, 'Cleo Customer').getByRole('link', { name: 'Disconnect Cleo Customer' }).click();
  await page.getByRole('dialog', { name: 'Disconnect Cleo Customer?' }).getByRole('button', { name: 'Disconnect' }).click();
  await expect(message(page, /was disconnected/)).toBeVisible();
  expect(await closed).toBe(true);
  await expect(cleo.getByRole('banner').getByText('Live', { exact: true })).toBeVisible();
  await expect(line(page, 'Cleo Customer')).toHaveCount(1);

  await line(page, 'Cleo Customer').getByRole('link', { name: 'Sign out Cleo Customer' }).click();
  await page.getByRole('dialog', { name: 'Sign Cleo Customer out?' }).getByRole('button', { name: 'Sign out' }).click();
  await expect(message(page, /Signed out in/)).toBeVisible();
  await expect(line(page, 'Cleo Customer')).toHaveCount(0);
  await cleo.goto(`${server.url}/account`);
  await expect(cleo).toHaveURL(/\/sign-in/);
  expect((await done(server)).slice(0, 2).map(({ type }) => type)).toEqual(['PersonSignedOut', 'SessionDisconnected']);
});

test('tables, the changelog and drawings tell what goes through', async ({ page, server }) => {
  await operations(page, server);
  const tables = page.getByRole('region', { name: 'Tables' });
  await expect(tables.getByRole('row').filter({ hasText: 'public.products' })).toContainText(/MB|kB/);
  await expect(page.getByRole('region', { name: 'Changelog' })).toContainText(/in use/);
  await server.sql('update products set quantity = quantity where id <= 50');
  const chart = page.getByRole('region', { name: 'Changes a second' });
  await chart.getByText('As a table').click();
  await expect(chart.getByRole('cell').filter({ hasText: /^[1-9]\d*(\.\d)? a second$/ }).first()).toBeVisible({ timeout: 15_000 });
});

test('it is for administrators', async ({ page, server, complaints }) => {
  complaints.allow(/status of 403/);
  await openAs(page, server, 'Sam Staff', '/');
  expect((await page.goto(`${server.url}/operations`))!.status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'This page is for administrators' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Operations' })).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('everything is a link or a form', async ({ page, openPage, launch }) => {
    const server = await launch({ settings: { anonymous: 'admin' } });
    const other = await openPage({ javaScriptEnabled: true });
    await other.goto(`${server.url}/`);
    await expect(other.getByRole('banner').getByText('Live', { exact: true })).toBeVisible({ timeout: 60_000 });
    await page.goto(`${server.url}/operations`);
    await expect(line(page, 'Somebody')).toHaveCount(1);
    await page.getByRole('link', { name: 'Message Somebody' }).click();
    await page.getByLabel('What to say').fill('Without a script.');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect(page.getByText('The message is on its way.')).toBeVisible();
    await expect(message(other, /Without a script/)).toBeVisible();
    await page.getByRole('region', { name: 'Say something to everybody' }).getByRole('textbox').fill('To all.');
    await page.getByRole('button', { name: 'Send to all…' }).click();
    await expect(page.getByText(/1 session of 0 people show it at once/)).toBeVisible();
    await page.getByRole('button', { name: 'Send to all', exact: true }).click();
    await expect(page.getByText('Sent to the one page that is open at this server.')).toBeVisible();
    await expect(message(other, /To all\./)).toBeVisible();
    await page.goto(`${server.url}/operations?ask=disconnect&node=x&session=1&name=Evil`);
    await expect(page.getByText('That session is not here any more')).toBeVisible();
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe has nothing to say of it, ${colorScheme}`, { tag: '@phone' }, async ({ openPage, server }) => {
    const page = await openPage({ colorScheme });
    await operations(page, server);
    await expect(line(page, 'Ada Admin')).toHaveCount(1);
    await flawless(page, 'the page');
    await line(page, 'Ada Admin').getByRole('link', { name: 'Message Ada Admin' }).click();
    await page.getByRole('dialog').getByLabel('What to say').fill('To myself.');
    await flawless(page, 'a question');
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await expect(message(page, /To myself/)).toBeVisible();
    await flawless(page, 'a message');
  });
}

test('no width needs scrolling sideways', async ({ page, server }) => {
  await operations(page, server);
  for (const width of [320, 390, 600, 721, 921, 1001, 1241, 1600, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
  }
});

import type { Page } from '@playwright/test';
import { UNREACHABLE, expect, test } from '../support/test';
import { Orders, accountOf, live, message, openAs } from '../support/orders';

// Whom something concerns is told, on all their devices, also if they were away.

const bell = (page: Page) => page.getByRole('banner').getByRole('link', { name: /^Notifications/ });

/** How many are unread. */
async function unread(page: Page): Promise<number> {
  return Number(/(\d+) unread/.exec((await bell(page).getAttribute('aria-label')) ?? '')?.[1] ?? 0);
}

test('a step is told to the customer at once, on both of their devices, and read on one is read on both', async ({ page, openPage, server, stock }) => {
  const { id: product } = await stock.one();
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer: await accountOf(server, 'customer') });
  const other = await openPage();
  await openAs(page, server, 'Cleo Customer', '/');
  await openAs(other, server, 'Cleo Customer', '/notifications');
  const before = await unread(page);
  await orders.step(order, 'pay');
  await expect(bell(page)).toHaveAccessibleName(`Notifications, ${before + 1} unread`);
  await expect(bell(other)).toHaveAccessibleName(`Notifications, ${before + 1} unread`);
  await expect(message(page, new RegExp(`${order}`))).toBeVisible();
  const item = other.getByRole('list', { name: 'Notifications' }).getByRole('listitem').first();
  await expect(item).toContainText(`${order}`);
  await item.getByRole('button', { name: /^Mark / }).click();
  await expect(item).not.toHaveClass(/unread/);
  await expect.poll(() => unread(page)).toBe(before);

  // From the message to the order, which is then read, too.
  await orders.step(order, 'pick');
  await expect(bell(page)).toHaveAccessibleName(`Notifications, ${before + 1} unread`);
  // Also from one that is not the newest.
  await orders.step(order, 'pack');
  await expect(bell(page)).toHaveAccessibleName(`Notifications, ${before + 2} unread`);
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Open' }).first().click();
  await expect(page).toHaveURL(`${server.url}/orders/${order}`);
});

test('nothing is lost while a device is offline', async ({ page, server, stock, wire, complaints }) => {
  complaints.allow(...UNREACHABLE);
  const { id: product } = await stock.one();
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer: await accountOf(server, 'customer') });
  await openAs(page, wire, 'Cleo Customer', '/notifications');
  const before = await unread(page);
  await wire.cut();
  await expect(page.getByRole('banner').getByRole('status').filter({ hasText: /^Offline since/ })).toBeVisible();
  await orders.step(order, 'pay');
  await orders.step(order, 'pick');
  await wire.restore();
  // Unless it has tried by itself.
  await page.getByRole('button', { name: 'Retry now' }).click({ timeout: 2_000 }).catch(() => {});
  await live(page);
  await expect.poll(() => unread(page)).toBe(before + 2);
  const items = page.getByRole('list', { name: 'Notifications' }).getByRole('listitem');
  await expect(items.nth(0)).toContainText(`${order}`);
  await expect(items.nth(1)).toContainText(`${order}`);
  await expect(message(page, new RegExp(`${order}`)).first(), 'told as new').toBeVisible();
});

test('staff are told of a new order and not of their own steps; all are read with one button', async ({ page, server, stock, sql }) => {
  const { id: product } = await stock.one();
  await openAs(page, server, 'Sam Staff', '/notifications');
  const before = await unread(page);
  const orders = new Orders(server);
  await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await expect.poll(() => unread(page)).toBe(before + 1);
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(page)).toHaveAccessibleName('Notifications');
  await expect(page.getByText('All read')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Mark all as read' })).toBeHidden();
  const account = await accountOf(server, 'staff');
  await expect.poll(() => sql('select count(*)::int from notifications where account = $1 and read_at is null', [account])).toEqual([{ count: 0 }]);
});

test('what cannot be marked is unread again, and says so', async ({ page, server, stock, complaints }) => {
  complaints.allow(/net::ERR_FAILED/);
  const { id: product } = await stock.one();
  const orders = new Orders(server);
  await openAs(page, server, 'Sam Staff', '/notifications');
  await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  const item = page.getByRole('list', { name: 'Notifications' }).getByRole('listitem').first();
  await expect(item).toContainText(stock.tag);
  await page.route(/notifications\/mark-read/, (route) => route.abort());
  await item.getByRole('button', { name: /^Mark / }).click();
  await expect(message(page, 'This may not have been marked as read.')).toBeVisible();
  await expect(item).toHaveClass(/unread/);
});

test('who is nobody in particular has no bell, and is told why the page is empty', async ({ page }) => {
  await page.goto('/notifications');
  await live(page);
  await expect(bell(page)).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('one and all are marked as read with plain forms', { tag: '@phone' }, async ({ page, server, stock }) => {
    const { id: product } = await stock.one();
    const orders = new Orders(server);
    for (let n = 0; n < 2; n += 1) await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
    await page.goto(`${server.url}/sign-in?next=/notifications`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    const before = await unread(page);
    expect(before).toBeGreaterThanOrEqual(2);
    await page.getByRole('listitem').first().getByRole('button', { name: /^Mark / }).click();
    await expect(page).toHaveURL(/\/notifications$/);
    expect(await unread(page)).toBe(before - 1);
    await page.getByRole('button', { name: 'Mark all as read' }).click();
    await expect(page.getByText('All read')).toBeVisible();
    expect(await unread(page)).toBe(0);
  });
});

import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { Orders, live, openAs } from '../support/orders';

// The shop's figures: live totals and windows, charts that are tables as well, a display for the wall.

test.describe.configure({ timeout: 120_000 });

const figure = (page: Page, label: string): Locator => page.locator('.figure').filter({ has: page.getByText(label, { exact: true }) }).locator('dd');
const panel = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });

/** A figure as a number. */
async function read(of: Locator): Promise<number> {
  return Number((await of.innerText()).replace(/[^0-9]/g, ''));
}

test('figures follow orders and stock as they happen, and are those of the database', async ({ page, server, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 1_000 });
  await page.goto('/dashboard?range=hour');
  await live(page);
  const total = async (): Promise<number> => Number((await sql<{ value: string }>('select trunc(sum(quantity * price)) as value from products'))[0]!.value);
  await expect.poll(() => read(figure(page, 'Stock value'))).toBe(await total());
  const open = await read(figure(page, 'Open orders'));
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: id, quantity: 700 }], customer_name: stock.tag });
  await expect.poll(() => read(figure(page, 'Open orders'))).toBe(open + 1);
  await expect.poll(() => read(figure(page, 'Stock value'))).toBe(await total());
  await expect(panel(page, 'Activity').getByRole('link', { name: `Order ${order}` })).toBeVisible();
  await expect(panel(page, 'Most ordered').getByRole('listitem').filter({ hasText: name })).toContainText('700');
  const [sold] = await sql<{ count: string; total: string }>(`select count(*), sum(total) as total from orders where placed_at >= date_trunc('minute', now()) - interval '59 min' and state not in ('cancelled', 'returned')`);
  await expect.poll(() => read(panel(page, 'Orders').locator('.chart-total'))).toBe(Number(sold!.count));
  await expect.poll(() => read(panel(page, 'Revenue').locator('.chart-total'))).toBe(Math.trunc(Number(sold!.total)));
  await orders.step(order, 'cancel', { note: 'a test' });
  await expect.poll(() => read(figure(page, 'Open orders'))).toBe(open);
  await expect.poll(() => read(panel(page, 'Orders').locator('.chart-total'))).toBe(Number(sold!.count) - 1);
});

test('what becomes scarce is told of, the scarcest first, and leads to it', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50, reorder_level: 10 });
  await page.goto('/dashboard');
  await live(page);
  const before = await read(figure(page, 'To reorder'));
  await sql('update products set quantity = 0 where id = $1', [id]);
  await expect.poll(() => read(figure(page, 'To reorder'))).toBe(before + 1);
  await sql('update products set quantity = 60 where id = $1', [id]);
  await expect.poll(() => read(figure(page, 'To reorder'))).toBe(before);
  await expect(panel(page, 'Low stock').getByRole('link', { name })).toHaveCount(0);
  await figure(page, 'To reorder').getByRole('link').click();
  await expect(page).toHaveURL(/\?low=1$/);
});

test('a chart can be read as a table, for each time that is looked at', async ({ page, server, stock }) => {
  const { id } = await stock.one({ quantity: 10 });
  await new Orders(server).place({ lines: [{ product_id: id, quantity: 1 }], customer_name: stock.tag });
  await page.goto('/dashboard');
  await live(page);
  for (const [label, steps] of [['Last hour', 60], ['Last 30 days', 30], ['Last 24 hours', 24]] as const) {
    await page.getByRole('link', { name: label }).click();
    await expect(page.getByRole('link', { name: label })).toHaveAttribute('aria-current', 'true');
    const orders = panel(page, 'Orders');
    await expect(orders.locator('rect')).toHaveCount(steps);
    await orders.getByText('As a table').click();
    await expect(orders.getByRole('row')).toHaveCount(steps + 1);
    await expect(orders.getByRole('row').nth(1).getByRole('cell')).not.toHaveText('0');
    await expect(orders.getByRole('img')).toHaveAttribute('aria-label', /^Orders: [0-9,]+, most at /);
  }
});

test('colleagues are counted while they have a page open, each once', async ({ page, browser, server }) => {
  await openAs(page, server, 'Sam Staff', '/dashboard');
  const count = (): Promise<number> => read(figure(page, 'Colleagues online'));
  // Pages of tests before may be thought to come back.
  await expect.poll(count, { timeout: 30_000 }).toBe(1);
  const other = await browser.newContext();
  const [first, second] = [await other.newPage(), await other.newPage()];
  await openAs(first, server, 'Ada Admin', '/orders');
  await openAs(second, server, 'Ada Admin', '/');
  await expect.poll(count).toBe(2);
  await other.close();
  await expect.poll(count, { timeout: 30_000 }).toBe(1);
});

test('a state leads to its column of the board', async ({ page }) => {
  await page.goto('/dashboard');
  await live(page);
  await panel(page, 'Orders by state').getByRole('link', { name: 'Returned' }).click();
  await expect(page).toHaveURL(/\/orders\?state=returned$/);
  await expect(page.getByRole('region', { name: 'Returned', exact: true })).toBeVisible();
});

test('customers are told that it is not for them', async ({ page, server, complaints }) => {
  complaints.allow(/status of 403/);
  await openAs(page, server, 'Cleo Customer', '/');
  const answer = await page.goto(`${server.url}/dashboard`);
  expect(answer!.status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'This page is not for you' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Dashboard' })).toHaveCount(0);
});

test('on a wall there is nothing but figures', async ({ page }) => {
  await page.goto('/dashboard?range=month');
  await live(page);
  await page.getByRole('link', { name: 'Wall display' }).click();
  await expect(page).toHaveURL(/range=month&wall=1/);
  await expect(page.getByRole('banner')).toBeHidden();
  await page.getByRole('link', { name: 'Leave the wall display' }).click();
  await expect(page.getByRole('banner')).toBeVisible();
});

for (const theme of ['light', 'dark'] as const) {
  test(`no violation of accessibility in ${theme}, no sideways scrolling on a phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    for (const width of [1_280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto('/dashboard');
      await live(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
    }
  });
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the figures are there', async ({ page }) => {
    await page.goto('/dashboard?range=month');
    expect(await read(figure(page, 'Stock value'))).toBeGreaterThan(0);
    await expect(panel(page, 'Orders').locator('rect')).toHaveCount(30);
    await expect(panel(page, 'Activity').getByRole('listitem')).toHaveCount(12);
    await page.getByRole('link', { name: 'Last hour' }).click();
    await expect(panel(page, 'Orders').locator('rect')).toHaveCount(60);
  });
});

import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { Orders, live, openAs } from '../support/orders';

// An order's past: a slider over its versions, what had changed and who did it, two versions compared, and forward until it is live.

const past = (page: Page): Locator => page.getByRole('region', { name: 'The order’s past' });
const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Version' });

/** An order that was placed, paid and picked. */
async function picked(orders: Orders, stock: { one(): Promise<{ id: number }>; tag: string }): Promise<number> {
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 2 }], customer_name: stock.tag });
  await orders.step(order, 'pay');
  await orders.step(order, 'pick');
  return order;
}

test('the slider shows each version and what had changed, also while the order moves on, and plays until it is live', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const order = await picked(orders, stock);
  await page.goto(`/orders/${order}`);
  await live(page);
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'Now, live');
  await slider(page).press('ArrowLeft');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^Version 3 of 3: Picked, /);
  await slider(page).press('ArrowLeft');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^Version 2 of 3: Paid, /);
  await expect(past(page).getByRole('definition')).toHaveText('Placed → Paid');
  await slider(page).press('Home');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^Version 1 of 3: Placed, /);
  await expect(past(page).getByRole('definition').filter({ hasText: stock.tag }).first(), 'what it began with').toBeVisible();

  // It moves on meanwhile: whoever looks at the past stays there.
  await orders.step(order, 'pack');
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /^Version 1 of 4: Placed, /);
  await expect(page.getByRole('list', { name: 'Progress' }).locator('[aria-current=step]'), 'which is of now').toHaveText('Packed');
  await past(page).getByRole('combobox', { name: 'Speed' }).selectOption('fast');
  await past(page).getByRole('button', { name: 'Play' }).click();
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'Now, live');
  await expect(past(page).getByRole('button', { name: 'Play' }), 'there is no more to play').toBeDisabled();
  await expect(past(page)).toContainText('Packed');
});

test('whoever sees less of an order from now on is not shown its past any more', async ({ page, server, stock, sql }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await openAs(page, server, 'Sam Staff', `/orders/${order}`);
  await live(page);
  await expect(slider(page)).toBeVisible();
  try {
    await sql(`select rowcast."grant"('public.order_lines', 'staff', null, 'quantity > 1')`);
    await expect(page.getByText('The ledger has nothing about this order.')).toBeVisible();
    await expect(slider(page)).toBeHidden();
  } finally {
    await sql(`select rowcast."grant"('public.order_lines', 'staff')`);
  }
  await expect(slider(page)).toBeVisible();
});

test('two versions are compared', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const order = await picked(orders, stock);
  await orders.step(order, 'pack');
  await orders.step(order, 'ship', { carrier: 'Post', tracking: '0034 0434' });
  await page.goto(`/orders/${order}`);
  await live(page);
  await past(page).getByText('Compare two versions').click();
  const changes = past(page).locator('.order-compare').getByRole('definition');
  await past(page).getByRole('combobox', { name: 'From' }).selectOption({ label: '2: Paid' });
  await expect(changes).toHaveText(['Paid → Shipped', 'Post', '0034 0434']);
  await past(page).getByRole('combobox', { name: 'To' }).selectOption({ label: '2: Paid' });
  await expect(past(page).getByText('Nothing differs between them.')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('links lead through the versions', async ({ page, server, stock }) => {
    const order = await picked(new Orders(server), stock);
    await page.goto(`/orders/${order}?version=1`);
    await expect(past(page)).toContainText('Placed');
    await expect(past(page).getByRole('link', { name: 'Earlier version' })).toHaveCount(0);
    await past(page).getByRole('link', { name: 'Later version' }).click();
    await expect(page).toHaveURL(/version=2$/);
    await expect(past(page).getByRole('definition')).toHaveText('Placed → Paid');
  });
});

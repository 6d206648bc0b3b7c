import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';
import { Board, Orders, accountOf, live, message, openAs } from '../support/orders';

// A customer orders, and sees the order move.

test('a customer sees their order move without reloading, while staff move it', async ({ page, openPage, server, stock }) => {
  const { name } = await stock.one({ quantity: 10, price: 12.5 });
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  await page.getByRole('button', { name: `One more of ${name}` }).click();
  const form = page.getByRole('region', { name: 'Your order' });
  await expect(form).toContainText('25.00 €');
  await form.getByLabel('Note').fill('At the back door');
  await form.getByRole('button', { name: 'Place the order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  const order = Number(page.url().split('/').at(-1));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Order ${order}`);
  await expect(page.locator('.order-note').getByText('At the back door')).toBeVisible();
  const progress = page.getByRole('list', { name: 'Progress' });
  await expect(progress.locator('[aria-current=step]')).toHaveText('Placed');
  await expect(page.getByRole('button', { name: 'Mark as picked' }), 'nothing that only staff may do').toHaveCount(0);

  const staff = await openPage();
  await openAs(staff, server, 'Sam Staff', `/orders?q=${order}`);
  const board = new Board(staff);
  await page.getByRole('button', { name: 'Pay now' }).click();
  await expect(progress.locator('[aria-current=step]')).toHaveText('Paid');
  await expect(board.in('Paid', order)).toBeVisible();
  await board.advance(order).click();
  await expect(progress.locator('[aria-current=step]')).toHaveText('Picked');
  const timeline = page.getByRole('region', { name: 'What has become of it' }).getByRole('listitem');
  await expect(timeline).toHaveCount(3);
  await expect(timeline.first()).toContainText('Picked by Sam Staff');
  await expect(timeline.last()).toContainText('Placed by you');
  await expect(timeline.first().locator('time'), 'the exact time on hover').toHaveAttribute('title', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  await expect(page.getByRole('button', { name: 'Cancel the order' }), 'too late for the customer').toHaveCount(0);

  // Shipping has words of its own; they reach the customer.
  await staff.goto(`${server.url}/orders/${order}`);
  await live(staff);
  await staff.getByRole('button', { name: 'Mark as packed' }).click();
  await staff.getByText('Mark as shipped…').click();
  const parcel = staff.getByRole('form', { name: 'Mark as shipped' });
  await parcel.getByLabel('Parcel’s number').fill('0034 0434');
  await parcel.getByRole('button', { name: 'Mark as shipped' }).click();
  await expect(progress.locator('[aria-current=step]')).toHaveText('Shipped');
  await expect(timeline.first()).toContainText('0034 0434');
});

test('a customer cancels with a reason, and the pieces are back', async ({ page, server, stock, sql }) => {
  const product = await stock.one({ quantity: 10 });
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: product.id, quantity: 4 }], customer: await accountOf(server, 'customer') });
  await openAs(page, server, 'Cleo Customer', `/orders/${order}`);
  await page.getByText('Cancel the order…').click();
  const form = page.getByRole('form', { name: 'Cancel the order' });
  await form.getByLabel('Reason').fill('Found it cheaper');
  await form.getByRole('button', { name: 'Cancel the order' }).click();
  await expect(page.getByRole('list', { name: 'Progress' }).locator('[aria-current=step]')).toHaveText('Cancelled');
  await expect(page.getByRole('region', { name: 'What has become of it' })).toContainText('Found it cheaper');
  expect(await sql('select quantity from products where id = $1', [product.id])).toEqual([{ quantity: 10 }]);
});

test('a step that is refused is taken back, and the reason is told', async ({ page, server, stock, wire }) => {
  const { id: product } = await stock.one();
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await page.goto(`${wire.url}/orders/${order}`);
  await live(page);
  const now = page.getByRole('list', { name: 'Progress' }).locator('[aria-current=step]');
  wire.stall();
  await page.getByRole('button', { name: 'Mark as paid' }).click();
  await expect(now).toHaveText('Paid');
  await orders.step(order, 'cancel', { note: 'too late' });
  await wire.restore();
  await expect(message(page, `Order ${order} was not paid. Meanwhile it has become cancelled.`)).toBeVisible();
  await expect(now).toHaveText('Cancelled');
});

test('what runs out while somebody looks says so at once', async ({ page, server, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 10 });
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
  await pieces.fill('8');
  await sql('update products set quantity = 3 where id = $1', [id]);
  await expect(pieces).toHaveAccessibleDescription('Only 3 left.');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(pieces).toBeFocused();
  await sql('update products set quantity = 0 where id = $1', [id]);
  await expect(pieces).toHaveAccessibleDescription(/^Sold out\./);
  await expect(page.getByRole('button', { name: `Add ${name}` })).toBeDisabled();
  await sql('update products set quantity = 20 where id = $1', [id]);
  await expect(pieces).not.toHaveAttribute('aria-invalid');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 12 }]);
});

test('what was chosen stays chosen when something else is looked for, or when it is gone', async ({ page, server, stock, sql }) => {
  const [one, other] = [await stock.one({ quantity: 5, price: 2 }), await stock.one({ quantity: 5, price: 3 })];
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  const form = page.getByRole('region', { name: 'Your order' });
  const search = page.getByRole('searchbox');
  for (const { name } of [one, other]) {
    await search.fill(name);
    await expect(page.getByRole('list', { name: 'Products found' }).getByRole('listitem')).toHaveCount(1);
    await page.getByRole('button', { name: `Add ${name}` }).click();
  }
  await page.getByRole('button', { name: `One more of ${one.name}` }).click();
  await expect(form.locator('.order-total')).toContainText('7.00 €');
  await sql('delete from products where id = $1', [other.id]);
  await expect(form.getByText('This product is not there any more. Take it out.')).toBeVisible();
  await expect(form.locator('.order-total')).toContainText('4.00 €');
});

test('a double click, and a form that is sent again without an answer, place one order', async ({ page, stock, sql, wire, complaints }) => {
  complaints.allow(/WebSocket connection to .* failed/, /net::ERR_/);
  const { id, name } = await stock.one({ quantity: 10 });
  await openAs(page, wire, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const button = page.getByRole('button', { name: /^Plac/ });
  // The order reaches the server; the answer does not come back.
  const sent = page.waitForRequest(/order-forms\/place/);
  let placed = false;
  await page.route(/order-forms\/place/, async (route) => {
    if (!placed) await route.fetch();
    placed = true;
    await route.abort();
  }, { times: 1 });
  await button.dblclick();
  await sent;
  await expect(page.getByRole('alert').filter({ hasText: 'The order may not have been placed. The server did not answer.' })).toBeVisible();
  await button.click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  expect(await sql('select count(*)::int from order_lines where product_id = $1', [id])).toEqual([{ count: 1 }]);
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 9 }]);
});

/** What is sent next reaches the server; the answer does not come back. */
async function loseAnswer(page: Page): Promise<void> {
  await page.route(/order-forms\//, async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
}

test('after a lost answer the same order is sent again, although it has taken the last pieces itself', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const { id, name } = await stock.one({ quantity: 2 });
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
  await pieces.fill('2');
  await loseAnswer(page);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The order may not have been placed. The server did not answer. Send it again as it is: it will be placed once.' })).toBeVisible();
  await expect(page.getByRole('button', { name: `Add ${name}` }), 'sold out').toBeDisabled();
  await expect(pieces, 'and nothing stands in the way').not.toHaveAttribute('aria-invalid');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  expect(await sql('select count(*)::int from order_lines where product_id = $1', [id])).toEqual([{ count: 1 }]);
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 0 }]);
});

/** What is sent next is answered with this refusal, before anybody has looked at its key. */
async function refuse(page: Page, code: string): Promise<void> {
  await page.route(/order-forms\//, (route) => route.fulfill({ json: { Err: { code, message: 'Nothing was changed' } } }), { times: 1 });
}

test('what may have been placed still may after an answer that does not tell, and is sent again until one does', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const { id, name } = await stock.one({ quantity: 2 });
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
  await pieces.fill('2');
  const place = page.getByRole('button', { name: 'Place the order' });
  const told = page.getByRole('region', { name: 'Your order' }).getByRole('alert').last();
  await loseAnswer(page);
  await place.click();
  await expect(told).toContainText('The order may not have been placed. The server did not answer.');
  await expect(page.getByRole('button', { name: `Add ${name}` }), 'sold out').toBeDisabled();
  for (const code of ['unavailable', 'signed_out']) {
    await refuse(page, code);
    const answered = page.waitForResponse(/order-forms\/place/);
    await place.click();
    await answered;
    await expect(told, code).toContainText(/^The order may not have been placed\. (?!The server did not answer).* Send it again as it is: it will be placed once\.$/);
    await expect(pieces, code).not.toHaveAttribute('aria-invalid');
  }
  await place.click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  expect(await sql('select count(*)::int from order_lines where product_id = $1', [id])).toEqual([{ count: 1 }]);
});

test('an answer that was decided under its key tells that the first was not placed', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const { id, name } = await stock.one({ quantity: 2 });
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
  const told = page.getByRole('region', { name: 'Your order' }).getByRole('alert').last();
  await pieces.fill('2');
  await page.route(/order-forms\//, (route) => route.abort(), { times: 1 });
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(told).toContainText('The order may not have been placed. The server did not answer.');
  await sql('update products set quantity = 1 where id = $1', [id]);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(told).toContainText('The order was not placed.');
  await expect(pieces, 'judged by the stock again').toHaveAccessibleDescription('Only 1 left.');
});

test('a step that may have been done still may after an answer that does not tell', async ({ page, server, stock, complaints }) => {
  complaints.allow(/net::ERR_/);
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  const board = new Board(page);
  for (const [address, pay] of [[`/orders/${order}`, page.getByRole('button', { name: 'Mark as paid' })], [`/orders?q=${order}`, board.advance(order)]] as const) {
    await page.goto(address);
    await live(page);
    await refuse(page, 'unavailable');
    await pay.click();
    await expect(message(page, `Order ${order} was not paid. The database does not answer`), 'at first').toBeVisible();
    await page.route(/order-forms\//, (route) => route.abort(), { times: 1 });
    await pay.click();
    await expect(message(page, `Order ${order} may not have been paid. The server did not answer.`)).toBeVisible();
    await refuse(page, 'unavailable');
    await pay.click();
    await expect(message(page, `Order ${order} may not have been paid. The database does not answer`)).toBeVisible();
  }
  await board.advance(order).click();
  await expect.poll(() => orders.state(order)).toBe('paid');
});

test('after a lost answer something else is not placed before it has been said that the first was', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const { id, name } = await stock.one({ quantity: 10 });
  const placed = () => sql('select quantity from order_lines where product_id = $1 order by order_id', [id]);
  await openAs(page, server, 'Cleo Customer', '/orders/new');
  await page.getByRole('searchbox').fill(stock.tag);
  await page.getByRole('button', { name: `Add ${name}` }).click();
  const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
  await loseAnswer(page);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The order may not have been placed.' })).toBeVisible();
  await pieces.fill('20');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(pieces, 'another order is judged by the stock again').toBeFocused();
  await pieces.fill('3');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The order was not placed. It was sent before, with something else in it, and that was done' })).toBeVisible();
  expect(await placed()).toEqual([{ quantity: 1 }]);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  expect(await placed()).toEqual([{ quantity: 1 }, { quantity: 3 }]);
});

test('after a step the focus is where the next one can be done, which may be sent before the first is answered', async ({ page, server, stock, wire }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await page.goto(`${wire.url}/orders/${order}`);
  await live(page);
  const now = page.getByRole('list', { name: 'Progress' }).locator('[aria-current=step]');
  const possible = page.getByRole('group', { name: 'What can be done now' });
  await page.getByRole('button', { name: 'Mark as paid' }).focus();
  await page.keyboard.press('Enter');
  await expect(now).toHaveText('Paid');
  await expect(possible, 'one key does one thing').toBeFocused();
  await expect.poll(() => orders.state(order)).toBe('paid');

  wire.stall();
  for (const state of ['Picked', 'Packed']) {
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: `Mark as ${state.toLowerCase()}` })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(now).toHaveText(state);
    await expect(possible).toBeFocused();
  }
  await wire.restore();
  await expect.poll(() => orders.state(order)).toBe('packed');
  await expect(message(page, /was not/)).toHaveCount(0);

  await page.getByText('Cancel the order…').click();
  await page.getByLabel('Reason').fill('Damp');
  await page.keyboard.press('Enter');
  await expect(now).toHaveText('Cancelled');
  await expect(page.getByRole('heading', { level: 1 }), 'nothing can be done any more').toBeFocused();
});

test('what was asked for on top of a step that is refused is not done either', async ({ page, server, stock, wire }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await page.goto(`${wire.url}/orders/${order}`);
  await live(page);
  const now = page.getByRole('list', { name: 'Progress' }).locator('[aria-current=step]');
  wire.stall();
  await page.getByRole('button', { name: 'Mark as paid' }).click();
  await page.getByRole('button', { name: 'Mark as picked' }).click();
  await expect(now).toHaveText('Picked');
  await orders.step(order, 'pay');
  await wire.restore();
  await expect(message(page, `Order ${order} was not paid. Meanwhile it has become paid.`)).toBeVisible();
  await expect(message(page, `Order ${order} was not picked. What should have been done before was not confirmed.`)).toBeVisible();
  await expect(now).toHaveText('Paid');
  expect(await orders.state(order)).toBe('paid');
});

test('rows that are not for whoever looks are said to be missing, in their place', async ({ page, launch, openPage, complaints }) => {
  complaints.allow(/status of 503/);
  const server = await launch();
  const orders = new Orders(server);
  const [product] = await server.sql<{ id: string }>('select id from products where quantity > 10 order by id limit 1');
  const order = await orders.place({ lines: [{ product_id: Number(product!.id), quantity: 1 }], customer_name: 'Missing' });
  const [board, form] = [await openPage({ baseURL: server.url }), await openPage({ baseURL: server.url })];
  for (const [of, address] of [[page, `${server.url}/orders/${order}`], [board, '/orders'], [form, '/orders/new']] as const) {
    await of.goto(address);
    await live(of);
  }
  for (const table of ['order_lines', 'order_steps', 'products']) await server.command('revoke', table, '--role', 'staff');
  const missing = async () => {
    await expect(page.getByRole('region', { name: 'What was ordered' }).getByRole('alert')).toHaveText('The lines of this order cannot be shown to you.');
    await expect(page.getByRole('region', { name: 'What has become of it' }).getByRole('alert')).toHaveText('The steps of this order cannot be shown to you.');
    await expect(form.getByRole('region', { name: 'Products' }).getByRole('alert')).toHaveText('The products cannot be shown to you.');
  };
  await missing();
  await page.reload();
  await form.reload();
  await missing();

  await server.command('revoke', 'orders', '--role', 'staff');
  const placed = new Board(board).column('Placed');
  for (const visit of ['as it happens', 'anew']) {
    if (visit === 'anew') await board.reload();
    await expect(placed.getByText('These orders cannot be shown to you.'), visit).toBeVisible();
    await expect(placed.getByText('None'), visit).toBeHidden();
    for (const count of [placed.locator('.column-count'), board.locator('.tab-count').first()]) await expect(count, visit).toHaveText('–');
  }
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
  expect((await page.request.get(`${server.url}/orders/${order}`)).status(), 'there is no such order for whoever may see none').toBe(404);
});

test('“Your orders” are one’s own, and so is the page of an order, whatever else one may see', async ({ page, launch, complaints }) => {
  complaints.allow(/status of 404/);
  const server = await launch();
  const orders = new Orders(server);
  const [product] = await server.sql<{ id: string }>('select id from products where quantity > 10 order by id limit 1');
  const lines = [{ product_id: Number(product!.id), quantity: 1 }];
  const customer = await accountOf(server, 'customer');
  await server.command('grant', 'orders', '--role', 'customer');
  const foreign = await orders.place({ lines, customer_name: 'Somebody else' });
  await openAs(page, server, 'Cleo Customer', '/orders');
  const list = page.getByRole('list', { name: 'Your orders' });
  const [{ count } = { count: 0 }] = await server.sql<{ count: number }>('select count(*)::int from orders where customer = $1', [customer]);
  await expect(page.locator('.heading .count'), 'of one’s own').toHaveText(count === 0 ? '' : count === 1 ? '1 order' : `${count} orders`);
  const later = await orders.place({ lines, customer_name: 'Somebody else' });
  const own = await orders.place({ lines, customer });
  await expect(list.getByRole('listitem').first()).toContainText(`Order ${own}`);
  for (const order of [foreign, later]) await expect(list.getByRole('link', { name: `Order ${order}` })).toHaveCount(0);
  expect((await page.goto(`${server.url}/orders/${foreign}`))!.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
  expect((await page.goto(`${server.url}/orders/${own}`))!.status()).toBe(200);
});

test('a customer’s list is live, newest first, and shows more on demand', async ({ page, server, stock }) => {
  const { id: product } = await stock.one({ quantity: 1_000 });
  const orders = new Orders(server);
  const customer = await accountOf(server, 'customer');
  const lines = [{ product_id: product, quantity: 1 }];
  for (let n = 0; n < 21; n += 1) await orders.place({ lines, customer });
  await openAs(page, server, 'Cleo Customer', '/orders');
  const list = page.getByRole('list', { name: 'Your orders' });
  await expect(list.getByRole('listitem')).toHaveCount(20);
  const newest = await orders.place({ lines, customer });
  await expect(list.getByRole('listitem').first()).toContainText(`Order ${newest}`);
  await expect(list.getByRole('img', { name: 'Placed, step 1 of 6' }).first()).toBeVisible();
  await orders.step(newest, 'pay');
  await expect(list.getByRole('listitem').first().getByRole('img', { name: 'Paid, step 2 of 6' })).toBeVisible();
  await page.getByRole('link', { name: /^Show older ones/ }).click();
  await expect(list.getByRole('listitem').nth(22)).toBeVisible();
});

test('an order of somebody else, and none at all, are a real 404', { tag: '@phone' }, async ({ page, server, stock, complaints }) => {
  complaints.allow(/status of 404/);
  const { id: product } = await stock.one();
  const orders = new Orders(server);
  const foreign = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  await openAs(page, server, 'Cleo Customer', '/orders');
  for (const address of [`/orders/${foreign}`, '/orders/999999', '/orders/0', '/orders/-1', '/orders/007', '/orders/x']) {
    expect((await page.goto(address))!.status(), address).toBe(404);
    await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
  }
});

test('who has ordered nothing yet is led to ordering', async ({ page, server }) => {
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill('New Here');
  await page.getByLabel('E-mail address').fill(`new-${Date.now()}@example.org`);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('banner').getByRole('link', { name: 'New Here' })).toBeVisible();
  await page.goto(`${server.url}/orders`);
  await expect(page.getByRole('heading', { name: 'You have not ordered anything yet' })).toBeVisible();
  await live(page);
  await page.getByRole('link', { name: 'Place an order' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New order' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('an order is searched for, placed, paid and cancelled with plain forms', { tag: '@phone' }, async ({ page, server, stock, sql, complaints }) => {
    complaints.allow(/status of 4(09|22)/);
    const [one, two] = [await stock.one({ quantity: 5, name: `${stock.tag} first` }), await stock.one({ quantity: 5, name: `${stock.tag} second` })];
    await page.goto(`${server.url}/sign-in?next=/orders/new`);
    await page.getByRole('button', { name: 'Sign in as Cleo Customer' }).click();
    const search = async (words: string) => {
      await page.getByRole('searchbox').fill(words);
      await page.getByRole('button', { name: 'Search' }).click();
    };
    await search(one.name);
    await page.getByRole('textbox', { name: `Pieces of ${one.name}` }).fill('2');
    await page.getByLabel('Note').fill('Ring <b>twice</b>');
    await search(two.name);
    await expect(page.getByRole('textbox', { name: `Pieces of ${one.name}` }), 'what was chosen goes along').toHaveValue('2');
    await page.getByRole('textbox', { name: `Pieces of ${two.name}` }).fill('9');
    await page.getByRole('button', { name: 'Place the order' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'No order was placed.' })).toBeVisible();
    const pieces = page.getByRole('textbox', { name: `Pieces of ${two.name}` });
    await expect(pieces).toHaveAccessibleDescription('Only 5 left.');
    await pieces.fill('1');
    await page.getByRole('button', { name: 'Place the order' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'The order is placed.' })).toBeVisible();
    await expect(page).toHaveURL(/\/orders\/\d+\?notice=/);
    await expect(page.locator('.order-note').getByText('Ring <b>twice</b>')).toBeVisible();
    expect(await sql('select quantity from products where id in ($1, $2) order by id', [one.id, two.id])).toEqual([{ quantity: 3 }, { quantity: 4 }]);

    // The same form again, by the way back, is the same order.
    const order = Number(new URL(page.url()).pathname.split('/').at(-1));
    await page.goBack();
    await page.getByRole('textbox', { name: `Pieces of ${two.name}` }).fill('1');
    await page.getByRole('button', { name: 'Place the order' }).click();
    await expect(page).toHaveURL(new RegExp(`/orders/${order}\\?`));

    await page.getByRole('button', { name: 'Pay now' }).click();
    await expect(page.getByRole('status').filter({ hasText: `Order ${order} is paid now.` })).toBeVisible();
    await page.getByText('Cancel the order…').click();
    await page.getByLabel('Reason').fill('Not needed');
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await expect(page.getByRole('status').filter({ hasText: `Order ${order} is cancelled now.` })).toBeVisible();
    await expect(page.getByRole('region', { name: 'What has become of it' })).toContainText('Not needed');
    await page.getByRole('link', { name: 'Dismiss' }).click();
    await expect(page).toHaveURL(new RegExp(`/orders/${order}$`));
  });

  test('a form that is sent again with something else in it says so, and can be sent as another order', async ({ page, server, stock, sql, complaints }) => {
    complaints.allow(/status of 422/);
    const { id, name } = await stock.one({ quantity: 10 });
    await page.goto(`${server.url}/sign-in?next=/orders/new`);
    await page.getByRole('button', { name: 'Sign in as Cleo Customer' }).click();
    await page.getByRole('searchbox').fill(stock.tag);
    await page.getByRole('button', { name: 'Search' }).click();
    const pieces = page.getByRole('textbox', { name: `Pieces of ${name}` });
    const place = page.getByRole('button', { name: 'Place the order' });
    await pieces.fill('1');
    await place.click();
    await expect(page).toHaveURL(/\/orders\/\d+\?notice=/);
    const first = new URL(page.url()).pathname;
    await page.goBack();
    await pieces.fill('2');
    await place.click();
    await expect(page.getByRole('alert').filter({ hasText: 'This form was sent before, with something else in it' })).toBeVisible();
    await expect(pieces).toHaveValue('2');
    await place.click();
    await expect(page.getByRole('status').filter({ hasText: 'The order is placed.' })).toBeVisible();
    expect(new URL(page.url()).pathname).not.toBe(first);
    expect(await sql('select quantity from order_lines where product_id = $1 order by order_id', [id])).toEqual([{ quantity: 1 }, { quantity: 2 }]);
  });
});

import { devices } from '@playwright/test';
import { expect, test } from '../support/test';
import { Board, Orders, live, message } from '../support/orders';

// All orders by state, moved by hand, by keys, by a button, and without JavaScript.

test('a drag moves an order at once, for everybody who looks, and the totals follow', async ({ page, openPage, server, stock, wire }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one({ price: 10 });
  const order = await orders.place({ lines: [{ product_id: product, quantity: 3 }], customer_name: stock.tag });
  const other = await Board.open(await openPage(), stock.tag);
  const board = await Board.open(page, stock.tag, wire.url);
  await expect(board.column('Placed')).toContainText('30.00 €');

  await board.drag(order, board.column('Paid'));
  await expect(board.column('Paid'), 'it may go here').toHaveClass(/open/);
  await expect(board.column('Packed'), 'and not here').toHaveClass(/closed/);
  wire.stall();
  await board.release();
  await expect(board.in('Paid', order), 'before the server has answered').toBeVisible();
  await expect(board.column('Placed').getByText('None')).toBeVisible();
  await expect(board.column('Placed')).toContainText('0.00 €');
  expect(await orders.state(order)).toBe('placed');
  await wire.restore();
  await expect.poll(() => orders.state(order)).toBe('paid');
  await expect(other.in('Paid', order)).toBeVisible();
  await expect(other.column('Paid')).toContainText('30.00 €');
  await expect(board.in('Paid', order)).toHaveCount(1);
  await expect(page, 'a drag is no click').toHaveURL(/\/orders\?q=/);
});

test('a drag to where it cannot go says why, and Escape or a way home changes nothing', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  const board = await Board.open(page, stock.tag);
  await board.drag(order, board.column('Packed'));
  await board.release();
  await expect(message(page, `Order ${order} was not packed. Order ${order} is placed, so it cannot be packed now. It can be paid or cancelled.`)).toBeVisible();
  await expect(board.in('Placed', order)).toBeVisible();

  await board.drag(order, board.column('Paid'));
  await page.keyboard.press('Escape');
  await board.release();
  await expect(board.said(`Order ${order} stays in Placed.`)).toBeAttached();

  await board.drag(order, board.column('Placed'));
  await board.release();
  await expect(board.in('Placed', order)).toBeVisible();
  expect(await orders.state(order)).toBe('placed');
});

test('an order that somebody else has moved is not moved, and the reason is told', async ({ page, server, stock, wire }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  const board = await Board.open(page, stock.tag, wire.url);
  wire.stall();
  await board.advance(order).click();
  await expect(board.in('Paid', order)).toBeVisible();
  await orders.step(order, 'cancel', { note: 'changed their mind' });
  await wire.restore();
  await expect(message(page, `Order ${order} was not paid. Meanwhile it has become cancelled.`)).toBeVisible();
  await expect(board.card(order), 'folded away').toHaveCount(0);
  await page.getByRole('region', { name: 'Cancelled' }).getByRole('link').click();
  await expect(board.in('Cancelled', order)).toBeVisible();
});

test('the keyboard picks up, looks around, puts down, and is told everything', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  const board = await Board.open(page, stock.tag);
  const grip = board.grip(order);
  await grip.focus();
  await page.keyboard.press('Space');
  await expect(board.said(`Order ${order} picked up from Placed. It can go to Paid or Cancelled.`)).toBeAttached();
  await expect(grip).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(board.said('Picked, not possible.')).toBeAttached();
  await page.keyboard.press('Enter');
  await expect(message(page, `Order ${order} was not picked.`)).toBeVisible();
  await expect(grip, 'still in hand').toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Escape');
  await expect(board.said(`Order ${order} stays in Placed.`)).toBeAttached();
  await expect(grip).toHaveAttribute('aria-pressed', 'false');

  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  await expect(board.said(/^Paid\.$/)).toBeAttached();
  await page.keyboard.press('Space');
  await expect(board.in('Paid', order)).toBeVisible();
  await expect.poll(() => orders.state(order)).toBe('paid');
  await expect(board.said(`Order ${order} is paid now.`)).toBeAttached();
  await expect(grip, 'the focus goes with the card').toBeFocused();
});

test('what ends an order is asked why, in a dialog that the keyboard can leave', async ({ page, server, stock, sql }) => {
  const orders = new Orders(server);
  const product = await stock.one({ quantity: 5 });
  const order = await orders.place({ lines: [{ product_id: product.id, quantity: 2 }], customer_name: stock.tag });
  const board = await Board.open(page, stock.tag);
  const cancel = async () => {
    await board.grip(order).focus();
    await page.keyboard.press('Space');
    for (let column = 0; column < 6; column += 1) await page.keyboard.press('ArrowRight');
    await expect(board.said('Cancelled, with a reason.')).toBeAttached();
    await page.keyboard.press('Space');
  };
  const dialog = page.getByRole('dialog', { name: `Cancel order ${order}?` });
  await cancel();
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(board.grip(order)).toBeFocused();
  expect(await orders.state(order)).toBe('placed');

  await cancel();
  await dialog.getByLabel('Reason').fill('Ordered twice');
  await page.keyboard.press('Enter');
  await expect.poll(() => orders.state(order)).toBe('cancelled');
  await expect(board.in('Placed', order)).toBeHidden();
  expect(await sql('select note from order_steps where order_id = $1 and state = $2', [order, 'cancelled'])).toEqual([{ note: 'Ordered twice' }]);
  expect(await sql('select quantity from products where id = $1', [product.id])).toEqual([{ quantity: 5 }]);
});

test('a reason is not lost when somebody was faster: it is there to be sent again, unless that is not possible any more', async ({ page, server, stock, sql, wire }) => {
  const orders = new Orders(server);
  const product = await stock.one();
  const place = () => orders.place({ lines: [{ product_id: product.id, quantity: 1 }], customer_name: stock.tag });
  const [order, other] = [await place(), await place()];
  const board = await Board.open(page, stock.tag, wire.url);
  const ask = async (of: number) => {
    await board.grip(of).focus();
    await page.keyboard.press('Space');
    for (let column = 0; column < 6; column += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    return page.getByRole('dialog', { name: `Cancel order ${of}?` });
  };
  const dialog = await ask(order);
  wire.stall();
  await dialog.getByLabel('Reason').fill('Ordered twice');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Cancelling…' })).toBeVisible();
  await orders.step(order, 'pay');
  await wire.restore();
  await expect(dialog.getByRole('alert')).toHaveText(`Order ${order} was not cancelled. Meanwhile it has become paid.`);
  await expect(dialog.getByLabel('Reason')).toHaveValue('Ordered twice');
  await dialog.getByRole('button', { name: 'Cancel the order' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => orders.state(order)).toBe('cancelled');
  expect(await sql('select note from order_steps where order_id = $1 and state = $2', [order, 'cancelled'])).toEqual([{ note: 'Ordered twice' }]);
  await expect(board.card(order)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Paid' }), 'the focus is where the card was').toBeFocused();

  // Closed before the answer, it has the reason when it is opened again; and what is not possible any more is not offered again.
  const again = await ask(other);
  wire.stall();
  await again.getByLabel('Reason').fill('No more of it');
  await page.keyboard.press('Enter');
  await again.getByRole('button', { name: 'Close' }).click();
  await orders.step(other, 'pay');
  await wire.restore();
  await expect(message(page, `Order ${other} was not cancelled. Meanwhile it has become paid.`)).toBeVisible();
  await expect(board.in('Paid', other)).toBeVisible();
  await board.drag(other, board.column('Cancelled'));
  await board.release();
  await expect(again.getByLabel('Reason')).toHaveValue('No more of it');
  wire.stall();
  await again.getByRole('button', { name: 'Cancel the order' }).click();
  await orders.step(other, 'cancel', { note: 'by somebody else' });
  await wire.restore();
  await expect(message(page, `Order ${other} was not cancelled. Meanwhile it has become cancelled.`)).toBeVisible();
  await expect(again).toBeHidden();
});

test('a reason that was sent again in other words after a lost answer is told to have been given, and the dialog lets go', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const orders = new Orders(server);
  const product = await stock.one();
  const place = () => orders.place({ lines: [{ product_id: product.id, quantity: 1 }], customer_name: stock.tag });
  const [order, other] = [await place(), await place()];
  const board = await Board.open(page, stock.tag);
  const ask = async (of: number) => {
    await board.grip(of).focus();
    await page.keyboard.press('Space');
    for (let column = 0; column < 6; column += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    return page.getByRole('dialog', { name: `Cancel order ${of}?` });
  };
  const lose = (reaches: boolean) =>
    page.route(/order-forms\/step/, async (route) => {
      if (reaches) await route.fetch();
      await route.abort();
    }, { times: 1 });
  const dialog = await ask(order);
  await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeVisible();
  await lose(true);
  await dialog.getByLabel('Reason').fill('Twice');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toHaveText(`Order ${order} may not have been cancelled. The server did not answer.`);
  await page.route(/order-forms\/step/, (route) => route.fulfill({ json: { Err: { code: 'unavailable', message: 'Nothing was changed' } } }), { times: 1 });
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText(`Order ${order} may not have been cancelled. The database does not answer`);
  await dialog.getByLabel('Reason').fill('Ordered twice');
  await dialog.getByRole('button', { name: 'Cancel the order' }).click();
  await expect(message(page, `Order ${order} was cancelled the first time, with what was typed then. Nothing was done again.`)).toBeVisible();
  await expect(message(page, /was not cancelled/)).toHaveCount(0);
  await expect(dialog).toBeHidden();
  await expect(board.card(order)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Placed' }), 'the focus is where the card was').toBeFocused();
  expect(await sql('select note from order_steps where order_id = $1 and state = $2', [order, 'cancelled'])).toEqual([{ note: 'Twice' }]);

  // Whoever leaves it at that is not told what nobody knows.
  const again = await ask(other);
  await lose(false);
  await again.getByLabel('Reason').fill('No more of it');
  await page.keyboard.press('Enter');
  await expect(again.getByRole('alert')).toHaveText(`Order ${other} may not have been cancelled. The server did not answer.`);
  await again.getByRole('button', { name: 'Close' }).click();
  await expect(board.said(`Whether order ${other} is cancelled is not known yet.`)).toBeAttached();
  await expect(again).toBeHidden();
  await ask(other);
  await expect(again.getByLabel('Reason')).toHaveValue('No more of it');
  await again.getByRole('button', { name: 'Cancel the order' }).click();
  await expect.poll(() => orders.state(other)).toBe('cancelled');
  await expect(again).toBeHidden();
});

test('one key after the other works a column off', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const placed = [];
  for (let n = 0; n < 3; n += 1) placed.push(await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag }));
  const board = await Board.open(page, stock.tag);
  expect(await board.numbers('Placed'), 'the one that has waited longest comes first').toEqual(placed);
  await board.advance(placed[0]!).focus();
  for (const [at, order] of placed.entries()) {
    await expect(board.advance(order)).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(board.in('Paid', order)).toBeVisible();
    if (at === placed.length - 1) await expect(page.getByRole('heading', { name: 'Placed' })).toBeFocused();
  }
  for (const order of placed) await expect.poll(() => orders.state(order)).toBe('paid');
});

test('a column shows as many as fit, says how many more there are, and shows them', async ({ page, server, stock, sql }) => {
  const { id: product } = await stock.one({ quantity: 1_000 });
  const orders = new Orders(server);
  const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
  // As if many had been placed: only the board is under test.
  await sql(
    `insert into orders select 5000000 + n, null, customer_name, state, version, lines, pieces, total, note, placed_at, changed_at + n * interval '1 ms', changed_by
     from orders, generate_series(1, 119) n where id = $1`,
    [order],
  );
  try {
    const board = await Board.open(page, stock.tag);
    await expect(board.column('Placed').getByRole('listitem')).toHaveCount(50);
    await board.column('Placed').getByRole('link', { name: 'and 70 more' }).click();
    await expect(board.column('Placed').getByRole('listitem')).toHaveCount(100);
    await expect(board.column('Placed').getByRole('link', { name: 'and 20 more' })).toBeVisible();
    await sql('delete from orders where id between 5000001 and 5000030');
    await expect(board.column('Placed').getByRole('listitem')).toHaveCount(90);
    await expect(board.column('Placed').getByRole('link', { name: /more$/ })).toBeHidden();
  } finally {
    await sql('delete from orders where id between 5000000 and 5000200');
  }
});

test('a search finds by name and by number, and the address remembers it', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const lines = [{ product_id: product, quantity: 1 }];
  const [one, two] = [await orders.place({ lines, customer_name: `${stock.tag} 50%_a` }), await orders.place({ lines, customer_name: `${stock.tag} 50xya` })];
  const board = await Board.open(page, stock.tag);
  await expect(board.card(one)).toBeVisible();
  await expect(board.card(two)).toBeVisible();
  await board.search.fill(`${stock.tag} 50%_`);
  await expect(board.card(two)).toBeHidden();
  await expect(board.card(one)).toBeVisible();
  await board.search.fill(`#${two}`);
  await expect(board.card(two)).toBeVisible();
  await expect(board.card(one)).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`q=%23${two}`));
  await page.reload();
  await live(page);
  await expect(board.card(two)).toBeVisible();
  await board.search.fill('nobody of this name');
  await expect(page.getByText('No order matches.')).toBeVisible();
});

test('back and forward lead the board to what was looked at', async ({ page, server, stock }) => {
  const orders = new Orders(server);
  const { id: product } = await stock.one();
  const lines = [{ product_id: product, quantity: 1 }];
  const [one, two] = [await orders.place({ lines, customer_name: `${stock.tag} one` }), await orders.place({ lines, customer_name: `${stock.tag} two` })];
  const board = await Board.open(page, `${stock.tag} one`);
  await page.getByRole('region', { name: 'Cancelled' }).getByRole('link').click();
  await expect(page).toHaveURL(/state=cancelled/);
  await board.search.fill(`${stock.tag} two`);
  await expect(page).toHaveURL(/two&state=cancelled/);
  await expect(board.card(two)).toBeVisible();
  await expect(board.card(one)).toBeHidden();
  await page.goBack();
  await expect(board.search).toHaveValue(`${stock.tag} one`);
  await expect(board.card(one)).toBeVisible();
  await expect(board.card(two)).toBeHidden();
  await page.goForward();
  await expect(board.search).toHaveValue(`${stock.tag} two`);
  await expect(board.card(two)).toBeVisible();
  await expect(board.card(one)).toBeHidden();
});

test.describe('on a phone', () => {
  const { defaultBrowserType: _, ...phone } = devices['Pixel 7'];
  test.use(phone);

  test('one column is seen, and a finger drags a card onto the tab of another', async ({ page, server, stock }) => {
    const orders = new Orders(server);
    const { id: product } = await stock.one();
    const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
    const board = await Board.open(page, stock.tag);
    const tab = (name: string) => page.getByRole('navigation', { name: 'Columns' }).getByRole('link', { name });
    await expect(board.column('Placed')).toBeVisible();
    await expect(board.column('Paid')).toBeHidden();
    const [from, to] = [(await board.grip(order).boundingBox())!, (await tab('Paid').boundingBox())!];
    const touch = await page.context().newCDPSession(page);
    const at = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number, y?: number) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: x === undefined ? [] : [{ x, y: y! }] });
    await at('touchStart', from.x + 15, from.y + 15);
    await at('touchMove', from.x + 25, from.y);
    await at('touchMove', to.x + to.width / 2, to.y + to.height / 2);
    await at('touchEnd');
    await expect.poll(() => orders.state(order)).toBe('paid');
    await expect(board.card(order)).toBeHidden();
    await tab('Paid').click();
    await expect(board.in('Paid', order)).toBeVisible();
    await expect(tab('Paid')).toHaveAttribute('aria-current', 'true');
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a button moves an order, and what is refused says why', { tag: '@phone' }, async ({ page, server, stock, isMobile, complaints }) => {
    complaints.allow(/status of 409/);
    const orders = new Orders(server);
    const { id: product } = await stock.one();
    const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
    await page.goto(`/orders?q=${stock.tag}`);
    const board = new Board(page);
    await board.advance(order).click();
    await expect(page.getByRole('status').filter({ hasText: `Order ${order} is paid now.` })).toBeVisible();
    await expect(page, 'back to what was looked at').toHaveURL(new RegExp(`q=${stock.tag}`));
    expect(await orders.state(order)).toBe('paid');
    if (isMobile) await page.getByRole('navigation', { name: 'Columns' }).getByRole('link', { name: 'Paid' }).click();
    await expect(board.in('Paid', order)).toBeVisible();

    // Somebody else is faster.
    await orders.step(order, 'cancel', { note: 'enough' });
    await board.advance(order).click();
    await expect(page.getByRole('alert').filter({ hasText: `Order ${order} was not picked. Meanwhile it has become cancelled.` })).toBeVisible();
    await page.goto(`/orders?q=${order}&state=cancelled`);
    await expect(board.in('Cancelled', order)).toBeVisible();
  });

  test('the search is a form', async ({ page, server, stock }) => {
    const orders = new Orders(server);
    const { id: product } = await stock.one();
    const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
    await page.goto('/orders');
    const board = new Board(page);
    await board.search.fill(stock.tag);
    await page.getByRole('button', { name: 'Search' }).click();
    expect(await board.numbers('Placed')).toEqual([order]);
  });
});

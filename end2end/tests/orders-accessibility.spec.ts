import { flawless } from '../support/flawless';
import { Board, Orders, accountOf, live, message, openAs } from '../support/orders';
import { expect, test } from '../support/test';

// Nothing that axe knows of on the pages of orders and notifications, in light and dark, on a desk and in a hand.

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the board and what opens from it', { tag: '@phone' }, async ({ page, server, stock, isMobile }) => {
      test.slow();
      const orders = new Orders(server);
      const { id: product } = await stock.one();
      const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer_name: stock.tag });
      const board = await Board.open(page);
      await flawless(page, 'the board');
      await board.search.fill(stock.tag);
      await expect(board.in('Placed', order)).toBeVisible();
      await board.grip(order).focus();
      await page.keyboard.press('Space');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await flawless(page, 'an order in hand');
      await page.keyboard.press('Enter');
      await expect(message(page, `Order ${order} was not picked`)).toBeVisible();
      for (let column = 0; column < 4; column += 1) await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('dialog')).toBeVisible();
      await flawless(page, 'the question why');
      await page.keyboard.press('Escape');
      if (!isMobile) await page.getByRole('region', { name: 'Cancelled' }).getByRole('link').click();
      else await page.getByRole('navigation', { name: 'Columns' }).getByRole('link', { name: 'Cancelled' }).click();
      await board.search.fill('nobody of this name');
      await expect(page.getByText('No order matches.')).toBeVisible();
      await flawless(page, 'nothing found');
    });

    test('what a customer sees', { tag: '@phone' }, async ({ page, server, stock, isMobile, complaints }) => {
      test.slow();
      complaints.allow(/status of 404/);
      const orders = new Orders(server);
      const { id: product, name } = await stock.one({ quantity: 5 });
      const order = await orders.place({ lines: [{ product_id: product, quantity: 1 }], customer: await accountOf(server, 'customer'), note: 'A note' });
      await openAs(page, server, 'Cleo Customer', '/orders');
      await expect(page.getByRole('list', { name: 'Your orders' })).toBeVisible();
      await flawless(page, 'their orders');
      if (isMobile) {
        await page.getByRole('button', { name: 'Pages' }).click();
        await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Orders' })).toBeVisible();
        await flawless(page, 'the menu');
        await page.keyboard.press('Escape');
      }
      await page.goto(`/orders/${order}`);
      await live(page);
      await flawless(page, 'an order');
      await page.getByText('Cancel the order…').click();
      await flawless(page, 'the question why');
      await orders.step(order, 'cancel', { note: 'For a reason' });
      await expect(page.locator('.timeline').getByText('For a reason')).toBeVisible();
      await flawless(page, 'an order that is over');

      await page.goto('/orders/new');
      await live(page);
      await page.getByRole('searchbox').fill(stock.tag);
      await page.getByRole('button', { name: `Add ${name}` }).click();
      await page.getByRole('textbox', { name: `Pieces of ${name}` }).fill('9');
      await expect(page.getByText('Only 4 left.').or(page.getByText('Only 5 left.'))).toBeVisible();
      await flawless(page, 'a new order with a problem');

      await page.goto('/notifications');
      await live(page);
      await expect(page.getByRole('listitem').first()).toBeVisible();
      await flawless(page, 'notifications');
      await page.goto('/orders/999999');
      await flawless(page, 'no such order');
    });
  });
}

for (const width of [320, 390, 600, 721, 921, 1181, 1361, 1461, 2560]) {
  test(`at ${width} pixels no page of orders is cut off, and the header is one line`, async ({ page, server, stock }) => {
    test.slow();
    await page.setViewportSize({ width, height: 800 });
    const orders = new Orders(server);
    const { id: product } = await stock.one({ quantity: 100_000, price: 9_999.99, name: `${stock.tag} ${'Wide'.repeat(20)} ${'W'.repeat(80)}` });
    const customer_name = `${stock.tag} ${'W'.repeat(60)}`;
    const order = await orders.place({ lines: [{ product_id: product, quantity: 90_000 }], customer_name, note: 'W'.repeat(300) });
    // To administrators all pages are open.
    await openAs(page, server, 'Ada Admin', `/orders?q=${order}`);
    const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    // How high the header is while it says this, and how far it runs over the edge; what it says by itself depends on how busy the machine is.
    const headerSaying = (words: string) =>
      page.getByRole('banner').evaluate((banner, words) => {
        const badge = banner.querySelector('.badge.scripted')!;
        const before = badge.className;
        const says = badge.querySelector('[role=status]')!.firstChild as Text;
        const said = says.data;
        badge.className = `badge scripted ${words === 'Live' ? 'live' : 'busy'}`;
        says.data = words;
        const { height } = banner.getBoundingClientRect();
        const { scrollWidth, clientWidth } = document.documentElement;
        badge.className = before;
        says.data = said;
        return { height, sideways: scrollWidth - clientWidth };
      }, words);
    const board = new Board(page);
    await expect(board.card(order)).toBeVisible();
    for (const address of [`/orders?q=${order}`, `/orders/${order}`, `/orders/new?wish[quantity][${product}]=90000`, '/notifications', '/']) {
      await page.goto(address);
      await live(page);
      expect(await sideways(), address).toBeLessThanOrEqual(0);
      for (const words of ['Live', 'Catching up', 'Connecting']) {
        const header = await headerSaying(words);
        expect(header.height, `${address}: the header says ${words}`).toBeLessThan(60);
        expect(header.sideways, `${address}: the header says ${words}`).toBeLessThanOrEqual(0);
      }
    }
  });
}

import { flawless } from '../support/flawless';
import { Inventory, expect, test } from '../support/test';

// Nothing that axe knows of, in light and dark, on a desk and in a hand, whatever is open.

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('everything that a person can open', { tag: '@phone' }, async ({ page, stock }) => {
      const [one, low] = [await stock.one(), await stock.one({ quantity: 0 })];
      const inventory = await Inventory.open(page);
      await flawless(page, 'the list');

      await inventory.search.fill(stock.tag);
      await expect(page.getByRole('rowheader')).toHaveCount(2);
      await inventory.quantity(one.name).fill('abc');
      await inventory.quantity(one.name).press('Enter');
      await expect(inventory.message(/was not changed/)).toBeVisible();
      await inventory.delete(low.name).click();
      await expect(inventory.message(/^Deleted/)).toBeVisible();
      await flawless(page, 'a refused quantity and messages');

      await inventory.search.fill('nothing like this');
      await expect(page.getByRole('heading', { name: /^Nothing matches/ })).toBeVisible();
      await flawless(page, 'nothing found');

      await page.getByText('Add product').first().click();
      const form = page.getByRole('form', { name: 'Add product' });
      await form.getByRole('button', { name: 'Add product' }).click();
      await expect(form.getByLabel('SKU')).toHaveAccessibleDescription('SKU must not be empty');
      await flawless(page, 'the form with its problems');
    });

    test('the page without a connection', { tag: '@phone' }, async ({ page, wire, complaints }) => {
      complaints.allow(/WebSocket connection to .* failed/, /net::ERR_/);
      await page.addInitScript(() => (Math.random = () => 0.999));
      const inventory = await Inventory.open(page, '', wire.url);
      await wire.cut();
      await expect(inventory.badge(/^Offline since/)).toBeVisible();
      await expect(inventory.retry).toBeVisible();
      await flawless(page, 'offline');
    });

    test('the pages that plain forms lead to', { tag: '@phone' }, async ({ page, stock, complaints }) => {
      complaints.allow(/status of 4(22|04)/);
      // As without JavaScript, which axe itself needs: the program never starts, and the page does not wait for it.
      await page.route(/\/pkg\/rowcast.*\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body: 'export default () => new Promise(() => {});' }));
      await page.addInitScript(() => {
        const plain = () => delete document.documentElement.dataset.js;
        new MutationObserver(plain).observe(document, { attributeFilter: ['data-js'], subtree: true });
      });
      const { id, name } = await stock.one();
      await page.goto(`/?q=${stock.tag}&delete=${id}`);
      await expect(page.getByRole('button', { name: 'Search' })).toBeVisible();
      await flawless(page, 'the question');
      const inventory = new Inventory(page);
      await inventory.quantity(name).fill('-5');
      await inventory.quantity(name).press('Enter');
      await expect(page.getByRole('alert').filter({ hasText: 'was not changed' })).toBeVisible();
      await flawless(page, 'a refused quantity');
      expect((await page.goto('/no/such/page'))!.status()).toBe(404);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await flawless(page, 'a page that is not there');
    });
  });
}

for (const width of [320, 390, 600, 721, 921, 1081, 1241]) {
  test(`at ${width} pixels nothing is cut off or needs scrolling sideways`, async ({ page, stock }) => {
    await page.setViewportSize({ width, height: 800 });
    const { name } = await stock.one({ name: `${stock.tag} ${'Wide'.repeat(20)} ${'W'.repeat(80)}`, quantity: 1_000_000, price: 9_999_999_999.99 });
    const inventory = await Inventory.open(page, stock.tag);
    const sideways = () => page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.region')].map((element) => element.scrollWidth - element.clientWidth));
    expect(await sideways()).toEqual([0, 0]);
    await expect(inventory.quantity(name)).toBeInViewport({ ratio: 1 });
    expect((await page.getByRole('rowheader').boundingBox())!.width, 'room for the name').toBeGreaterThan(125);
    expect(await inventory.quantity(name).evaluate((input: HTMLInputElement) => input.scrollWidth - input.clientWidth), 'the longest number fits').toBe(0);
    await page.getByText('Add product').first().click();
    const form = page.getByRole('form', { name: 'Add product' });
    await expect(form.getByLabel('SKU')).toBeInViewport({ ratio: 1 });
    await expect(form.getByLabel('Price')).toBeInViewport({ ratio: 1 });
    expect(await sideways()).toEqual([0, 0]);
  });
}

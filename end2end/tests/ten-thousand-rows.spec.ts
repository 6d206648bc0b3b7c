import { Inventory, expect, test, type Server } from '../support/test';

// A long list: all of it to the scroll bar and to a screen reader, a few dozen rows to the document.

const ROWS = 10_000;
/** Far more than a window shows, far less than the list. */
const MOST_IN_DOCUMENT = 100;

let server: Server;

test.beforeEach(async ({ freshServer }) => {
  server = freshServer;
  await server.sql('delete from products');
  await server.sql(
    `insert into products (sku, name, category, location, quantity, reorder_level, price)
     select 'SKU-' || lpad(n::text, 5, '0'), 'Product ' || lpad(n::text, 5, '0'), 'Category ' || n % 7, 'L-' || n % 50, (n * 7919) % 10000, 5, n / 100.0
     from generate_series(1, ${ROWS}) n`,
  );
});

test('ten thousand rows: a bounded document, the right rows everywhere, search and order by keyboard and address', async ({ page }) => {
  test.setTimeout(120_000);
  const inventory = await Inventory.open(page, '', server.url);
  await expect(inventory.count('10,000 products')).toBeVisible();
  await expect(inventory.table).toHaveAttribute('aria-rowcount', String(ROWS + 1));

  await test.step('the HTML carries one page of them', async () => {
    expect((await inventory.rendered()).length).toBeLessThanOrEqual(MOST_IN_DOCUMENT);
  });

  await test.step('scrolling to any place shows the rows of that place', async () => {
    for (const part of [0, 0.25, 0.5, 0.75, 1, 0.1, 0]) {
      await inventory.region.evaluate((region, part) => (region.scrollTop = (region.scrollHeight - region.clientHeight) * part), part);
      const visible = () =>
        inventory.region.evaluate((region) => {
          const [box, head] = [region.getBoundingClientRect(), region.querySelector('thead')!.getBoundingClientRect()];
          return [...region.querySelectorAll('tr:has(.name)')]
            .filter((row) => row.getBoundingClientRect().top >= head.bottom - 1 && row.getBoundingClientRect().bottom <= box.bottom + 1)
            .map((row) => [Number(row.getAttribute('aria-rowindex')), row.querySelector('.name')!.textContent] as const);
        });
      const first = Math.round((ROWS - 15) * part);
      await expect.poll(async () => Math.abs(((await visible())[0]?.[0] ?? -9_999) - first)).toBeLessThan(30);
      const shown = await visible();
      // Filled from edge to edge, in order, each with its number.
      expect(shown.length).toBeGreaterThan(10);
      for (const [place, name] of shown) expect(name).toBe(`Product ${String(place - 1).padStart(5, '0')}`);
      shown.forEach(([place], index) => expect(place).toBe(shown[0]![0] + index));
      if (part === 0) expect(shown[0]![0]).toBe(2);
      if (part === 1) expect(shown.at(-1)![0]).toBe(ROWS + 1);
      expect((await inventory.rendered()).length).toBeLessThanOrEqual(MOST_IN_DOCUMENT);
    }
  });

  await test.step('a row far away changes, and is right when it is reached', async () => {
    await server.sql(`update products set quantity = 4242 where sku = 'SKU-05000'`);
    await inventory.region.evaluate((region) => (region.scrollTop = region.scrollHeight / 2));
    await expect(inventory.quantity('Product 05000')).toHaveValue('4242');
  });

  await test.step('search by typing', async () => {
    await inventory.search.focus();
    await page.keyboard.type('pro 0999');
    await expect(inventory.count(/^\d+ of 10,000$/)).toBeVisible();
    const truth = await server.sql<{ name: string }>(`select name from products where name like '%0999%' order by sku`);
    await expect(page.getByRole('rowheader')).toHaveText(truth.map(({ name }) => name));
    await expect(inventory.table).toHaveAttribute('aria-rowcount', String(truth.length + 1));
    await expect(page).toHaveURL(/\?q=pro(%20|\+)0999$/);
    await page.keyboard.press('Escape');
    await expect(inventory.count('10,000 products')).toBeVisible();
    await expect(inventory.search).toHaveValue('');
  });

  await test.step('order by keyboard', async () => {
    const header = page.getByRole('columnheader', { name: 'Quantity' });
    await header.getByRole('link').focus();
    await page.keyboard.press('Enter');
    await expect(header).toHaveAttribute('aria-sort', 'ascending');
    await page.keyboard.press('Enter');
    await expect(header).toHaveAttribute('aria-sort', 'descending');
    await expect(header.getByRole('link')).toBeFocused();
    await expect(page).toHaveURL(/\?sort=quantity&dir=desc$/);
    const truth = await server.sql<{ name: string }>('select name from products order by quantity desc, id limit 10');
    expect((await inventory.rendered()).slice(0, 10).map(({ name }) => name)).toEqual(truth.map(({ name }) => name));
  });

  await test.step('the address says all of it, to a new page too', async () => {
    await page.goto(`${server.url}/?q=sku-09%20%20category&sort=price&dir=desc`);
    await inventory.live();
    const truth = await server.sql<{ name: string }>(`select name from products where sku like 'SKU-09%' order by price desc, id`);
    expect((await inventory.rendered()).slice(0, 20).map(({ name }) => name)).toEqual(truth.slice(0, 20).map(({ name }) => name));
    await expect(inventory.count(`${truth.length.toLocaleString('en')} of 10,000`)).toBeVisible();
    await expect(page.getByRole('columnheader', { name: 'Price' })).toHaveAttribute('aria-sort', 'descending');
  });
});

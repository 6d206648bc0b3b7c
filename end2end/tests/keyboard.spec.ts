import { Inventory, expect, test } from '../support/test';

// The list by keyboard alone.

test('Enter saves and moves down, arrows move and save, Escape takes back', async ({ page, stock, sql }) => {
  const [first, second, third] = await stock.add(3);
  const inventory = await Inventory.open(page, stock.tag);
  const [one, two, three] = [first!, second!, third!].map(({ name }) => inventory.quantity(name));
  const stored = async () => (await sql<{ quantity: number }>('select quantity from products where sku like $1 order by id', [`${stock.tag}%`])).map(({ quantity }) => quantity);

  // From the scrolled region into its first row.
  await inventory.region.focus();
  await page.keyboard.press('Enter');
  await expect(one!).toBeFocused();
  // The content is selected, so that typing replaces it.
  await page.keyboard.type('61');
  await page.keyboard.press('Enter');
  await expect(two!).toBeFocused();
  await page.keyboard.type('62');
  await page.keyboard.press('ArrowDown');
  await expect(three!).toBeFocused();
  await expect.poll(stored).toEqual([61, 62, 50]);
  await page.keyboard.press('ArrowUp');
  await expect(two!).toBeFocused();
  await page.keyboard.type('99');
  await expect(two!).toHaveValue('99');
  await page.keyboard.press('Escape');
  await expect(two!).toHaveValue('62');
  await expect(two!).toBeFocused();
  // A wrong value does not let go.
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('abc');
  await page.keyboard.press('ArrowUp');
  await expect(two!).toBeFocused();
  await expect(two!).toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowUp');
  await expect(one!).toBeFocused();
  // Leaving the cell saves, too.
  await page.keyboard.type('63');
  await page.keyboard.press('Tab');
  await expect.poll(stored).toEqual([63, 62, 50]);
});

test('the arrows go on beyond what is in the document', async ({ page, stock }) => {
  const rows = await stock.add(120);
  const inventory = await Inventory.open(page, stock.tag);
  await inventory.region.focus();
  await page.keyboard.press('Enter');
  for (const { name } of rows.slice(0, 60)) {
    await expect(inventory.quantity(name)).toBeFocused();
    await page.keyboard.press('ArrowDown');
  }
  await expect(inventory.quantity(rows[60]!.name)).toBeInViewport({ ratio: 1 });
  await expect(inventory.row(rows[60]!.name)).toHaveAttribute('aria-rowindex', '62');
});

test('an edit that moves its row away goes on with the row that was below', async ({ page, stock }) => {
  const [one, two] = [await stock.one({ quantity: 1 }), await stock.one({ quantity: 2 }), await stock.one({ quantity: 3 })];
  await page.goto(`/?q=${stock.tag}&sort=quantity`);
  const inventory = new Inventory(page);
  await inventory.live();
  await inventory.quantity(one!.name).fill('9');
  await inventory.quantity(one!.name).press('Enter');
  await expect(inventory.quantity(two!.name)).toBeFocused();
  await expect(page.getByRole('rowheader').last()).toHaveText(one!.name);
});

test('Tab leads through the page in its order, and to the content past the header', async ({ page, stock }) => {
  await stock.add(1);
  const inventory = await Inventory.open(page, stock.tag);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(inventory.search).toBeFocused();
});

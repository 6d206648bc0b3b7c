import { readFileSync } from 'node:fs';
import { Inventory, expect, test } from '../support/test';

// The list is narrowed by category, aisle and what is low; the address says so, and the list stays live.

const choices = (inventory: Inventory) => ({
  category: inventory.page.getByRole('combobox', { name: 'Category' }),
  aisle: inventory.page.getByRole('combobox', { name: 'Aisle' }),
  low: inventory.page.getByRole('checkbox', { name: 'Low stock only' }),
});

test('each filter narrows the list, and the address keeps them', async ({ page, stock }) => {
  const here = await stock.one({ category: `Left ${stock.tag}`, location: `${stock.tag}X-1`, quantity: 1, reorder_level: 5 });
  const there = await stock.one({ category: `Left ${stock.tag}`, location: `${stock.tag}Y-1`, quantity: 1, reorder_level: 5 });
  const plenty = await stock.one({ category: `Left ${stock.tag}`, location: `${stock.tag}X-2`, quantity: 50, reorder_level: 5 });
  const other = await stock.one({ category: `Right ${stock.tag}`, location: `${stock.tag}X-3`, quantity: 1, reorder_level: 5 });
  const inventory = await Inventory.open(page, stock.tag);
  const { category, aisle, low } = choices(inventory);
  const names = page.getByRole('rowheader');
  await expect(names).toHaveText([here.name, there.name, plenty.name, other.name]);
  await category.selectOption(`Left ${stock.tag}`);
  await expect(names).toHaveText([here.name, there.name, plenty.name]);
  await aisle.selectOption(`${stock.tag}X`);
  await expect(names).toHaveText([here.name, plenty.name]);
  await low.check();
  await expect(names).toHaveText([here.name]);
  await expect(inventory.count(/^1 of [\d,]+$/)).toBeVisible();
  await expect(page).toHaveURL(/[?&]low=1/);

  await page.reload();
  await inventory.live();
  await expect(names).toHaveText([here.name]);
  await expect(category).toHaveValue(`Left ${stock.tag}`);
  await expect(low).toBeChecked();

  await page.getByRole('link', { name: 'Clear filters' }).click();
  await expect(names).toHaveText([here.name, there.name, plenty.name, other.name]);
  await expect(low).not.toBeChecked();
  await expect(category).toHaveValue('');
});

test('what is chosen while the program loads narrows the list', async ({ page, stock }) => {
  const here = await stock.one({ category: stock.tag, quantity: 1, reorder_level: 5 });
  await stock.one({ category: stock.tag, quantity: 50, reorder_level: 5 });
  await stock.one({ category: `Other ${stock.tag}`, quantity: 1, reorder_level: 5 });
  let start = () => {};
  const held = new Promise<void>((resolve) => (start = resolve));
  await page.route(/\.wasm$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`/?q=${stock.tag}`, { waitUntil: 'commit' });
  const inventory = new Inventory(page);
  const { category, low } = choices(inventory);
  await category.selectOption(stock.tag);
  await low.check();
  await expect(page.getByRole('rowheader')).toHaveCount(3);
  start();
  await inventory.live();
  await expect(page.getByRole('rowheader')).toHaveText([here.name]);
  await expect(page).toHaveURL(/[?&]low=1/);
  await expect(category).toHaveValue(stock.tag);
  await expect(low).toBeChecked();
});

test('a product comes into the list and leaves it as it changes', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50, reorder_level: 5, category: stock.tag });
  await page.goto(`/?low=1&category=${stock.tag}`);
  const inventory = new Inventory(page);
  await inventory.live();
  await expect(page.getByRole('heading', { name: 'Nothing matches the filters' })).toBeVisible();
  await sql('update products set quantity = 5 where id = $1', [id]);
  await expect(inventory.row(name)).toBeVisible();
  await sql('update products set quantity = 6 where id = $1', [id]);
  await expect(inventory.row(name)).toBeHidden();
  await page.getByRole('link', { name: 'Show all products' }).click();
  await expect(page).toHaveURL(/\/$/);
});

test('what can be chosen follows the rows', async ({ page, stock }) => {
  const inventory = await Inventory.open(page, stock.tag);
  const { category } = choices(inventory);
  const option = category.getByRole('option', { name: `New ${stock.tag}` });
  await expect(option).toHaveCount(0);
  const { name } = await stock.one({ category: `New ${stock.tag}` });
  await expect(option).toHaveCount(1);
  await category.selectOption(`New ${stock.tag}`);
  await expect(inventory.row(name)).toBeVisible();
});

test('what is shown can be taken along as a file', async ({ page, stock }) => {
  const low = await stock.one({ quantity: 1, reorder_level: 5, name: `${stock.tag} "a", b` });
  await stock.one({ quantity: 50, reorder_level: 5 });
  await page.goto(`/?q=${stock.tag}&low=1`);
  await new Inventory(page).live();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('inventory.csv');
  const lines = readFileSync(await file.path(), 'utf8').trimEnd().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"${low.id}","${low.sku}","${stock.tag} ""a"", b"`);
  await expect(page.getByRole('rowheader')).toHaveText([low.name]);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the filters are part of the search form', { tag: '@phone' }, async ({ page, stock }) => {
    const low = await stock.one({ quantity: 1, reorder_level: 5 });
    const plenty = await stock.one({ quantity: 50, reorder_level: 5 });
    await page.goto(`/?q=${stock.tag}&sort=name`);
    const inventory = new Inventory(page);
    await expect(page.getByRole('rowheader')).toHaveText([low.name, plenty.name]);
    await choices(inventory).low.check();
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(page.getByRole('rowheader')).toHaveText([low.name]);
    await expect(page).toHaveURL(/low=1/);
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await expect(page.getByRole('rowheader')).toHaveText([low.name, plenty.name]);
  });
});

import { Inventory, expect, test, type Stock } from '../support/test';

// Adding and deleting products, with a way back.

const values = (stock: Stock) => ({
  SKU: `${stock.tag}-NEW`,
  Name: `${stock.tag} new`,
  Category: 'Testing',
  Location: 'T-01-1',
  Quantity: '12',
  'Reorder level': '3',
  Price: '4.5',
});

test('a product is added, shows at once, and is announced', { tag: '@phone' }, async ({ page, stock, sql }) => {
  const inventory = await Inventory.open(page, stock.tag);
  await page.getByText('Add product').first().click();
  const form = page.getByRole('form', { name: 'Add product' });
  await expect(form.getByLabel('SKU')).toBeFocused();
  for (const [label, value] of Object.entries(values(stock))) await form.getByLabel(label).fill(value);
  await form.getByRole('button', { name: 'Add product' }).click();
  await expect(inventory.message(`Added “${stock.tag} new”`)).toBeVisible();
  await expect(form).toBeHidden();
  await expect(inventory.quantity(`${stock.tag} new`)).toHaveValue('12');
  expect(await sql('select sku, category, location, quantity, reorder_level, price from products where name = $1', [`${stock.tag} new`])).toEqual([
    { sku: `${stock.tag}-NEW`, category: 'Testing', location: 'T-01-1', quantity: 12, reorder_level: 3, price: '4.50' },
  ]);
  await inventory.page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Dismiss' }).click();
  await expect(inventory.message(/Added/)).toBeHidden();
});

test('wrong fields are named, the first of them gets the focus, and nothing typed is lost', { tag: '@phone' }, async ({ page, stock, sql }) => {
  const taken = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  await page.getByText('Add product').first().click();
  const form = page.getByRole('form', { name: 'Add product' });
  for (const [label, value] of Object.entries({ ...values(stock), SKU: taken.sku, Location: 'x'.repeat(41), Price: '1,50' })) await form.getByLabel(label).fill(value);
  const add = form.getByRole('button', { name: 'Add product' });
  await add.click();
  await expect(form.getByLabel('Location')).toBeFocused();
  await expect(form.getByLabel('Location')).toHaveAccessibleDescription('Location must not be longer than 40 characters');
  await expect(form.getByLabel('Price')).toHaveAccessibleDescription(/^Price must be an amount/);
  await expect(form.getByLabel('Name')).toHaveValue(`${stock.tag} new`);
  await form.getByLabel('Location').fill('T-1');
  await form.getByLabel('Price').fill('1.50');
  await add.click();
  // What only the database knows.
  await expect(form.getByLabel('SKU')).toHaveAccessibleDescription('Another product already has this SKU');
  await expect(form.getByLabel('SKU')).toBeFocused();
  await form.getByLabel('SKU').fill(`${stock.tag}-OTHER`);
  await form.getByLabel('SKU').press('Enter');
  await expect(inventory.message(`Added “${stock.tag} new”`)).toBeVisible();
  expect(await sql('select 1 from products where sku = $1', [`${stock.tag}-OTHER`])).toHaveLength(1);
});

test('Escape closes the form and gives the focus back', async ({ page, stock }) => {
  await Inventory.open(page, stock.tag);
  const opener = page.getByText('Add product').first();
  await opener.click();
  const form = page.getByRole('form', { name: 'Add product' });
  await form.getByLabel('SKU').fill('half');
  await form.getByLabel('SKU').press('Escape');
  await expect(form).toBeHidden();
  await opener.click();
  await expect(form.getByLabel('SKU')).toHaveValue('half');
});

test('a product is deleted at once, and comes back the same', { tag: '@phone' }, async ({ page, stock, sql }) => {
  const [product, next] = await stock.add(2, { quantity: 7 });
  const inventory = await Inventory.open(page, stock.tag);
  const before = (await inventory.rendered())[0];
  await inventory.row(product!.name).hover();
  await inventory.delete(product!.name).click();
  await expect(inventory.message(`Deleted “${product!.name}”`)).toBeVisible();
  await expect(inventory.row(product!.name)).toBeHidden();
  await expect(inventory.delete(next!.name), 'the focus moves on').toBeFocused();
  expect(await sql('select 1 from products where id = $1', [product!.id])).toHaveLength(0);

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(inventory.message(`“${product!.name}” is back`)).toBeVisible();
  await expect.poll(async () => (await inventory.rendered())[0]).toEqual(before);
  expect(await sql('select id::int, sku, quantity, reorder_level, price from products where name = $1', [product!.name])).toEqual([
    { id: product!.id, sku: product!.sku, quantity: 7, reorder_level: 5, price: '9.50' },
  ]);
});

test('an undo that cannot be done says why', async ({ page, stock, sql }) => {
  const product = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  await inventory.delete(product.name).click();
  await expect(inventory.row(product.name)).toBeHidden();
  const other = await stock.one({ sku: product.sku });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(inventory.message(`“${product.name}” was not restored. Another product already has this SKU.`)).toBeVisible();
  await sql('delete from products where id = $1', [other.id]);
});

test('a product that somebody else has deleted cannot be deleted again', async ({ page, stock, sql, wire }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag, wire.url);
  wire.stall();
  await inventory.delete(name).click();
  await sql('delete from products where id = $1', [id]);
  await wire.restore();
  await expect(inventory.message(`“${name}” was not deleted. Somebody deleted this product in the meantime.`)).toBeVisible();
});

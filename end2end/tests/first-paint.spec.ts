import { Inventory, expect, test } from '../support/test';

// A person without JavaScript sees the inventory and can work with it; everybody else sees it before any program has run.
test.use({ javaScriptEnabled: false });

/** The rows of one page. */
const PAGE_ROWS = 100;

test('the HTML has the rows, the count, the search, the order and the pages', { tag: '@phone' }, async ({ page, sql }, { project }) => {
  const [{ rows } = { rows: 0 }] = await sql<{ rows: number }>('select count(*)::int as rows from products');
  const first = await sql<{ name: string; sku: string; quantity: number }>('select * from products order by lower(sku) collate "C", id limit 100');
  await page.goto('/');
  const inventory = new Inventory(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Inventory' })).toBeVisible();
  await expect(inventory.count(`${rows.toLocaleString('en')} products`)).toBeVisible();
  await expect(page.getByRole('rowheader')).toHaveText(first.map(({ name }) => name));
  await expect(inventory.row(first[0]!.name).getByRole('textbox')).toHaveValue(String(first[0]!.quantity));
  await expect(inventory.search).toBeVisible();
  await expect(page.getByRole('button', { name: 'Search' })).toBeVisible();
  if (project.name === 'phone') {
    await expect(page.getByRole('combobox', { name: 'Sort by' })).toBeVisible();
  } else {
    const header = page.getByRole('columnheader', { name: 'Price' });
    await expect(header.getByRole('link')).toHaveAttribute('href', '/?sort=price');
    await expect(page.getByRole('columnheader', { name: 'SKU' })).toHaveAttribute('aria-sort', 'ascending');
  }
  await expect(page.getByText('Live updates need JavaScript')).toBeVisible();

  const pages = page.getByRole('navigation', { name: 'Pages of the list' });
  await expect(pages).toContainText(`Page 1 of ${Math.ceil(rows / PAGE_ROWS)}`);
  await pages.getByRole('link', { name: 'Next' }).click();
  await expect(pages).toContainText('Page 2 of');
  const [next] = await sql<{ name: string }>('select name from products order by lower(sku) collate "C", id offset 100 limit 1');
  await expect(page.getByRole('rowheader').first()).toHaveText(next!.name);
  await expect(page.getByRole('row').filter({ has: page.getByRole('rowheader') }).first()).toHaveAttribute('aria-rowindex', '102');
});

test('the search form searches and the order stays', async ({ page, stock }) => {
  await stock.add(3);
  await page.goto('/?sort=name&dir=desc');
  const inventory = new Inventory(page);
  await inventory.search.fill(stock.tag);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('rowheader')).toHaveText([3, 2, 1].map((n) => `${stock.tag} 0000${n}`));
  await expect(inventory.count(/^3 of [\d,]+$/)).toBeVisible();
  await inventory.search.fill('no such thing anywhere');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing matches “no such thing anywhere”' })).toBeVisible();
  await page.getByRole('link', { name: 'Clear the search' }).click();
  await expect(page.getByRole('rowheader')).toHaveCount(PAGE_ROWS);
});

test('a header sorts, and sorts the other way round', async ({ page, stock }) => {
  for (const quantity of [30, 10, 20]) await stock.one({ quantity });
  await page.goto(`/?q=${stock.tag}`);
  const header = page.getByRole('columnheader', { name: 'Quantity' });
  await header.getByRole('link').click();
  await expect(header).toHaveAttribute('aria-sort', 'ascending');
  await expect(page.getByRole('rowheader')).toHaveText([2, 3, 1].map((n) => `${stock.tag} 0000${n}`));
  await header.getByRole('link').click();
  await expect(header).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('rowheader')).toHaveText([1, 3, 2].map((n) => `${stock.tag} 0000${n}`));
});

test('a quantity is saved', { tag: '@phone' }, async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  await page.goto(`/?q=${stock.tag}`);
  const inventory = new Inventory(page);
  await inventory.quantity(name).fill('77');
  await inventory.row(name).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Quantity saved.' })).toBeVisible();
  await expect(inventory.quantity(name)).toHaveValue('77');
  await expect(inventory.search).toHaveValue(stock.tag);
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 77 }]);
});

for (const typed of ['abc', '-5', '1000000000000', '']) {
  test(`the quantity “${typed}” is refused with our message, and is still there to be corrected`, async ({ page, stock, sql, complaints }) => {
    complaints.allow(/status of 422/);
    const { id, name } = await stock.one();
    await page.goto(`/?q=${stock.tag}`);
    const inventory = new Inventory(page);
    await inventory.quantity(name).fill(typed);
    const answer = page.waitForResponse((response) => response.request().isNavigationRequest() && response.request().method() === 'GET');
    await inventory.quantity(name).press('Enter');
    expect((await answer).status()).toBe(422);
    await expect(page.getByRole('alert').filter({ hasText: 'The quantity was not changed. Quantity must be a whole number from 0 to 1,000,000.' })).toBeVisible();
    await expect(inventory.quantity(name)).toHaveValue(typed);
    await expect(inventory.quantity(name)).toHaveAttribute('aria-invalid', 'true');
    expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 50 }]);
  });
}

test('a product is refused field by field, corrected, and added', { tag: '@phone' }, async ({ page, stock, sql, complaints }) => {
  complaints.allow(/status of 422/);
  const taken = await stock.one();
  await page.goto('/');
  await page.getByText('Add product').first().click();
  const form = page.getByRole('form', { name: 'Add product' });
  await form.getByLabel('SKU').fill(taken.sku);
  await form.getByLabel('Name').fill(`${stock.tag} <b>new</b>`);
  await form.getByLabel('Quantity').fill('-1');
  await form.getByRole('button', { name: 'Add product' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The product was not added.' })).toBeVisible();
  await expect(form.getByLabel('Name')).toHaveValue(`${stock.tag} <b>new</b>`);
  await expect(form.getByLabel('Quantity')).toHaveAccessibleDescription('Quantity must be a whole number from 0 to 1,000,000');
  await expect(form.getByLabel('Category')).toHaveAccessibleDescription('Category must not be empty');
  await expect(form.getByLabel('Price')).toHaveAccessibleDescription(/^Price must be an amount such as 1234.50/);

  for (const [label, value] of Object.entries({ Category: 'Testing', Location: 'T-1', Quantity: '3', 'Reorder level': '1', Price: '12.5' })) {
    await form.getByLabel(label).fill(value);
  }
  await form.getByRole('button', { name: 'Add product' }).click();
  await expect(form.getByLabel('SKU')).toHaveAccessibleDescription('Another product already has this SKU');

  await form.getByLabel('SKU').fill(`${stock.tag}-new`);
  await form.getByRole('button', { name: 'Add product' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Product added.' })).toBeVisible();
  expect(await sql('select name, quantity, price from products where sku = $1', [`${stock.tag}-new`])).toEqual([
    { name: `${stock.tag} <b>new</b>`, quantity: 3, price: '12.50' },
  ]);
});

test('deleting asks first', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  await page.goto(`/?q=${stock.tag}`);
  const inventory = new Inventory(page);
  await inventory.delete(name).click();
  const question = page.getByRole('form', { name: 'Delete a product' });
  await expect(question).toContainText(name);
  await question.getByRole('link', { name: 'Keep it' }).click();
  await expect(question).toBeHidden();
  expect(await sql('select 1 from products where id = $1', [id])).toHaveLength(1);

  await inventory.delete(name).click();
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Product deleted.' })).toBeVisible();
  await expect(inventory.row(name)).toBeHidden();
  expect(await sql('select 1 from products where id = $1', [id])).toHaveLength(0);
});

import { flawless } from '../support/flawless';
import { live, message, openAs } from '../support/orders';
import { expect, test } from '../support/test';

// Many products, picked in the list, changed together, with one way back.

test('many are picked, adjusted together, and back', async ({ page, openPage, server, stock, sql }) => {
  const made = [await stock.one({ quantity: 5 }), await stock.one({ quantity: 6 }), await stock.one({ quantity: 7 })];
  const quantities = async () =>
    (await sql<{ quantity: number }>('select quantity from products where id = any($1) order by id', [made.map(({ id }) => id)])).map(({ quantity }) => quantity);
  const address = `/?q=${encodeURIComponent(stock.tag)}`;
  const other = await openPage();
  await openAs(page, server, 'Sam Staff', address);
  await openAs(other, server, 'Ada Admin', address);
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  const bar = page.getByRole('form', { name: 'Change the products that are selected' });
  await expect(bar.getByText('0 selected')).toBeVisible();
  await bar.getByRole('button', { name: 'Adjust' }).click();
  await expect(message(page, 'Pick some products first')).toBeVisible();

  // From the first to the last with the shift key; then not the second, with the keyboard.
  await page.getByRole('checkbox', { name: `Pick ${made[0]!.name}` }).click();
  await page.getByRole('checkbox', { name: `Pick ${made[2]!.name}` }).click({ modifiers: ['Shift'] });
  await expect(bar.getByText('3 selected')).toBeVisible();
  await page.getByRole('checkbox', { name: `Pick ${made[0]!.name}` }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('checkbox', { name: `Pick ${made[1]!.name}` })).toBeFocused();
  await page.keyboard.press('Space');
  await expect(bar.getByText('2 selected')).toBeVisible();
  await bar.getByLabel('What happened').selectOption('Sold over the counter');
  await bar.getByLabel('Pieces of each').fill('6');
  await page.keyboard.press('Enter');
  await expect(message(page, `The stock was not adjusted. Of “${made[0]!.name}” there would be fewer than none`)).toBeVisible();
  expect(await quantities()).toEqual([5, 6, 7]);
  await bar.getByLabel('Pieces of each').fill('4');
  await page.keyboard.press('Enter');
  await expect(message(page, 'The stock of 2 products was adjusted')).toBeVisible();
  await expect(other.getByLabel(`Quantity of ${made[0]!.name}`)).toHaveValue('1');
  await expect(other.getByLabel(`Quantity of ${made[2]!.name}`)).toHaveValue('3');
  expect(await quantities()).toEqual([1, 6, 3]);
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click();
  await expect(other.getByLabel(`Quantity of ${made[0]!.name}`)).toHaveValue('5');
  await expect(message(page, 'Undone')).toBeVisible();
  expect(await quantities()).toEqual([5, 6, 7]);
  await bar.getByRole('button', { name: 'Select all 3' }).click();
  await expect(bar.getByText('3 selected')).toBeVisible();
  await bar.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('checkbox', { name: /^Pick / })).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('many are adjusted by a plain form', async ({ page, server, stock, sql }) => {
    const made = [await stock.one({ quantity: 5 }), await stock.one({ quantity: 6 })];
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(`/?q=${stock.tag}`)}`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    await page.getByRole('link', { name: 'Select', exact: true }).click();
    for (const { name } of made) await page.getByRole('checkbox', { name: `Pick ${name}` }).check();
    await page.getByLabel('Pieces of each').fill('10');
    await page.getByRole('button', { name: 'Adjust' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'The stock of 2 products was adjusted.' })).toBeVisible();
    const rows = await sql<{ quantity: number }>('select quantity from products where id = any($1) order by id', [made.map(({ id }) => id)]);
    expect(rows.map(({ quantity }) => quantity)).toEqual([15, 16]);
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('nothing that axe knows of while somebody picks', { tag: '@phone' }, async ({ page, server, stock }) => {
      const { name } = await stock.one();
      await openAs(page, server, 'Sam Staff', `/?q=${encodeURIComponent(stock.tag)}`);
      await live(page);
      await page.getByRole('button', { name: 'Select', exact: true }).click();
      await page.getByRole('checkbox', { name: `Pick ${name}` }).check();
      await flawless(page, 'picking');
      await page.screenshot({ path: test.info().outputPath('picking.png') });
    });
  });
}

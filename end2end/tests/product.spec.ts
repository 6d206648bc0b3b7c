import type { Page } from '@playwright/test';
import { flawless } from '../support/flawless';
import { Orders, live, message, openAs } from '../support/orders';
import { expect, test } from '../support/test';

// One product: who edits what, and what becomes of its pieces.

const movements = (page: Page) => page.getByRole('region', { name: 'Stock movements' }).getByRole('row');

test('two people edit one product and overwrite nothing that they have not seen', async ({ page, openPage, server, stock }) => {
  const { id, name } = await stock.one();
  const other = await openPage();
  await openAs(page, server, 'Sam Staff', `/products/${id}`);
  await openAs(other, server, 'Ada Admin', `/products/${id}`);
  await expect(page.getByText('Also here:')).toBeVisible();

  // What one of them is about to change is told to the other, who changes something else meanwhile.
  await page.getByLabel('Location').fill('Z-09-1');
  await expect(other.getByText('Sam Staff is editing this')).toBeVisible();
  await other.getByLabel('Category').fill('Odds and ends');
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('Category')).toHaveValue('Odds and ends');
  await expect(page.getByLabel('Location')).toHaveValue('Z-09-1');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByLabel('Location')).toHaveValue('Z-09-1');

  // Both change the name.
  await page.getByLabel('Name').fill(`${name} of Sam`);
  await other.getByLabel('Name').fill(`${name} of Ada`);
  await other.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: `Changed meanwhile to “${name} of Ada”` });
  await expect(conflict).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(message(page, 'Name was changed meanwhile')).toBeVisible();
  await conflict.getByRole('button', { name: 'Keep mine' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByLabel('Name')).toHaveValue(`${name} of Sam`);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(`${name} of Sam`);

  // And back.
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).last().click();
  await expect(other.getByLabel('Name')).toHaveValue(`${name} of Ada`);
});

test('the server decides when both save at once', async ({ page, server, stock, sql }) => {
  const { id, name } = await stock.one();
  await openAs(page, server, 'Sam Staff', `/products/${id}`);
  await page.getByLabel('Name').fill(`${name} of Sam`);
  // The answer to the form is quicker than the news of what somebody else did.
  await page.route('**/api/product/edit', async (route) => {
    await sql('update products set name = $2 where id = $1', [id, `${name} from SQL`]);
    await route.continue();
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(message(page, 'The product was not changed. Somebody else has changed this meanwhile: Name')).toBeVisible();
  await page.getByRole('button', { name: 'Take that' }).click();
  await expect(page.getByLabel('Name')).toHaveValue(`${name} from SQL`);
});

test('pieces move for a reason, and each movement is told on every page', async ({ page, openPage, server, stock }) => {
  const { id } = await stock.one({ quantity: 20 });
  const other = await openPage();
  await openAs(page, server, 'Sam Staff', `/products/${id}`);
  await openAs(other, server, 'Ada Admin', `/products/${id}`);
  await page.getByLabel('What happened').selectOption('Sold over the counter');
  await page.getByLabel('Pieces').fill('3');
  await expect(page.getByText('20 now, then 17')).toBeVisible();
  await page.getByLabel('Note').fill('To a walk-in');
  await page.keyboard.press('Enter');
  await expect(other.getByText('17 pieces in stock')).toBeVisible();
  await expect(movements(other).filter({ hasText: 'Sold over the counter' })).toContainText('−3');
  await expect(movements(other).filter({ hasText: 'To a walk-in' })).toContainText('Sam Staff');

  // More than there are.
  await page.getByLabel('Pieces').fill('18');
  await page.getByRole('button', { name: 'Adjust' }).click();
  await expect(page.getByText('There are 17 pieces now')).toBeVisible();

  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click();
  await expect(other.getByText('20 pieces in stock')).toBeVisible();
  await expect(movements(other).filter({ hasText: 'Corrected' })).toContainText('+3');

  // An order takes some, and the line leads to it.
  const order = await new Orders(server).place({ lines: [{ product_id: id, quantity: 2 }] });
  await expect(other.getByText('18 pieces in stock')).toBeVisible();
  await movements(other).getByRole('link', { name: `Set aside for order ${order}` }).click();
  await expect(other).toHaveURL(`${server.url}/orders/${order}`);
});

test('from the inventory to a product and its past, and what is deleted meanwhile can be brought back', async ({ page, server, stock, sql, complaints }) => {
  const { id, name } = await stock.one();
  await openAs(page, server, 'Sam Staff', `/?q=${encodeURIComponent(stock.tag)}`);
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  await live(page);
  await sql('update products set name = $2 where id = $1', [id, `${name} renamed`]);
  await page.getByRole('link', { name: 'Go back in time' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`History of product ${id}`);
  await expect(page.getByRole('rowheader')).toContainText([`${name} renamed`]);
  await page.getByRole('button', { name: 'Earlier' }).click();
  // Two clicks before the first moment is there are one.
  await expect(page).toHaveURL(new RegExp(`product=${id}&at=`));
  await page.getByRole('button', { name: 'Earlier' }).click();
  await expect(page.getByRole('rowheader')).not.toContainText('renamed');
  await expect(page).toHaveURL(new RegExp(`product=${id}&at=`));
  await page.getByRole('link', { name: 'To the product' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${name} renamed`);
  await live(page);
  await sql('delete from products where id = $1', [id]);
  await expect(page.getByRole('heading', { name: 'This product was deleted' })).toBeVisible();
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await expect(page.getByLabel('Name')).toHaveValue(`${name} renamed`);
  complaints.allow(/status of 404/);
  await page.goto('/products/999999');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a product is edited and adjusted by plain forms', async ({ page, server, stock, sql, complaints }) => {
    complaints.allow(/status of (409|422)/);
    const { id, name } = await stock.one({ quantity: 5 });
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(`/products/${id}`)}`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    await page.getByLabel('Pieces').fill('9');
    await page.getByLabel('What happened').selectOption('Sold over the counter');
    await page.getByRole('button', { name: 'Adjust' }).click();
    await expect(page.getByRole('alert').first()).toContainText('There are 5 pieces now');
    await expect(page.getByLabel('Pieces'), 'what was typed is kept').toHaveValue('9');
    await page.getByLabel('Pieces').fill('2');
    await page.getByRole('button', { name: 'Adjust' }).click();
    await expect(page.getByText('3 pieces in stock')).toBeVisible();

    await page.getByLabel('Name').fill(`${name} of mine`);
    await page.getByLabel('Location').fill('Q-1');
    await sql('update products set name = $2 where id = $1', [id, `${name} of theirs`]);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert').first()).toContainText('Somebody else has changed this meanwhile: Name');
    await expect(page.getByText(`Changed meanwhile to “${name} of theirs”`)).toBeVisible();
    await expect(page.getByLabel('Name')).toHaveValue(`${name} of mine`);
    await page.getByLabel('Name').fill(`${name} of theirs`);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
    const [row] = await sql<{ name: string; location: string }>('select name, location from products where id = $1', [id]);
    expect(row).toEqual({ name: `${name} of theirs`, location: 'Q-1' });
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('nothing that axe knows of on a product', { tag: '@phone' }, async ({ page, openPage, server, stock, sql }) => {
      const { id, name } = await stock.one({ quantity: 0 });
      const other = await openPage();
      await openAs(other, server, 'Ada Admin', `/products/${id}`);
      await other.getByLabel('Location').fill('X');
      await openAs(page, server, 'Sam Staff', `/products/${id}`);
      await page.getByLabel('Name').fill('Mine');
      await sql('update products set name = $2 where id = $1', [id, `${name} theirs`]);
      await expect(page.getByRole('alert').filter({ hasText: 'Changed meanwhile' })).toBeVisible();
      await expect(page.getByText('Ada Admin is editing this')).toBeVisible();
      await page.getByLabel('Pieces').fill('5');
      await page.keyboard.press('Enter');
      await expect(movements(page)).toHaveCount(2);
      await flawless(page, 'a product');
    });
  });
}

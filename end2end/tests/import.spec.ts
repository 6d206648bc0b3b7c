import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { flawless } from '../support/flawless';
import { live, message, openAs } from '../support/orders';
import { expect, test } from '../support/test';

// Products from a file: looked at first, imported together, seen by everybody, undone.

const HEAD = 'sku,name,category,location,quantity,reorder_level,price';

/** Brings a file, and returns when its preview is there. */
async function bring(page: Page, text: string | Buffer, name = 'stock.csv'): Promise<void> {
  await page.getByLabel('Choose a CSV file, or drop it here').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text as string) });
  await page.getByRole('button', { name: 'Preview' }).click();
}

const rowOf = (page: Page, words: string | RegExp) => page.getByRole('list', { name: 'Rows of the file' }).locator('> li').filter({ hasText: words });

test('rows are looked at, imported, seen by others at once, and undone', async ({ page, openPage, server, stock, sql }) => {
  const old = await stock.one({ quantity: 5 });
  const other = await openPage();
  await openAs(other, server, 'Ada Admin', `/?q=${encodeURIComponent(stock.tag)}`);
  await live(other);
  await expect(other.getByLabel(`Quantity of ${old.name}`)).toHaveValue('5');
  await openAs(page, server, 'Sam Staff', '/');
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Import products' })).toBeVisible();
  const fresh = `${stock.tag} Rod`;
  await bring(page, `\ufeff${HEAD.replaceAll(',', ';')}\r\n${old.sku};${old.name};Tools;A-01-1;12;1;"2.50"\r\n${stock.tag}-NEW;"${fresh}";Tools;B-1;3;1;9\r\n`);
  await expect(page.getByRole('heading', { level: 1, name: 'Import of stock.csv' })).toBeVisible();
  await live(page);
  await expect(rowOf(page, old.name)).toContainText('Changed');
  await expect(rowOf(page, old.name).getByRole('listitem').filter({ hasText: 'Quantity' })).toHaveText('Quantity 5 → 12');
  await expect(rowOf(page, fresh)).toContainText('New');
  expect(await sql('select 1 from products where sku = $1', [`${stock.tag}-NEW`])).toEqual([]);

  await page.getByRole('link', { name: 'New 1' }).click();
  await expect(page.getByRole('list', { name: 'Rows of the file' }).locator('> li')).toHaveCount(1);
  // Twice is once.
  await page.getByRole('button', { name: 'Import 2 rows' }).dblclick();
  await expect(page.getByText('1 product added, 1 changed.')).toBeVisible();
  await expect(page.locator('#import-outcome')).toBeFocused();
  await expect(other.getByLabel(`Quantity of ${fresh}`)).toHaveValue('3');
  await expect(other.getByLabel(`Quantity of ${old.name}`)).toHaveValue('12');
  const [row] = await sql<{ id: string }>('select id from products where sku = $1', [old.sku]);
  await other.goto(`${server.url}/products/${row!.id}`);
  await expect(other.getByText('Imported from a file')).toBeVisible();

  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('The import was undone. All that it changed was taken back; pieces were moved back by as many as came.')).toBeVisible();
  await other.goto(`${server.url}/?q=${encodeURIComponent(stock.tag)}`);
  await expect(other.getByLabel(`Quantity of ${old.name}`)).toHaveValue('5');
  await expect(other.getByLabel(`Quantity of ${fresh}`)).toHaveCount(0);
});

test('errors are told by line and column, and those rows come back as a file', async ({ page, server, stock, sql, complaints }) => {
  complaints.allow(/status of 422/);
  await openAs(page, server, 'Sam Staff', '/import');
  await live(page);
  await bring(page, Buffer.from([0x73, 0x6b, 0x75, 0x0a, 0xff]));
  await expect(page.getByRole('alert').filter({ hasText: 'Line 2 is not in UTF-8.' })).toBeVisible();
  const name = `${stock.tag} Rod`;
  await bring(page, `${HEAD},colour\n${stock.tag}-A,${name},Tools,B-1,3,1,9,red\n${stock.tag}-B,,Tools,B-1,many,1,9,blue\n`);
  await expect(page.getByText('1 row with errors.')).toBeVisible();
  await expect(page.getByText('Columns that are not known, and not read:')).toBeVisible();
  await live(page);
  await page.getByRole('link', { name: 'Errors 1' }).click();
  await expect(page.getByRole('link', { name: 'Errors 1' })).toBeFocused();
  await expect(rowOf(page, 'Line 3')).toContainText('name Name must not be empty');
  await expect(rowOf(page, 'Line 3')).toContainText('quantity Quantity must be a whole number from 0 to 1,000,000');
  await expect(rowOf(page, 'Line 2')).toHaveCount(0);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download 1 row' }).click()]);
  expect(await readFile((await file.path())!, 'utf8')).toContain(`"blue","Name must not be empty. Quantity must be`);
  await live(page);
  await page.getByRole('button', { name: 'Import 1 row, leave out 1' }).click();
  await expect(page.getByText('1 product added; 1 row with errors left out.')).toBeVisible();
  expect(await sql('select name from products where sku like $1', [`${stock.tag}-%`])).toEqual([{ name }]);
});

test('what somebody has changed since the preview is shown, and not overwritten', async ({ page, server, stock, sql }) => {
  const { sku, name } = await stock.one({ quantity: 5 });
  await openAs(page, server, 'Sam Staff', '/import');
  await live(page);
  await bring(page, `sku,quantity\n${sku},8\n`);
  await expect(rowOf(page, name)).toContainText('Quantity 5 → 8');
  await live(page);
  await sql('update products set quantity = 4 where sku = $1', [sku]);
  await page.getByRole('button', { name: 'Import 1 row' }).click();
  await expect(message(page, 'The file was not imported. Somebody has changed one of the products since you looked')).toBeVisible();
  await expect(rowOf(page, name)).toContainText('Quantity 4 → 8');
  await expect(rowOf(page, name)).toContainText('Somebody has changed it since you looked');
  expect(await sql('select quantity from products where sku = $1', [sku])).toEqual([{ quantity: 4 }]);
  await page.getByRole('button', { name: 'Import 1 row' }).click();
  await expect(page.getByText('1 product changed.')).toBeVisible();
  expect(await sql('select quantity from products where sku = $1', [sku])).toEqual([{ quantity: 8 }]);
});

test('how far a long import is shows on every page of whoever brought it', async ({ launch, page, context }) => {
  const server = await launch();
  // Whoever writes the last row waits until the test lets them.
  await server.sql(`create function wait() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4711); return new; end $$`);
  await server.sql(`create trigger wait before insert on products for each row when (new.sku = 'N-1400') execute function wait()`);
  await openAs(page, server, 'Sam Staff', '/import');
  const rows = Array.from({ length: 1_500 }, (_, at) => `N-${at},Nut ${at},Tools,B-1,3,1,9`);
  await bring(page, [HEAD, ...rows].join('\n'));
  await live(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await live(other);
  await server.transaction(async (sql) => {
    await sql('select pg_advisory_xact_lock(4711)');
    await page.getByRole('button', { name: 'Import 1,500 rows' }).click();
    for (const one of [page, other]) {
      await expect(one.getByRole('progressbar', { name: 'Import' })).toHaveJSProperty('value', 1_000);
      await expect(one.getByText('1,000 of 1,500 rows.')).toBeVisible();
    }
    expect(await server.sql(`select 1 from products where sku like 'N-%'`)).toEqual([]);
  });
  for (const one of [page, other]) await expect(one.getByText('1,500 products added.')).toBeVisible();
});

test('the keyboard is enough, from the palette on', async ({ page, server, stock }) => {
  await openAs(page, server, 'Sam Staff', '/');
  await live(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('import pro');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Import products' })).toBeVisible();
  await page.getByText('Or paste rows').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Rows, the first with the names of the columns')).toBeFocused();
  await page.keyboard.insertText(`${HEAD}\n${stock.tag}-K,${stock.tag} Rod,Tools,B-1,3,1,9`);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Preview' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Import of Pasted rows' })).toBeVisible();
  await live(page);
  await page.getByRole('button', { name: 'Import 1 row' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#import-outcome')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('The import was undone.')).toBeVisible();
});

test('it is for staff', async ({ page, server, complaints }) => {
  complaints.allow(/status of 403/);
  await openAs(page, server, 'Cleo Customer', '/import');
  await expect(page.getByRole('heading', { name: 'This page is for staff' })).toBeVisible();
  await page.goto(`${server.url}/`);
  await expect(page.getByRole('heading', { level: 1, name: 'Inventory' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Import', exact: true })).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a file is brought, looked at, imported and undone by plain forms', async ({ page, openPage, server, stock, complaints }) => {
    complaints.allow(/status of 422/);
    const other = await openPage({ javaScriptEnabled: true });
    await openAs(other, server, 'Ada Admin', `/?q=${encodeURIComponent(stock.tag)}`);
    await live(other);
    const name = `${stock.tag} Rod`;
    await page.goto(`${server.url}/sign-in?next=/import`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    await bring(page, 'hello');
    await expect(page.getByRole('alert').filter({ hasText: 'The first line must name the columns' })).toBeVisible();
    await bring(page, `${HEAD}\n${stock.tag}-P,${name},Tools,B-1,3,1,9\n${stock.tag}-Q,,Tools,B-1,3,1,9\n`);
    await expect(rowOf(page, 'Line 3')).toContainText('Name must not be empty');
    await page.getByRole('button', { name: 'Import 1 row, leave out 1' }).click();
    await expect(page.getByText('1 product added; 1 row with errors left out.')).toBeVisible();
    await expect(other.getByLabel(`Quantity of ${name}`)).toHaveValue('3');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('The import was undone.')).toBeVisible();
    await expect(other.getByLabel(`Quantity of ${name}`)).toHaveCount(0);
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('nothing that axe knows of, and nothing to scroll sideways at any width', { tag: '@phone' }, async ({ page, server, stock, sql, isMobile }) => {
      const { sku, name } = await stock.one({ quantity: 5 });
      const widths = isMobile ? [320, 390] : [320, 768, 1280, 2560];
      const look = async (what: string) => {
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          await flawless(page, `${what}, ${width} px`);
          await page.screenshot({ path: test.info().outputPath(`${what}-${width}.png`), fullPage: true });
        }
      };
      await openAs(page, server, 'Sam Staff', '/import');
      await live(page);
      await page.getByText('Or paste rows').click();
      await look('choose');
      await bring(page, `id,${HEAD},a_column_that_nobody_knows\n,${sku},${'Name'.repeat(40)},Tools,A-01-1,8,1,2.50,\n,${stock.tag}-N,${name} new,Tools,B-1,3,1,9,\n,,${'x'.repeat(300)},,,,,\n,${stock.tag}-T,,Tools\n`);
      await live(page);
      await sql('update products set quantity = 4 where sku = $1', [sku]);
      await page.getByRole('button', { name: /leave out/ }).click();
      await expect(page.getByText('1 row about products that others have changed')).toBeVisible();
      await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Dismiss' }).click();
      await look('preview');
      await page.getByRole('button', { name: /leave out/ }).click();
      await expect(page.getByText('1 product added, 1 changed; 2 rows with errors left out.')).toBeVisible();
      await look('done');
      await page.goto(`${server.url}/import`);
      await live(page);
      await look('lately');
    });
  });
}

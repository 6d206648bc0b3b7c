import { Film, Inventory, UNREACHABLE, expect, test } from '../support/test';

// A new quantity shows before the server has answered, and is taken back, with the reason, if the answer is no.

const REFUSAL = 'Quantity must be a whole number from 0 to 1,000,000';

test('the new quantity shows while the answer is on its way, and does not flicker when it comes', async ({ page, stock, sql, wire }) => {
  const { id, name } = await stock.one();
  const film = await Film.of(page);
  const inventory = await Inventory.open(page, stock.tag, wire.url);
  await film.cut();
  wire.stall();
  await inventory.quantity(name).fill('51');
  await inventory.quantity(name).press('Enter');
  await expect(inventory.row(name).getByRole('textbox')).toHaveValue('51');
  await expect(inventory.row(name).getByRole('textbox')).not.toHaveClass(/draft/);
  await film.painted();
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 50 }]);
  await wire.restore();
  await expect.poll(() => sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 51 }]);

  // A later change from elsewhere shows: the edit does not lie on top for ever.
  await sql('update products set quantity = 52 where id = $1', [id]);
  await expect(inventory.quantity(name)).toHaveValue('52');
  expect((await film.pictures()).map((picture) => picture[id])).toEqual(['50', '51', '52']);
});

test('edits that are faster than their answers end with the last one', async ({ page, stock, sql, wire }) => {
  const { id, name } = await stock.one();
  const film = await Film.of(page);
  const inventory = await Inventory.open(page, stock.tag, wire.url);
  const cell = inventory.quantity(name);
  await film.cut();
  for (const quantity of ['51', '52', '53', '54']) {
    await cell.fill(quantity);
    await cell.press('Enter');
  }
  await expect.poll(() => sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 54 }]);
  await expect(cell).toHaveValue('54');
  await sql('update products set quantity = 55 where id = $1', [id]);
  await expect(cell).toHaveValue('55');
  const shown = (await film.pictures()).map((picture) => Number(picture[id]));
  expect(shown, 'never back').toEqual([...shown].sort());
});

test('what is no quantity is refused, says why, and can be corrected', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const cell = inventory.quantity(name);
  const message = inventory.message(`Quantity of “${name}” was not changed. ${REFUSAL}.`);
  for (const typed of ['abc', '-5', '1000000000000', '', '1.5', '1e3', '٣']) {
    await test.step(`“${typed}”`, async () => {
      await cell.fill(typed);
      await cell.press('Enter');
      await expect(message).toBeVisible();
      await expect(cell).toHaveValue(typed);
      await expect(cell).toHaveAttribute('aria-invalid', 'true');
      await expect(cell).toBeFocused();
      expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 50 }]);
      await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Dismiss' }).click();
      await expect(message).toBeHidden();
      await cell.press('Escape');
      await expect(cell).toHaveValue('50');
    });
  }
  await cell.fill('abc');
  await cell.press('Enter');
  await cell.fill('5');
  await expect(cell).not.toHaveAttribute('aria-invalid');
  await cell.press('Enter');
  await expect.poll(() => sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 5 }]);
});

test('a quantity that only the server refuses is rolled back, and what was typed is kept', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const cell = inventory.quantity(name);
  await sql('alter table products add constraint products_not_51 check (quantity <> 51) not valid');
  try {
    await cell.fill('51');
    await cell.press('Enter');
    await expect(inventory.message(`Quantity of “${name}” was not changed to “51”. The database does not allow this change`)).toBeVisible();
    // In the cell, marked as not saved; Escape shows the committed value.
    await expect(cell).toHaveValue('51');
    await expect(cell).toHaveAttribute('aria-invalid', 'true');
    await cell.press('Escape');
    await expect(cell).toHaveValue('50');
    await expect(cell).not.toHaveAttribute('aria-invalid');
  } finally {
    await sql('alter table products drop constraint products_not_51');
  }
  expect(await sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 50 }]);
});

test('an edit of a product that was deleted meanwhile says so, with what was typed', async ({ page, stock, sql, wire }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag, wire.url);
  wire.stall();
  await inventory.quantity(name).fill('4321');
  await inventory.quantity(name).press('Enter');
  await sql('delete from products where id = $1', [id]);
  await wire.restore();
  const message = inventory.message(`Quantity of “${name}” was not changed`);
  await expect(message).toContainText('Somebody deleted this product in the meantime');
  await expect(message, 'what was typed').toContainText('4321');
  await expect(inventory.row(name)).toBeHidden();
});

test('an edit that does not reach the server is rolled back and kept', async ({ page, stock, sql, wire, complaints }) => {
  complaints.allow(...UNREACHABLE);
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag, wire.url);
  const cell = inventory.quantity(name);
  await wire.cut();
  await cell.fill('51');
  await cell.press('Enter');
  await expect(inventory.message(`Quantity of “${name}” may not have been changed to “51”. The server did not answer`)).toBeVisible();
  await expect(cell).toHaveValue('51');
  await wire.restore();
  await inventory.live();
  await expect(cell).toHaveValue('51');
  await cell.fill('52');
  await cell.press('Enter');
  await expect.poll(() => sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 52 }]);
});

test('what was typed and refused is still there when its row is scrolled away and back', async ({ page, stock }) => {
  const rows = await stock.add(300);
  const inventory = await Inventory.open(page, stock.tag);
  const cell = inventory.quantity(rows[0]!.name);
  await cell.fill('abc');
  await cell.press('Enter');
  await inventory.region.evaluate((region) => (region.scrollTop = region.scrollHeight));
  await expect(inventory.row(rows.at(-1)!.name)).toBeVisible();
  await expect(inventory.row(rows[0]!.name)).toHaveCount(0);
  await inventory.region.evaluate((region) => (region.scrollTop = 0));
  await expect(cell).toHaveValue('abc');
  await expect(cell).toHaveAttribute('aria-invalid', 'true');
});

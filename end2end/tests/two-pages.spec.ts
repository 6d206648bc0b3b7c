import { Inventory, expect, test } from '../support/test';

// Two people look at the same list.

test('what one does, the other sees', { tag: '@phone' }, async ({ page, openPage, stock, sql }) => {
  const [edited, deleted] = await stock.add(2);
  const mine = await Inventory.open(page, stock.tag);
  const theirs = await Inventory.open(await openPage(), stock.tag);

  await mine.quantity(edited!.name).fill('1234');
  await mine.quantity(edited!.name).press('Enter');
  await expect(theirs.quantity(edited!.name)).toHaveValue('1234');
  expect(await sql('select quantity from products where id = $1', [edited!.id])).toEqual([{ quantity: 1234 }]);

  await theirs.delete(deleted!.name).click();
  await expect(mine.row(deleted!.name)).toBeHidden();
  await theirs.page.getByRole('button', { name: 'Undo' }).click();
  await expect(mine.row(deleted!.name)).toBeVisible();
});

test('what somebody is typing is not overwritten by what somebody else saved', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const cell = inventory.quantity(name);
  await cell.fill('88');
  await sql(`update products set quantity = 60, location = 'Z-1' where id = $1`, [id]);
  await expect(inventory.row(name), 'the change has arrived').toContainText('Z-1');
  await expect(cell).toHaveValue('88');
  await expect(cell).toBeFocused();
  // Escape lets go of it, and shows what is true now.
  await cell.press('Escape');
  await expect(cell).toHaveValue('60');

  await cell.fill('99');
  await sql('update products set quantity = 61 where id = $1', [id]);
  await cell.press('Enter');
  await expect.poll(() => sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 99 }]);
  await expect(cell).toHaveValue('99');
});

test('the text cursor stays where it is while other rows change, come and go', async ({ page, stock, sql }) => {
  const rows = await stock.add(20);
  const mine = rows[10]!;
  const inventory = await Inventory.open(page, stock.tag);
  const cell = inventory.quantity(mine.name);
  await cell.fill('123456');
  await cell.evaluate((input: HTMLInputElement) => input.setSelectionRange(2, 4));
  await sql('delete from products where id < $1 and id >= $2', [mine.id, rows[0]!.id]);
  await sql('update products set quantity = 7 where id > $1 and id <= $2', [mine.id, rows.at(-1)!.id]);
  await expect(page.getByRole('rowheader')).toHaveCount(10);
  await expect(inventory.quantity(rows[15]!.name)).toHaveValue('7');
  await expect(cell).toBeFocused();
  expect(await cell.evaluate((input: HTMLInputElement) => [input.value, input.selectionStart, input.selectionEnd])).toEqual(['123456', 2, 4]);
});

test('a row that is being typed into moves with the cursor in it, and saves nothing by that', async ({ page, stock, sql }) => {
  const rows = [];
  for (const quantity of [10, 20, 30, 40, 50]) rows.push(await stock.one({ quantity }));
  await page.goto(`/?q=${stock.tag}&sort=quantity`);
  const inventory = new Inventory(page);
  await inventory.live();
  for (const [n, mine] of rows.entries()) {
    const cell = inventory.quantity(mine.name);
    await cell.fill('123');
    await cell.evaluate((input: HTMLInputElement) => input.setSelectionRange(1, 2));
    // To the other end of the list, its own row and then every other one.
    for (const { id } of [mine, ...rows.filter((row) => row !== mine)]) {
      await sql('update products set quantity = quantity + 100 where id = $1', [id]);
      await expect(page.getByRole('rowheader').last()).toHaveText(rows.find((row) => row.id === id)!.name);
      await expect(cell, `in row ${n}`).toBeFocused();
    }
    expect(await cell.evaluate((input: HTMLInputElement) => [input.value, input.selectionStart, input.selectionEnd])).toEqual(['123', 1, 2]);
    await cell.press('Escape');
  }
  const stored = await sql<{ quantity: number }>('select quantity from products where sku like $1 order by id', [`${stock.tag}%`]);
  expect(stored.map(({ quantity }) => quantity)).toEqual([510, 520, 530, 540, 550]);
});

import { Film, Inventory, type Painted, expect, test } from '../support/test';

// What anybody writes with any tool shows at once, in its place, and all of one transaction together.

/**
 * The quantities that each frame showed, as one text, without what merely repeats: a frame may also differ from the one before in
 * how many rows it holds, when the page measures itself.
 */
function states(pictures: Painted[]): string[] {
  const shown = pictures.map((picture) => [...new Set(Object.values(picture))].join(' and '));
  return shown.filter((state, index) => state !== shown[index - 1]);
}

test('an update shows', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  await sql(`update products set quantity = 4, price = 1234.5, location = 'Z-99-9' where id = $1`, [id]);
  await expect(inventory.quantity(name)).toHaveValue('4');
  await expect(inventory.row(name)).toContainText('1,234.50');
  await expect(inventory.row(name)).toContainText('Z-99-9');
  await expect(inventory.row(name), 'below the reorder level').toContainText('Low');
  await sql('update products set quantity = 0 where id = $1', [id]);
  await expect(inventory.row(name)).toContainText('Out');
});

test('an update of 500 rows in one transaction becomes visible in one frame', async ({ page, stock, sql }) => {
  const rows = await stock.add(500, { quantity: 0 });
  const film = await Film.of(page);
  const inventory = await Inventory.open(page, stock.tag);
  const [first, last] = [rows[0]!, rows.at(-1)!];
  await film.cut();
  for (let quantity = 1; quantity <= 5; quantity += 1) {
    await sql('update products set quantity = $2 where id between $1 and $3', [first.id, quantity, last.id]);
    await expect(inventory.quantity(first.name)).toHaveValue(String(quantity));
    // What the page holds may be found before a frame has shown it, and the next change may come before that on a slow machine.
    await film.painted();
  }
  const pictures = await film.pictures();
  expect(Object.keys(pictures[0]!).length, 'rows in each frame').toBeGreaterThan(20);
  expect(states(pictures), 'each frame shows one quantity, each quantity is shown').toEqual(['0', '1', '2', '3', '4', '5']);
  const all = await inventory.all();
  expect(all).toHaveLength(500);
  expect(new Set(all.map(({ quantity }) => quantity))).toEqual(new Set(['5']));
});

test('inserts, deletes and updates of one transaction become visible in one frame', async ({ page, stock, server }) => {
  const rows = await stock.add(200, { quantity: 0 });
  const film = await Film.of(page);
  const inventory = await Inventory.open(page, stock.tag);
  await film.cut();
  await server.transaction(async (sql) => {
    await sql('delete from products where id = any($1)', [rows.filter((_, n) => n % 4 === 0).map(({ id }) => id)]);
    await sql('update products set quantity = 1 where id between $1 and $2', [rows[0]!.id, rows.at(-1)!.id]);
    // In front of all others.
    await sql(
      `insert into products (sku, name, category, location, quantity, reorder_level, price)
       select $1 || '-00000-' || n, $1 || ' 00000 ' || n, 'Testing', 'T-1', 1, 0, 1 from generate_series(1, 5) n`,
      [stock.tag],
    );
  });
  await expect(inventory.row(`${stock.tag} 00000 1`)).toBeVisible();
  await expect(inventory.count(/^155 of/)).toBeVisible();
  const pictures = await film.pictures();
  expect(states(pictures)).toEqual(['0', '1']);
  const [before, after] = [pictures[0]!, pictures.at(-1)!].map((picture) => Object.keys(picture).map(Number));
  expect(before).toContain(rows[0]!.id);
  expect(after).not.toContain(rows[0]!.id);
  expect(after!.filter((id) => id > rows.at(-1)!.id)).toHaveLength(5);
});

test('a transaction that is rolled back shows nothing', async ({ page, stock, server, sql }) => {
  const [first, second] = await stock.add(2);
  const film = await Film.of(page);
  const inventory = await Inventory.open(page, stock.tag);
  await film.cut();
  await server
    .transaction(async (sql) => {
      await sql('update products set quantity = 1 where id = $1', [first!.id]);
      throw new Error('changed my mind');
    })
    .catch(() => {});
  await sql('update products set quantity = 2 where id = $1', [second!.id]);
  await expect(inventory.quantity(second!.name)).toHaveValue('2');
  expect(await film.pictures()).toEqual([
    { [first!.id]: '50', [second!.id]: '50' },
    { [first!.id]: '50', [second!.id]: '2' },
  ]);
});

test('a row that is inserted stands where it belongs, and leaves when it is deleted', async ({ page, stock, sql }) => {
  const [one, three] = [await stock.one({ name: `${stock.tag} one`, quantity: 1 }), await stock.one({ name: `${stock.tag} three`, quantity: 3 })];
  await page.goto(`/?q=${stock.tag}&sort=quantity`);
  const inventory = new Inventory(page);
  await inventory.live();
  const two = await stock.one({ name: `${stock.tag} two`, quantity: 2 });
  await expect(page.getByRole('rowheader')).toHaveText([one.name, two.name, three.name]);
  await expect(inventory.row(two.name)).toHaveAttribute('aria-rowindex', '3');
  await expect(inventory.count(/^3 of/)).toBeVisible();

  await sql('update products set quantity = 9 where id = $1', [one.id]);
  await expect(page.getByRole('rowheader')).toHaveText([two.name, three.name, one.name]);
  await expect(inventory.row(one.name)).toHaveAttribute('aria-rowindex', '4');

  await sql('delete from products where id = $1', [two.id]);
  await expect(page.getByRole('rowheader')).toHaveText([three.name, one.name]);
  await expect(inventory.count(/^2 of/)).toBeVisible();

  await sql('update products set name = $2 where id = $1', [three.id, 'renamed out of the search']);
  await sql('update products set sku = $2 where id = $1', [three.id, `RENAMED-${three.id}`]);
  await expect(page.getByRole('rowheader')).toHaveText([one.name]);
  await sql('delete from products where id = $1', [three.id]);
});

test('an update of the key is another row', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  await sql('alter table products alter id set generated by default');
  await sql('update products set id = 1000000 + id where id = $1', [id]);
  await expect.poll(async () => (await inventory.rendered()).map((row) => row.id)).toEqual([1_000_000 + id]);
  await expect(inventory.quantity(name)).toHaveValue('50');
});

test('truncate empties the page, and what comes back shows', async ({ page, sql }) => {
  const [{ rows } = { rows: 0 }] = await sql<{ rows: number }>('select count(*)::int as rows from products');
  const inventory = await Inventory.open(page);
  await sql('create table public.products_kept as select * from products');
  await sql('truncate products');
  await expect(page.getByRole('heading', { name: 'There are no products yet' })).toBeVisible();
  await expect(inventory.count('0 products')).toBeVisible();
  const columns = 'id, sku, name, category, location, quantity, reorder_level, price, updated_at';
  await sql(`insert into products (${columns}) overriding system value select ${columns} from products_kept`);
  await sql('drop table products_kept');
  await expect(inventory.count(`${rows.toLocaleString('en')} products`)).toBeVisible();
  await expect(page.getByRole('rowheader').first()).toBeVisible();
});

const animation = (cell: Element) => getComputedStyle(cell).animationName;

test('the cell that changed glows, again with every change, and no other does', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const cells = inventory.row(name).getByRole('cell');
  const glowing = () => cells.evaluateAll((cells) => cells.filter((cell) => getComputedStyle(cell).animationName !== 'none').map((cell) => cell.className));
  expect(await glowing()).toEqual([]);
  await sql('update products set quantity = 60 where id = $1', [id]);
  await expect.poll(glowing).toEqual(['quantity']);
  const cell = cells.filter({ has: page.getByRole('textbox') });
  const first = await cell.evaluate(animation);
  await sql('update products set quantity = 61 where id = $1', [id]);
  await expect.poll(() => cell.evaluate(animation)).not.toBe(first);
  await sql('update products set price = 3 where id = $1', [id]);
  await expect.poll(glowing).toEqual(['quantity', 'price']);
});

test.describe('for people who want no motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  test('nothing glows', async ({ page, stock, sql }) => {
    const { id, name } = await stock.one();
    const inventory = await Inventory.open(page, stock.tag);
    await sql('update products set quantity = 60 where id = $1', [id]);
    await expect(inventory.quantity(name)).toHaveValue('60');
    expect(await inventory.row(name).getByRole('cell').evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).animationName))).toEqual(
      Array(8).fill('none'),
    );
  });
});

import { Film, Frames, Inventory, Writer, expect, test } from '../support/test';

// From the HTML to the socket without a gap: the page continues from the position that its rows came with.

test('the page continues from the position of its HTML and fetches no row again', async ({ page, server }) => {
  const frames = new Frames(page);
  const fetched: string[] = [];
  page.on('request', (request) => {
    if (['fetch', 'xhr'].includes(request.resourceType()) && !new URL(request.url()).pathname.startsWith('/pkg/')) fetched.push(request.url());
  });
  const document = await page.goto('/');
  const html = await document!.text();
  const inventory = new Inventory(page);
  await inventory.live();

  const [subscribe] = frames.sent('subscribe');
  const position = subscribe?.position as string;
  expect(position, 'the page names a position').toBeTruthy();
  expect(html, 'which is that of its HTML').toContain(position);
  expect(frames.received('subscribed')).toHaveLength(1);
  expect(frames.received('snapshot')).toEqual([]);
  expect(fetched).toEqual([]);

  // The frames recorded are really this page's: a change comes over that socket.
  const { id } = (await inventory.rendered())[0]!;
  const [{ quantity } = { quantity: 0 }] = await server.sql<{ quantity: number }>('select quantity from products where id = $1', [id]);
  await server.sql('update products set quantity = $2 where id = $1', [id, quantity + 1]);
  await frames.find(({ message }) => message.type === 'changes' && JSON.stringify(message).includes(`"id":${id},`));
  await server.sql('update products set quantity = $2 where id = $1', [id, quantity]);
  expect(frames.received('snapshot')).toEqual([]);
});

test('what is written between the HTML and the socket is neither lost nor sent as a snapshot', async ({ page, stock, sql }) => {
  const [changed, gone] = await stock.add(3);
  // Until then the page has its HTML and no program.
  let start = () => {};
  const held = new Promise<void>((resolve) => (start = resolve));
  await page.route(/\.wasm$/, async (route) => {
    await held;
    await route.continue();
  });
  const frames = new Frames(page);
  await page.goto(`/?q=${stock.tag}`, { waitUntil: 'commit' });
  const inventory = new Inventory(page);
  await expect(page.getByRole('rowheader')).toHaveCount(3);

  await sql('update products set quantity = 51 where id = $1', [changed!.id]);
  await sql('delete from products where id = $1', [gone!.id]);
  const added = await stock.one({ quantity: 7 });
  await expect(inventory.quantity(changed!.name)).toHaveValue('50');
  start();
  await inventory.live();
  await expect(inventory.quantity(changed!.name)).toHaveValue('51');
  await expect(inventory.row(gone!.name)).toBeHidden();
  await expect(inventory.quantity(added.name)).toHaveValue('7');
  expect(frames.received('snapshot')).toEqual([]);
});

test('what is typed into the search while the program loads is searched', async ({ page, stock }) => {
  await stock.add(2);
  let start = () => {};
  const held = new Promise<void>((resolve) => (start = resolve));
  await page.route(/\.wasm$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/', { waitUntil: 'commit' });
  const inventory = new Inventory(page);
  await inventory.search.fill(stock.tag);
  start();
  await inventory.live();
  await expect(page.getByRole('rowheader')).toHaveCount(2);
  await expect(page).toHaveURL(`/?q=${stock.tag}`);
});

test('pages that load while others write end equal to the database and never step back', async ({ openPage, stock, sql }) => {
  test.setTimeout(120_000);
  const LOADS = 4;
  const rows = await stock.add(150, { quantity: 0 });
  const writer = new Writer(
    sql,
    (write) => {
      if (write % 25 === 0) return ['insert into products (sku, name, category, location, quantity, reorder_level, price) values ($1, $1, $2, $2, 0, 0, 1)', [`${stock.tag}-w${write}`, 'Testing']];
      if (write % 25 === 12) return [`delete from products where id = (select min(id) from products where sku like $1 || '-w%')`, [stock.tag]];
      return ['update products set quantity = quantity + 1 where id = $1', [rows[(write * 7) % rows.length]!.id]];
    },
    200,
  );
  let unseen = 0;
  for (let load = 1; load <= LOADS; load += 1) {
    const page = await openPage();
    const frames = new Frames(page);
    const film = await Film.of(page);
    const before = writer.written;
    const inventory = await Inventory.open(page, stock.tag);
    expect(writer.written, 'writes while the page loaded').toBeGreaterThan(before + 10);
    // Live under fire, not only in the pause.
    const until = writer.written + 100;
    await expect.poll(() => writer.written).toBeGreaterThan(until);
    await writer.pause();

    const truth = await sql<{ id: number; sku: string; quantity: number }>(
      `select id::int, sku, quantity from products where sku like $1 || '-%' order by lower(sku) collate "C", id`,
      [stock.tag],
    );
    await expect(async () => {
      const shown = await inventory.all();
      expect(shown.map(({ id, sku, quantity }) => ({ id, sku, quantity: Number(quantity) }))).toEqual(truth);
    }).toPass();

    if (!(await film.draws())) {
      unseen += 1;
      expect(unseen, 'loads that the browser did not draw to the end').toBeLessThan(3);
      load -= 1;
      await page.close();
      writer.resume();
      continue;
    }
    const pictures = await film.pictures();
    expect(pictures.length, 'the page moved while it was filmed').toBeGreaterThan(3);
    const highest = new Map<string, number>();
    for (const picture of pictures) {
      for (const [id, quantity] of Object.entries(picture)) {
        expect(Number(quantity), `product ${id} steps back in load ${load}`).toBeGreaterThanOrEqual(highest.get(id) ?? 0);
        highest.set(id, Number(quantity));
      }
    }
    expect(frames.received('snapshot'), `load ${load} started over`).toEqual([]);
    await page.close();
    writer.resume();
  }
  await writer.pause();
});

test('all two thousand rows of a page are those of the database', async ({ page, sql }) => {
  const inventory = await Inventory.open(page);
  const truth = await sql<{ id: number; sku: string; name: string; quantity: number }>(
    'select id::int, sku, name, category, location, quantity::text, price::text from products order by lower(sku) collate "C", id',
  );
  const shown = await inventory.all();
  expect(shown.map(({ id, sku, name, category, location, quantity, price }) => ({ id, sku, name, category, location, quantity, price: price.replace(',', '') }))).toEqual(truth);
  expect(shown.map(({ place }) => place)).toEqual(truth.map((_, index) => index + 2));
});

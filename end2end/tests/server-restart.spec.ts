import { Frames, Inventory, UNREACHABLE, expect, test, type Server } from '../support/test';

// The server goes and comes back: the page says so, and continues where it was.

test.beforeEach(({ complaints }) => complaints.allow(...UNREACHABLE));

const truth = (server: Server) =>
  server.sql<{ id: number; quantity: string }>(`select id::int, quantity::text from products where category = 'Restart' order by lower(sku) collate "C"`);

test('killed, it comes back, and what was written meanwhile shows', async ({ page, freshServer: server }) => {
  // Full jitter at its worst, so that the waits are what they can be at most.
  await page.addInitScript(() => (Math.random = () => 0.999));
  await server.sql(`insert into products (sku, name, category, location, quantity, reorder_level, price)
    select 'RE-' || n, 'Restart ' || n, 'Restart', 'R-1', n, 1, 1 from generate_series(1, 5) n`);
  const frames = new Frames(page);
  const inventory = await Inventory.open(page, 'Restart', server.url);
  await server.sql(`update products set quantity = 10 where sku = 'RE-1'`);
  await expect(inventory.quantity('Restart 1')).toHaveValue('10');

  await server.kill();
  await expect(inventory.badge(/^Offline since \d\d:\d\d$/)).toBeVisible();
  await expect(page.getByText(/^retrying in \d+ s$/)).toBeVisible();
  // Its Postgres has survived.
  await server.sql(`update products set quantity = 20 where sku = 'RE-1'`);
  await server.sql(`delete from products where sku = 'RE-2'`);
  await server.sql(`insert into products (sku, name, category, location, quantity, reorder_level, price)
    values ('RE-6', 'Restart 6', 'Restart', 'R-1', 6, 1, 1)`);
  await server.sql(`update products set quantity = quantity + 100 where sku in ('RE-3', 'RE-4')`);

  // Each try that fails makes the next wait longer; the longest is 30 s.
  await expect(async () => {
    await inventory.retry.click({ timeout: 1_000 });
    await expect(page.getByText(/^retrying in (2\d|30) s$/)).toBeVisible({ timeout: 500 });
  }).toPass();
  const before = await page.getByText(/^retrying in \d+ s$/).textContent();
  await expect(page.getByText(/^retrying in \d+ s$/), 'it counts down').not.toHaveText(before!);
  await server.start();
  await expect(inventory.badge(/^Offline since/)).toBeVisible();
  const opened = frames.sockets.length;
  await inventory.retry.click();
  await expect(inventory.badge(/^Live$/), 'long before the wait was over').toBeVisible({ timeout: 8_000 });
  await expect(inventory.retry).toBeHidden();

  await expect(async () => expect((await inventory.all()).map(({ id, quantity }) => ({ id, quantity }))).toEqual(await truth(server))).toPass();
  expect(await truth(server)).toHaveLength(5);
  const resumed = frames.all.filter(({ socket }) => socket >= opened).map(({ message }) => message);
  expect(resumed.find(({ type }) => type === 'subscribe')?.position, 'asks with its position').toBeTruthy();
  expect(resumed.filter(({ type }) => type === 'snapshot' || type === 'resync')).toEqual([]);

  await server.sql(`update products set quantity = 21 where sku = 'RE-1'`);
  await expect(inventory.quantity('Restart 1')).toHaveValue('21');
});

test('stopped politely and started again, with writes while it was down', async ({ page, freshServer: server }) => {
  await server.sql(`insert into products (sku, name, category, location, quantity, reorder_level, price)
    select 'RE-' || n, 'Restart ' || n, 'Restart', 'R-1', n, 1, 1 from generate_series(1, 5) n`);
  const frames = new Frames(page);
  const inventory = await Inventory.open(page, 'Restart', server.url);
  await server.stop();
  await expect(inventory.badge(/^Offline since \d\d:\d\d$/)).toBeVisible();
  expect(await server.postgresPid(), 'it has stopped its Postgres').toBeUndefined();
  // The command starts Postgres for itself.
  await server.command('psql', '--', '-qc', `update products set quantity = 77 where sku = 'RE-1'; delete from products where sku = 'RE-5'`);
  await server.start();
  // By itself.
  await inventory.live();
  await expect(inventory.quantity('Restart 1')).toHaveValue('77');
  await expect(inventory.row('Restart 5')).toBeHidden();
  expect((await inventory.all()).map(({ id, quantity }) => ({ id, quantity }))).toEqual(await truth(server));
  expect(frames.received('snapshot')).toEqual([]);
  expect(frames.received('resync')).toEqual([]);

  // A write through the page works on the server of after.
  await inventory.quantity('Restart 2').fill('22');
  await inventory.quantity('Restart 2').press('Enter');
  await expect.poll(() => truth(server)).toContainEqual(expect.objectContaining({ quantity: '22' }));
});

import { Frames, Inventory, UNREACHABLE, expect, test, type Server } from '../support/test';

// The network between page and server breaks, loudly or silently.

/** Instead of 15 s. A page gives a connection up after two of them. */
const HEARTBEAT_SECONDS = 1;

test.describe.configure({ mode: 'serial' });
test.beforeEach(({ complaints }) => complaints.allow(...UNREACHABLE));

async function stocked(launch: (options: { settings: Record<string, number> }) => Promise<Server>) {
  const server = await launch({ settings: { 'heartbeat-seconds': HEARTBEAT_SECONDS } });
  await server.sql(`insert into products (sku, name, category, location, quantity, reorder_level, price)
    select 'ZZNET-' || n, 'Network ' || n, 'Network', 'N-1', n, 1, 1 from generate_series(1, 5) n`);
  return server;
}

/** What others do while this page cannot hear. */
async function write(server: Server) {
  await server.sql(`update products set quantity = 100 where sku = 'ZZNET-1'`);
  await server.sql(`update products set quantity = 101 where sku = 'ZZNET-1'`);
  await server.sql(`delete from products where sku = 'ZZNET-2'`);
  await server.sql(`insert into products (sku, name, category, location, quantity, reorder_level, price)
    values ('ZZNET-6', 'Network 6', 'Network', 'N-1', 6, 1, 1)`);
}

async function caughtUp(inventory: Inventory, server: Server) {
  await expect(inventory.quantity('Network 1')).toHaveValue('101');
  const truth = await server.sql(`select id::int, quantity::text from products where category = 'Network' order by lower(sku) collate "C"`);
  expect((await inventory.all()).map(({ id, quantity }) => ({ id, quantity }))).toEqual(truth);
}

test('a cut wire is told, and what changed meanwhile is caught up on', async ({ page, launch, wireTo }) => {
  const server = await stocked(launch);
  const wire = await wireTo(server);
  const frames = new Frames(page);
  const inventory = await Inventory.open(page, 'ZZNET-', wire.url);

  await wire.cut();
  await expect(inventory.badge(/^Offline since/)).toBeVisible();
  await write(server);
  await expect(inventory.quantity('Network 1'), 'the old rows stay readable').toHaveValue('1');
  await wire.restore();
  await inventory.live();
  await caughtUp(inventory, server);
  expect(frames.received('snapshot')).toEqual([]);

  // Again, at once: the wire is cut while the page is catching up, over and over.
  for (let cut = 0; cut < 5; cut += 1) {
    const opened = frames.sockets.length;
    await server.sql(`update products set quantity = quantity + 1 where sku = 'ZZNET-3'`);
    await wire.cut();
    await wire.restore();
    await expect.poll(() => frames.sockets.length).toBeGreaterThan(opened);
  }
  await inventory.live();
  await expect(inventory.quantity('Network 3')).toHaveValue('8');
  await caughtUp(inventory, server);
});

test('packets that vanish are noticed within two heartbeats', async ({ page, launch, wireTo }) => {
  const server = await stocked(launch);
  const wire = await wireTo(server);
  const frames = new Frames(page);
  const inventory = await Inventory.open(page, 'ZZNET-', wire.url);
  await frames.find(({ message }) => message.type === 'heartbeat');

  wire.stall();
  const stalled = Date.now();
  await write(server);
  await expect(inventory.badge(/^Offline since/)).toBeVisible();
  // A timer and a test that looks ten times a second are late, but not by another heartbeat.
  expect(Date.now() - stalled).toBeLessThan((2 * HEARTBEAT_SECONDS + 2) * 1_000);
  await expect(inventory.quantity('Network 1')).toHaveValue('1');
  await wire.restore();
  await inventory.live();
  await caughtUp(inventory, server);
  expect(frames.received('snapshot')).toEqual([]);
});

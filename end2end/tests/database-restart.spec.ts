import { Frames, Inventory, expect, test } from '../support/test';

// Postgres stops under the running server.

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  const how = signal === 'SIGINT' ? 'is stopped' : 'crashes';
  test(`when Postgres ${how}, the page says so, and recovers with it`, async ({ page, openPage, launch }) => {
    const server = await launch();
    const [{ id, name } = { id: 0, name: '' }] = await server.sql<{ id: number; name: string }>(
      `insert into products (sku, name, category, location, quantity, reorder_level, price)
       values ('DB-1', 'Database 1', 'Restart', 'R-1', 1, 1, 1) returning id::int, name`,
    );
    const frames = new Frames(page);
    const inventory = await Inventory.open(page, 'DB-1', server.url);
    const socket = frames.sockets.length;
    const said = await inventory.noteBadge();
    await server.stopPostgres(signal);
    // The server starts its Postgres again, so this may not last.
    await expect.poll(said).toContainEqual(expect.stringMatching(/^Database unreachable since \d\d:\d\d$/));
    expect(await server.probe(), 'the server itself is well').toBe(200);

    await inventory.live();
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.sql('update products set quantity = 2 where id = $1', [id]);
    await expect(inventory.quantity(name)).toHaveValue('2');
    await inventory.quantity(name).fill('3');
    await inventory.quantity(name).press('Enter');
    await expect.poll(() => server.sql('select quantity from products where id = $1', [id])).toEqual([{ quantity: 3 }]);
    expect(frames.sockets, 'the socket has outlived it').toHaveLength(socket);
    expect(frames.received('snapshot')).toEqual([]);
    await Inventory.open(await openPage(), 'DB-1', server.url);
  });
}

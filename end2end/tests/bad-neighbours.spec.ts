import { Client, Inventory, expect, test } from '../support/test';

// What one client or one table does wrong is not felt by the others.

test('garbage from one client is answered, and leaves the others alone', async ({ page, stock, sql, server }) => {
  const { id, name } = await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const good = await Client.connect(server);
  good.send({ type: 'subscribe', id: 'good', table: 'products' });
  await good.find(({ position }) => position !== undefined);

  const bad = await Client.connect(server);
  const answered = (code: string) => bad.find((message) => message.type === 'error' && message.code === code);
  bad.socket.send('garbage');
  await answered('malformed_frame');
  bad.socket.send('[[[['.repeat(1_000));
  bad.socket.send('{"type":"subscribe"}');
  bad.socket.send(Buffer.from([0, 255, 1, 254]));
  await answered('binary_frame');
  bad.send({ type: 'launch_missiles' });
  await answered('unknown_type');
  bad.send({ type: 'subscribe', id: 'a', table: 'pg_catalog.pg_authid' });
  expect((await answered('unknown_table')).id).toBe('a');
  bad.send({ type: 'subscribe', id: 'x'.repeat(65), table: 'products' });
  await answered('invalid_id');
  bad.send({ type: 'unsubscribe', id: 'never' });
  await answered('unknown_id');
  // A position that is none of this server's is answered with a snapshot, not with silence.
  bad.send({ type: 'subscribe', id: 'p', table: 'products', position: 'AAAA.not-a-position' });
  await bad.find(({ type }) => type === 'resync' || type === 'error');

  const large = await Client.connect(server);
  large.socket.send('x'.repeat(100_000));
  expect(await large.end()).toBe(1009);
  const huge = await Client.connect(server);
  huge.socket.send('x'.repeat(5_000_000));
  await huge.end();
  const stubborn = await Client.connect(server);
  for (let frame = 0; frame < 200; frame += 1) stubborn.socket.send('{');
  expect(await stubborn.end()).toBe(4400);

  await sql('update products set quantity = 3 where id = $1', [id]);
  await expect(inventory.quantity(name)).toHaveValue('3');
  await good.find((message) => message.type === 'changes' && JSON.stringify(message).includes(`"id":${id},`));
  expect(good.closed).toBeUndefined();
  expect(await server.probe()).toBe(200);
  for (const client of [good, bad]) client.close();
});

test('a column of ten megabytes does not hurt', async ({ page, launch }) => {
  const server = await launch();
  const inventory = await Inventory.open(page, 'Hand tools', server.url);
  const { id, name } = (await inventory.rendered())[0]!;
  await server.sql('alter table products add column manual text');
  await server.sql(`update products set manual = repeat('ä', 5 * 1024 * 1024), quantity = 1 where id = $1`, [id]);
  await expect(inventory.quantity(name)).toHaveValue('1');
  await server.sql('update products set quantity = 2 where id = $1', [id]);
  await expect(inventory.quantity(name)).toHaveValue('2');
  await inventory.live();
  // A page that is loaded now shows the list all the same.
  await page.reload();
  await inventory.live();
  await expect(inventory.quantity(name)).toHaveValue('2');
});

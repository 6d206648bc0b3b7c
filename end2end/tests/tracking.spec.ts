import { Client, Frames, Inventory, expect, test } from '../support/test';

// Tables become live, and cease to be, while the server runs.

test('a table that is tracked at run time is live for any client', async ({ server, sql }) => {
  await sql('create table public."Größen" (code text primary key, amount numeric, seen timestamptz)');
  const client = await Client.connect(server);
  try {
    await sql(`insert into "Größen" values ('a', 12345678901234567890.123, '2026-01-02 03:04:05.6+00')`);
    client.send({ type: 'subscribe', id: 'early', table: 'public.Größen' });
    expect((await client.find(({ type }) => type === 'error')).code).toBe('unknown_table');

    expect(await server.command('track', 'public."Größen"')).toContain('is live, by its key (code)');
    expect(await server.command('track', 'public."Größen"')).toContain('was live already');
    // Nobody sees it before it is granted.
    client.send({ type: 'subscribe', id: 'hidden', table: 'public.Größen' });
    expect((await client.find(({ type, id }) => type === 'error' && id === 'hidden')).code).toBe('unknown_table');
    await server.command('grant', 'public."Größen"', '--role', 'staff');
    // The running server learns of it by itself.
    const subscribed = () => client.received.find(({ type, id }) => type === 'subscribed' && String(id).startsWith('s'));
    let attempt = 0;
    await expect
      .poll(() => {
        if (!subscribed()) client.send({ type: 'subscribe', id: `s${(attempt += 1)}`, table: 'public.Größen' });
        return subscribed();
      })
      .toMatchObject({ key: ['code'] });
    const { query } = subscribed()!;
    const snapshot = await client.find(({ type, query: of }) => type === 'snapshot' && of === query);
    expect(snapshot.rows).toMatchObject([{ code: 'a' }]);

    await sql(`insert into "Größen" values ('b', 1, null)`);
    await sql(`update "Größen" set code = 'c' where code = 'b'`);
    await sql(`delete from "Größen" where code = 'a'`);
    // However many statements a batch holds, what is left is the same.
    const codes = () => {
      const held = new Set(['a']);
      for (const { type, query: of, changes } of client.received) {
        if (type !== 'changes' || of !== query) continue;
        for (const { op, row, key } of changes as { op: string; row?: { code: string }; key?: { code: string } }[]) {
          if (op === 'delete') expect(held.delete(key!.code)).toBe(true);
          else held.add(row!.code);
        }
      }
      return [...held];
    };
    await expect.poll(codes).toEqual(['c']);

    expect(await server.command('tables')).toContain('Größen');
    await server.command('untrack', 'public."Größen"');
    await client.find(({ type, code }) => type === 'error' && code !== 'unknown_table');
    await sql(`insert into "Größen" values ('d', 1, null)`);
  } finally {
    client.close();
    await sql('drop table public."Größen"');
  }
});

test('what cannot be tracked is refused with what to do', async ({ server, sql }) => {
  await sql('create table public.keyless (a int)');
  await sql('create view public.seen as select 1 as one');
  const refusal = async (table: string) => {
    const failure = await server.command('track', table).catch((error: { code: number; stderr: string }) => error);
    expect(failure).toHaveProperty('code', 1);
    return (failure as { stderr: string }).stderr;
  };
  try {
    expect(await refusal('keyless')).toContain('primary key');
    expect(await refusal('seen')).toContain('view');
    expect(await refusal('no_such_table')).toContain('no_such_table');
  } finally {
    await sql('drop view public.seen');
    await sql('drop table public.keyless');
  }
});

test('a page whose table is untracked says so, and goes on when it is tracked again', async ({ page, launch, complaints }) => {
  complaints.allow(/rowcast:/, /status of 503/);
  const server = await launch();
  const frames = new Frames(page);
  const inventory = await Inventory.open(page, '', server.url);
  await server.command('untrack', 'products');
  await expect(page.getByRole('alert').filter({ hasText: 'These rows are no longer live.' })).toBeVisible();
  await expect(page.getByRole('rowheader').first(), 'the rows stay readable').toBeVisible();
  expect(frames.received('error')).toHaveLength(1);

  await server.command('track', 'products');
  await server.command('grant', 'products', '--role', 'staff');
  await page.reload();
  await inventory.live();
  const { id, name } = (await inventory.rendered())[0]!;
  await server.sql('update products set quantity = 12321 where id = $1', [id]);
  await expect(inventory.quantity(name)).toHaveValue('12321');
});

import { execFileSync } from 'node:child_process';
import { flawless } from '../support/flawless';
import { live, message, openAs } from '../support/orders';
import { expect, test, type Server } from '../support/test';
import type { Page } from '@playwright/test';

// Any table is a live grid: also one that nobody has written a page for.

let tables = 0;

/** A table with a schema of its own that nobody here has seen, live and granted to those who work here. */
async function unknownTable(server: Server): Promise<string> {
  const name = `zoo_${process.pid.toString(36)}_${(tables += 1)}`;
  await server.sql(`
    create table ${name} (
      id int primary key, name text not null, weight numeric(12, 3), born date, tame boolean, "Größe & ""x""" jsonb,
      note text, at timestamptz not null default '2026-01-02 03:04:05.5Z'
    );
    insert into ${name} (id, name, weight, born, tame, "Größe & ""x""", note)
    select n, 'Animal ' || n, n * 1.5, date '2020-01-01' + n, n % 2 = 0, jsonb_build_object('legs', n, 'ears', jsonb_build_array(1, 2)), null
    from generate_series(1, 30) n`);
  await server.command('track', name);
  await server.command('grant', name, '--role', 'staff');
  await server.command('grant', name, '--role', 'admin');
  return `public.${name}`;
}

class Explorer {
  constructor(readonly page: Page) {}

  get rows() {
    return this.page.getByRole('table').filter({ has: this.page.locator('.peek') }).locator('tbody tr');
  }

  get where() {
    return this.page.getByRole('textbox', { name: 'where' });
  }

  get changes() {
    return this.page.getByRole('list', { name: /^Latest changes/ });
  }

  /** The values of a column, from the top. */
  async column(heading: string): Promise<string[]> {
    const place = (await this.page.locator('.grid thead th').allInnerTexts()).findIndex((text) => text.replace(/[ ↑↓]+$/, '').trim() === heading);
    return this.page.locator(`.grid tbody td:nth-child(${place + 1})`).allInnerTexts();
  }
}

test('a table that nobody wrote a page for is found, filtered by keyboard, and follows every change', async ({ page, server, sql }) => {
  const table = await unknownTable(server);
  const name = table.split('.')[1]!;
  await openAs(page, server, 'Sam Staff', '/explore');
  await page.getByRole('searchbox', { name: 'Find a table' }).fill(name);
  await page.getByRole('navigation', { name: 'Tables' }).getByRole('link', { name }).click();
  const explorer = new Explorer(page);
  await expect(explorer.rows).toHaveCount(30);
  await expect(page.getByText('30 rows', { exact: true })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Tables' }).locator('[aria-current]')).toHaveText(name);
  expect((await explorer.column('weight')).slice(0, 3)).toEqual(['1.500', '3.000', '4.500']);
  expect((await explorer.column('at'))[0]).toBe('2026-01-02 03:04:05.5Z');
  expect((await explorer.column('note'))[0]).toBe('null');

  // Nothing but keys from here on.
  await explorer.where.focus();
  await page.keyboard.type('weight > 40 and tame');
  await page.keyboard.press('Enter');
  await expect(explorer.rows).toHaveCount(2);
  await expect(page.getByText('2 rows match', { exact: true })).toBeVisible();
  expect(new URL(page.url()).searchParams.get('where')).toBe('weight > 40 and tame');
  await page.getByRole('link', { name: 'weight' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('columnheader', { name: 'weight' })).toHaveAttribute('aria-sort', 'descending');
  await expect.poll(() => explorer.column('id')).toEqual(['30', '28']);

  // A row enters, one changes, one leaves: each is told with the transaction that did it.
  await sql(`update ${name} set weight = 99.125, note = 'grew' where id = 2`);
  await expect.poll(() => explorer.column('id')).toEqual(['2', '30', '28']);
  const newest = explorer.changes.getByRole('listitem').first();
  await expect(newest).toContainText('id 2');
  await expect(newest).toContainText('in the database');
  await expect(newest).toContainText(/tx \d+/);
  await sql(`update ${name} set weight = 123456789.001 where id = 30`);
  await expect(newest).toContainText('update');
  await expect(newest.locator('del')).toHaveText('45.000');
  await expect(newest.locator('ins')).toHaveText('123456789.001');
  await sql(`delete from ${name} where id = 28`);
  await expect.poll(() => explorer.column('id')).toEqual(['30', '2']);
  await expect(newest).toContainText('delete');

  // Whoever gets the address sees the same, also from the server.
  await page.reload();
  await live(page);
  await expect.poll(() => explorer.column('id')).toEqual(['30', '2']);
  await expect(explorer.where).toHaveValue('weight > 40 and tame');
  await expect(explorer.changes.getByRole('listitem').first()).toContainText('delete');
});

test('what happens while the changes are paused is told when they go on', async ({ page, server, sql }) => {
  const table = await unknownTable(server);
  await openAs(page, server, 'Sam Staff', `/explore?table=${table}`);
  const explorer = new Explorer(page);
  await expect(explorer.rows).toHaveCount(30);
  await sql(`update ${table} set note = 'first' where id = 1`);
  await expect(explorer.changes).toContainText('first');
  await page.getByRole('button', { name: 'Pause' }).click();
  await sql(`update ${table} set note = 'second' where id = 1`);
  await expect.poll(async () => (await explorer.column('note'))[0]).toBe('second');
  await expect(explorer.changes).not.toContainText('second');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(explorer.changes).toContainText('second');
});

test('rows add up, by group, and stay right', async ({ page, server, sql }) => {
  const table = await unknownTable(server);
  await openAs(page, server, 'Sam Staff', `/explore?table=${table}`);
  const explorer = new Explorer(page);
  await page.getByText('Totals: none').click();
  await page.getByRole('checkbox', { name: 'Group by tame' }).check();
  await page.getByRole('checkbox', { name: 'sum of weight' }).check();
  await page.getByRole('checkbox', { name: 'avg of weight' }).check();
  await expect.poll(() => explorer.column('sum(weight)')).toEqual(['337.500', '360.000']);
  expect(await explorer.column('tame')).toEqual(['false', 'true']);
  expect(await explorer.column('avg(weight)')).toEqual(['22.5', '24']);
  await sql(`update ${table} set tame = true where id = 1`);
  await expect.poll(() => explorer.column('count(*)')).toEqual(['14', '16']);
  await sql(`update ${table} set tame = null where id = 1`);
  await expect.poll(() => explorer.column('tame')).toEqual(['false', 'true', 'null']);
  await page.getByRole('link', { name: 'count(*)' }).click();
  await expect.poll(() => explorer.column('count(*)')).toEqual(['1', '14', '15']);
  await page.getByRole('link', { name: 'Start over' }).click();
  await expect(explorer.rows).toHaveCount(30);
  await expect(page.getByRole('checkbox', { name: 'Group by tame' })).not.toBeChecked();
});

test('columns are chosen, and a row is looked at in full while it changes', async ({ page, server, sql }) => {
  const table = await unknownTable(server);
  await openAs(page, server, 'Sam Staff', `/explore?table=${table}&limit=25`);
  const explorer = new Explorer(page);
  await expect(explorer.rows).toHaveCount(25);
  await expect(page.getByText('30 rows, the first 25 are shown')).toBeVisible();
  await page.getByText('Columns: all').click();
  await page.getByRole('checkbox', { name: /^note/ }).check();
  await page.getByRole('checkbox', { name: /^Größe & "x"/ }).check();
  await expect(page.locator('.grid thead th')).toHaveText(['In full', 'id', 'Größe & "x"', 'note']);
  await page.getByRole('button', { name: 'In full: id 3' }).click();
  const dialog = page.getByRole('dialog', { name: 'id 3' });
  await expect(dialog).toContainText('"legs": 3');
  await sql(`update ${table} set note = repeat('long ', 200) where id = 3`);
  await expect(dialog).toContainText('long '.repeat(200).trim());
  await sql(`delete from ${table} where id = 3`);
  await expect(dialog).toContainText('This row is gone');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect.poll(() => explorer.column('id')).not.toContain('3');
});

test('a condition that is wrong says where, and what is right again shows', async ({ page, server, complaints }) => {
  complaints.allow(/status of 404/);
  const table = await unknownTable(server);
  await openAs(page, server, 'Sam Staff', `/explore?table=${table}`);
  const explorer = new Explorer(page);
  await explorer.where.fill('weight > 40 and wieght < 3');
  await explorer.where.press('Enter');
  const alert = page.getByRole('alert').filter({ hasText: 'wieght' });
  await expect(alert).toContainText('there is no column "wieght"');
  await expect(alert.locator('mark')).toHaveText('wieght');
  await page.reload();
  await live(page);
  await expect(alert.locator('mark')).toHaveText('wieght');
  await explorer.where.fill("name = 'Animal 7'");
  await explorer.where.press('Enter');
  await expect(explorer.rows).toHaveCount(1);
  await expect(alert).toHaveCount(0);
  await explorer.where.fill('id < 0');
  await explorer.where.press('Enter');
  await expect(page.getByRole('heading', { name: 'No row matches' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all rows' }).click();
  await expect(explorer.rows).toHaveCount(30);
  await page.goto('/explore?table=public.nothing');
  await expect(page.getByRole('heading', { name: 'There is no such table to look at' })).toBeVisible();
});

test('the question can be taken along, and does elsewhere what it does here', async ({ page, server, sql }) => {
  const table = await unknownTable(server);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await openAs(page, server, 'Sam Staff', `/explore?table=${table}&where=${encodeURIComponent("name <> 'a\"b''c' and id <= 2")}&sort=id&direction=desc&limit=25`);
  const copied = async (language: string) => {
    await page.getByRole('button', { name: 'Copy as…' }).click();
    await page.getByRole('button', { name: language, exact: true }).click();
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect(message(page, 'Copied').first()).toBeVisible();
    await page.keyboard.press('Escape');
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const question = JSON.parse(await copied('JSON')) as Record<string, unknown>;
  expect(question).toEqual({ type: 'subscribe', id: '1', table, where: "name <> 'a\"b''c' and id <= 2", order: [{ column: 'id', desc: true }], limit: 25 });
  expect(await copied('Rust')).toContain('.limit(25)');
  // As Python reads it.
  execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: await copied('Python') });
  // As a browser carries it out: it prints the rows, and prints them again when they change.
  const script = await copied('JavaScript');
  const printed: number[][] = [];
  await page.exposeFunction('printed', (ids: number[]) => void printed.push(ids));
  // As a module of the page, whose own policy for scripts lets nothing else run.
  await page.evaluate((text) => {
    const print = { log: (rows: { id: number }[]) => (window as never as { printed: (ids: number[]) => void }).printed(rows.map((row) => row.id)), error: (words: string) => { throw new Error(words); } };
    const script = document.createElement('script');
    script.nonce = document.querySelector<HTMLScriptElement>('script[nonce]')!.nonce;
    Object.assign(window, { print });
    script.textContent = `{ const console = window.print; ${text} }`;
    document.head.append(script);
  }, script);
  await expect.poll(() => printed.at(-1)?.toSorted()).toEqual([1, 2]);
  await sql(`delete from ${table} where id = 1`);
  await expect.poll(() => printed.at(-1)).toEqual([2]);

  await page.getByRole('button', { name: 'Copy as…' }).click();
  await page.getByRole('button', { name: 'Copy the address' }).click();
  await expect(message(page, 'The address is copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url().replaceAll('+', '%20'));
});

test('what somebody may not read is not there, and what is taken away goes', async ({ page, openPage, server }) => {
  const table = await unknownTable(server);
  const name = table.split('.')[1]!;
  await server.command('grant', name, '--role', 'customer', '--columns', 'name,born', '--where', 'id > 28');
  await openAs(page, server, 'Cleo Customer', `/explore?table=${table}`);
  const explorer = new Explorer(page);
  await expect(explorer.rows).toHaveCount(2);
  await expect(page.locator('.grid thead th')).toHaveText(['In full', 'id', 'name', 'born']);
  await expect(page.getByText('Some of its rows or columns are not for you.')).toBeVisible();
  const admin = await openPage();
  await openAs(admin, server, 'Ada Admin', `/explore?table=${table}`);
  await expect(new Explorer(admin).rows).toHaveCount(30);
  await server.command('revoke', name, '--role', 'customer');
  await expect(page.getByRole('alert').filter({ hasText: 'nothing of it is granted to you' })).toBeVisible();
  await expect(explorer.rows).toHaveCount(0);
  await expect(new Explorer(admin).rows).toHaveCount(30);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the question is a form, and the answer a page', async ({ page, server }) => {
    const table = await unknownTable(server);
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(`/explore?table=${table}`)}`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    const explorer = new Explorer(page);
    await expect(explorer.rows).toHaveCount(30);
    await explorer.where.fill('id > 28');
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('by name');
    await page.getByRole('combobox', { name: 'Direction' }).selectOption('descending');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(explorer.rows).toHaveCount(2);
    expect(await explorer.column('name')).toEqual(['Animal 30', 'Animal 29']);
    await page.getByText('Totals: none').click();
    await page.getByRole('checkbox', { name: 'Group by tame' }).check();
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await explorer.column('count(*)')).toEqual(['1', '1']);
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('nothing that axe knows of', { tag: '@phone' }, async ({ page, server, sql }) => {
      test.slow();
      const table = await unknownTable(server);
      await openAs(page, server, 'Ada Admin', '/explore');
      await flawless(page, 'all tables');
      await page.goto(`/explore?table=${table}`);
      await live(page);
      const explorer = new Explorer(page);
      await sql(`update ${table} set note = 'x' where id = 1; insert into ${table} (id, name) values (${31}, repeat('W', 300)); delete from ${table} where id = 5`);
      await expect(explorer.changes).toContainText('delete');
      await flawless(page, 'a table');
      await page.getByText('Columns: all').click();
      await flawless(page, 'its columns');
      await page.getByText('Totals: none').click();
      await flawless(page, 'its totals');
      await page.getByRole('button', { name: 'In full: id 1', exact: true }).click();
      await flawless(page, 'a row');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Copy as…' }).click();
      await page.getByRole('button', { name: 'Python' }).click();
      await flawless(page, 'a copy');
      await page.keyboard.press('Escape');
      await page.goto(`/explore?table=${table}&where=nothing`);
      await expect(page.getByRole('alert').filter({ hasText: 'nothing' })).toBeVisible();
      await flawless(page, 'a wrong condition');
      await page.goto(`/explore?table=${table}&group=tame&sum=weight`);
      await live(page);
      await flawless(page, 'totals');
    });
  });
}

for (const width of [320, 600, 801, 1181, 1500, 2560]) {
  test(`at ${width} pixels nothing is cut off`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    await openAs(page, server, 'Ada Admin', '/explore');
    const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const address of ['/explore', '/explore?table=public.orders', '/explore?table=public.orders&group=state&sum=total', '/explore?table=public.chat_messages&where=text is null']) {
      await page.goto(address);
      await live(page);
      expect(await sideways(), address).toBeLessThanOrEqual(0);
    }
  });
}

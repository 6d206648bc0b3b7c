import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { Inventory, expect, test, type Server } from '../support/test';

// The inventory's past: a slider over its moments, what changed and who did it, and back to the present.

/** The program of a debug build is large: on a machine that does other things, it takes its time to start. */
const STARTS_WITHIN_MS = 60_000;
test.describe.configure({ timeout: 180_000 });

const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Moment' });
const moment = (page: Page): Locator => page.getByRole('region', { name: 'This moment' });
const rows = (page: Page): Locator => page.getByRole('table', { name: 'Products' });

async function flawless(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) })), what).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), what).toBeLessThanOrEqual(0);
}

/** The page, hydrated and live. */
async function open(page: Page, address = '/history'): Promise<void> {
  await page.goto(address);
  await expect(page.locator('html[data-js="ready"]')).toBeVisible({ timeout: STARTS_WITHIN_MS });
  await expect(page.getByRole('heading', { level: 1, name: 'History of the inventory' })).toBeVisible();
}

/** A product with the quantities 1, 2 and 3, one after the other. */
async function counted(sql: Server['sql'], id: number): Promise<void> {
  for (const quantity of [1, 2, 3]) await sql('update products set quantity = $2 where id = $1', [id, quantity]);
}

test('the slider goes back moment by moment and shows what was there, what changed and who did it', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  const inventory = await Inventory.open(page, stock.tag);
  await inventory.quantity(name).fill('77');
  const saved = page.waitForResponse(/set-quantity/);
  await inventory.quantity(name).press('Enter');
  await saved;

  await open(page);
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'Now, live');
  await expect(moment(page)).toContainText(/Quantity\s*3 → 77/);
  await expect(moment(page)).toContainText('Somebody without an account');
  await slider(page).press('ArrowLeft');
  await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
  await slider(page).press('ArrowLeft');
  await expect(moment(page)).toContainText(/Quantity\s*2 → 3/);
  await expect(moment(page)).toContainText('Directly in the database');
  await expect(rows(page).getByRole('row').filter({ hasText: name }).getByRole('cell').filter({ hasText: '2 → 3' })).toBeVisible();
  await slider(page).press('ArrowLeft');
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await expect(page).toHaveURL(/\/history\?at=/);
  await flawless(page, 'a moment');

  // Whoever has the address sees the same.
  await open(page, page.url());
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('1 → 2');
});

test('it plays forward until it is live again, and then it is', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  await open(page);
  for (let n = 0; n < 2; n++) await slider(page).press('ArrowLeft');
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await page.getByRole('combobox', { name: /Speed/ }).selectOption('5 a second');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect(moment(page).getByRole('heading', { name: 'Now, live' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Play' })).toBeDisabled();
  await expect(page).toHaveURL(/\/history$/);
  await sql('update products set quantity = 4711 where id = $1', [id]);
  await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('4,711');
  await expect(moment(page)).toContainText(/Quantity\s*3 → 4,711/);
});

test('back in the present the page tells the last moment, however many there have been since', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  for (const way of ['Live', 'End']) {
    await open(page);
    for (let n = 0; n < 2; n++) await slider(page).press('ArrowLeft');
    await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
    // More than a page knows of at once.
    for (let quantity = 100; quantity < 180; quantity += 1) await sql('update products set quantity = $2 where id = $1', [id, quantity]);
    await sql('update products set quantity = 3 where id = $1', [id]);
    if (way === 'Live') await page.getByRole('button', { name: 'Live', exact: true }).click();
    else await slider(page).press('End');
    await expect(moment(page).getByRole('heading', { name: 'Now, live' })).toBeVisible();
    await expect(moment(page), way).toContainText(/Quantity\s*179 → 3/);
    await expect(rows(page).getByRole('row').filter({ hasText: name }), way).toContainText('179 → 3');
    await expect(page).toHaveURL(/\/history$/);
  }
});

test('what is heard of the present does not lead away from the past', async ({ page, stock, sql }) => {
  const { id } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  await open(page);
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'Now, live');
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/api\/history\//, async (route) => {
    await held;
    await route.continue();
  }, { times: 1 });
  const asked = page.waitForRequest(/api\/history\//);
  await sql('update products set quantity = 4 where id = $1', [id]);
  await asked;
  await slider(page).press('ArrowLeft');
  await slider(page).press('ArrowLeft');
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  const answered = page.waitForResponse(/api\/history\//);
  answer();
  await (await answered).finished();
  await expect(moment(page)).toHaveAttribute('aria-busy', 'false');
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
});

/** The next question of the past waits, for as long as it takes to be asked and until `answer` is called. */
async function hold(page: Page): Promise<{ asked: Promise<unknown>; answer: () => Promise<void> }> {
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route(/api\/history\//, async (route) => {
    await held;
    await route.continue();
  }, { times: 1 });
  return {
    asked: page.waitForRequest(/api\/history\//),
    answer: async () => {
      const answered = page.waitForResponse(/api\/history\//);
      go();
      await (await answered).finished();
      // What comes of it has been drawn.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
    },
  };
}

test('what is done while the present is due counts, and not its answer', async ({ page, stock, sql }) => {
  const { id } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  for (const then of ['Earlier', 'a moment', 'Play']) {
    await open(page);
    for (let n = 0; n < 2; n += 1) await slider(page).press('ArrowLeft');
    await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
    await expect(moment(page)).toHaveAttribute('aria-busy', 'false');
    const { asked, answer } = await hold(page);
    await slider(page).press('End');
    await asked;
    await expect(moment(page)).toHaveAttribute('aria-busy', 'true');
    if (then === 'Earlier') await page.getByRole('button', { name: 'Earlier' }).click();
    else if (then === 'a moment') await page.getByRole('navigation', { name: 'Moments around this one' }).getByRole('link').nth(2).click();
    else for (const name of ['Play', 'Pause']) await page.getByRole('button', { name }).click();
    await expect(moment(page), then).toHaveAttribute('aria-busy', 'false');
    await answer();
    await expect(moment(page), then).toContainText(then === 'Play' ? /Quantity\s*1 → 2/ : /Quantity\s*50 → 1/);
    await expect(moment(page).getByRole('heading', { name: 'As it was' }), then).toBeVisible();
    await expect(page, then).toHaveURL(/\/history\?at=/);
    const [stop, present] = await slider(page).evaluate((range: HTMLInputElement) => [range.value, range.max]);
    expect(Number(stop), then).toBeLessThan(Number(present));
  }
});

test('whoever does not get to the present stays where they are, and the address says so', async ({ page, stock, sql, complaints }) => {
  complaints.allow(/net::ERR_/);
  const { id } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  await open(page);
  for (let n = 0; n < 2; n += 1) await slider(page).press('ArrowLeft');
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await expect(page).toHaveURL(/\/history\?at=/);
  const address = page.url();
  const value = await slider(page).inputValue();
  await page.route(/api\/history\//, (route) => route.abort(), { times: 1 });
  await slider(page).press('End');
  const trouble = page.getByRole('alert').filter({ hasText: 'The database does not answer.' });
  await expect(trouble).toBeVisible();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
  expect(page.url()).toBe(address);
  await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
  await expect(slider(page)).toHaveValue(value);
  await slider(page).press('ArrowRight');
  await expect(moment(page)).toContainText(/Quantity\s*2 → 3/);
  await expect(trouble, 'this step did lead somewhere').toBeHidden();
});

test('a table that changes all the time lets people leave the present', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one({ quantity: 50 });
  await counted(sql, id);
  await open(page);
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'Now, live');
  const { asked, answer } = await hold(page);
  await slider(page).press('ArrowLeft');
  await asked;
  await sql('update products set quantity = 4 where id = $1', [id]);
  await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('4');
  // Long enough to be asked which moment that was.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
  await answer();
  await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
  await expect(moment(page)).toContainText(/Quantity\s*2 → 3/);
  await expect(page).toHaveURL(/\/history\?at=/);
});

test('what was deleted is there again in the past, and marked where it goes', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  await sql('update products set quantity = 9 where id = $1', [id]);
  await sql('delete from products where id = $1', [id]);
  await open(page);
  await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('removed');
  await slider(page).press('ArrowLeft');
  await slider(page).press('ArrowLeft');
  await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('changed');
});

test('two moments are compared', async ({ page, stock, sql }) => {
  const [changed, gone] = [await stock.one({ quantity: 5 }), await stock.one()];
  await sql('update products set quantity = 6 where id = $1', [changed.id]);
  await open(page);
  await slider(page).press('ArrowLeft');
  await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
  await sql('update products set quantity = 8 where id = $1', [changed.id]);
  await sql('delete from products where id = $1', [gone.id]);
  const added = await stock.one();
  await page.getByRole('link', { name: 'Compare with now' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'The inventory, compared' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Added' })).toContainText(added.name);
  await expect(page.getByRole('region', { name: 'Removed' })).toContainText(gone.name);
  await expect(page.getByRole('region', { name: 'Changed' })).toContainText(/Quantity\s*6 → 8/);
  await flawless(page, 'the comparison');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('links and forms lead through the past', async ({ page, stock, sql, complaints }) => {
    complaints.allow(/status of 422/);
    const { id, name } = await stock.one({ quantity: 50 });
    await counted(sql, id);
    await page.goto('/history');
    await page.getByRole('link', { name: 'Earlier', exact: true }).click();
    await expect(moment(page)).toContainText(/Quantity\s*1 → 2/);
    await expect(rows(page).getByRole('row').filter({ hasText: name })).toContainText('1 → 2');
    await page.getByRole('link', { name: 'Later', exact: true }).click();
    await expect(moment(page)).toContainText(/Quantity\s*2 → 3/);
    await page.getByRole('link', { name: 'Compare with now' }).click();
    await expect(page.getByText('Nothing differs between these moments.')).toBeVisible();
    const beyond = await page.goto('/history?at=2020-01-01T00:00');
    expect(beyond!.status()).toBe(422);
    await expect(page.getByText(/The record reaches back to 2\d\d\d-/)).toBeVisible();
    expect((await page.goto('/history?at=yesterday'))!.status()).toBe(422);
  });
});

test('customers have no business there', async ({ launch, openPage, complaints }) => {
  complaints.allow(/status of 403/);
  const server = await launch({ settings: { anonymous: 'customer' } });
  const page = await openPage({ baseURL: server.url });
  expect((await page.goto('/history'))!.status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'This page is not for you' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'History' })).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe has nothing to say of the past, ${colorScheme}`, { tag: '@phone' }, async ({ browser, server, sql, stock, complaints }) => {
    const context = await browser.newContext({ colorScheme, baseURL: server.url });
    complaints.watch(context);
    const page = await context.newPage();
    const { id } = await stock.one({ quantity: 50 });
    await counted(sql, id);
    await open(page);
    await flawless(page, 'the present');
    await slider(page).press('ArrowLeft');
    await expect(moment(page).getByRole('heading', { name: 'As it was' })).toBeVisible();
    await flawless(page, 'a moment');
    await context.close();
  });
}

import type { Page } from '@playwright/test';
import { Frames, Inventory, expect, test } from '../support/test';

// A tab that nobody looks at for long gives up its connection, and continues where it was when somebody does.

/** Longer than a page waits before it pauses, as the page's clock is told. */
const LONG = '05:01';

/** Takes the page's clock and its visibility into the test's hands, and notes how it closes its sockets. Before `goto`. */
async function takeOver(page: Page) {
  await page.clock.install();
  await page.addInitScript(() => {
    const faked = Object.assign(window, { visibility: 'visible', closes: [] as (number | undefined)[] });
    Object.defineProperty(document, 'visibilityState', { get: () => faked.visibility });
    const close = WebSocket.prototype.close;
    WebSocket.prototype.close = function (code?: number) {
      faked.closes.push(code);
      close.call(this, code);
    };
  });
}

async function become(page: Page, visibility: 'visible' | 'hidden') {
  await page.evaluate((visibility) => {
    Object.assign(window, { visibility });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, visibility);
}

test('a tab that was hidden for long pauses, and continues exactly where it was', async ({ page, stock, sql }) => {
  const [changed, gone] = await stock.add(3);
  const frames = new Frames(page);
  await takeOver(page);
  const inventory = await Inventory.open(page, stock.tag);

  await become(page, 'hidden');
  await page.clock.fastForward(LONG);
  await expect(inventory.badge(/^Paused$/)).toBeVisible();
  await expect.poll(() => frames.sockets[0]!.isClosed()).toBe(true);
  expect(await page.evaluate(() => (window as unknown as { closes: number[] }).closes)).toEqual([1000]);

  await sql('update products set quantity = 51 where id = $1', [changed!.id]);
  await sql('delete from products where id = $1', [gone!.id]);
  const added = await stock.one({ quantity: 7 });
  await page.clock.fastForward('30:00');
  await expect(inventory.badge(/^Paused$/)).toBeVisible();
  expect(frames.sockets, 'nothing is tried meanwhile').toHaveLength(1);
  await expect(inventory.quantity(changed!.name), 'the rows stay readable').toHaveValue('50');

  await become(page, 'visible');
  await inventory.live();
  await expect(inventory.quantity(changed!.name)).toHaveValue('51');
  await expect(inventory.row(gone!.name)).toBeHidden();
  await expect(inventory.quantity(added.name)).toHaveValue('7');
  expect(frames.sockets).toHaveLength(2);
  expect(frames.received('snapshot'), 'only what was missed is sent').toEqual([]);
});

test('a tab that is looked at again in time keeps its connection', async ({ page, stock, sql }) => {
  const { id, name } = await stock.one();
  const frames = new Frames(page);
  await takeOver(page);
  const inventory = await Inventory.open(page, stock.tag);
  await become(page, 'hidden');
  await page.clock.fastForward('00:10');
  await become(page, 'visible');
  await sql('update products set quantity = 51 where id = $1', [id]);
  await expect(inventory.quantity(name)).toHaveValue('51');
  expect(frames.sockets).toHaveLength(1);
});

import { flawless } from '../support/flawless';
import { openAs } from '../support/orders';
import { Inventory, expect, test } from '../support/test';
import type { Page } from '@playwright/test';

// What can be done from everywhere, by name and by key, without a pointer.

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' });
const input = (page: Page) => palette(page).getByRole('combobox');
const options = (page: Page) => palette(page).getByRole('option');
const help = (page: Page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' });

test('the palette leads to a page, an order and a product, and gives the focus back', async ({ page, server, stock }) => {
  const { name } = await stock.one();
  await openAs(page, server, 'Sam Staff', '/');
  await new Inventory(page).live();
  await page.getByRole('link', { name: 'History' }).first().focus();
  await page.keyboard.press('Control+k');
  await expect(input(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
  await expect(page.getByRole('link', { name: 'History' }).first()).toBeFocused();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('board');
  await expect(options(page).first()).toHaveText(/Go to Orders/);
  await expect(options(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/orders$/);
  await expect(palette(page)).toBeHidden();

  await page.keyboard.press('Control+k');
  await expect(input(page)).toHaveValue('');
  await page.keyboard.type('1001');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /1001/ })).toBeVisible();

  await page.keyboard.press('Control+k');
  await page.keyboard.type(stock.tag);
  await expect(options(page)).toHaveText([`Find “${stock.tag}” in the inventory`]);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('rowheader')).toHaveText([name]);
});

test('arrows choose among the commands, all the way round', async ({ page }) => {
  const inventory = await Inventory.open(page);
  await page.getByRole('button', { name: 'Commands' }).click();
  await expect(options(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowUp');
  const last = options(page).last();
  await expect(last).toHaveAttribute('aria-selected', 'true');
  await expect(input(page)).toHaveAttribute('aria-activedescendant', (await last.getAttribute('id'))!);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.type('search this');
  await page.keyboard.press('Enter');
  await expect(inventory.search).toBeFocused();
});

test('whoever is nobody is offered nothing that is not theirs', async ({ page }) => {
  await Inventory.open(page);
  await page.keyboard.press('Control+k');
  await expect(options(page).filter({ hasText: 'Go to Inventory' })).toBeVisible();
  await expect(options(page).filter({ hasText: /Audit|Sign out|Notifications|account/ })).toHaveCount(0);
});

test('keys lead to pages, to the search and to the help, and the help knows them', async ({ page, server }) => {
  await openAs(page, server, 'Ada Admin', '/');
  const inventory = new Inventory(page);
  await inventory.live();
  await page.keyboard.press('?');
  await expect(help(page)).toBeVisible();
  const lines = await help(page).locator('dl > div').evaluateAll((lines) =>
    lines.map((line) => [[...line.querySelectorAll('kbd')].map((key) => key.textContent), line.querySelector('dd')!.textContent] as [string[], string]),
  );
  await page.keyboard.press('Escape');
  await expect(help(page)).toBeHidden();
  const leading = lines.filter(([keys]) => keys[0] === 'g');
  expect(leading.map(([, meaning]) => meaning)).toContain('Go to Audit');
  for (const [keys, meaning] of leading) {
    await test.step(meaning, async () => {
      for (const key of keys) await page.keyboard.press(key);
      await expect(page).toHaveTitle(new RegExp(meaning.replace('Go to ', '').replace('Your account', 'account'), 'i'));
    });
  }
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await expect(page).toHaveURL(/\/$/);
  await page.keyboard.press('/');
  await expect(inventory.search).toBeFocused();
});

test('no key does anything while somebody types, in a dialog, or when they are switched off', async ({ page, stock }) => {
  await stock.one();
  const inventory = await Inventory.open(page, stock.tag);
  const theme = page.getByRole('button', { name: /^Theme: / });
  await expect(theme).toHaveAccessibleName('Theme: auto');
  await inventory.search.focus();
  await page.keyboard.press('End');
  await page.keyboard.type('t?/g');
  await expect(inventory.search).toHaveValue(`${stock.tag}t?/g`);
  await expect(theme).toHaveAccessibleName('Theme: auto');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('t?');
  await expect(input(page)).toHaveValue('t?');
  await expect(help(page)).toBeHidden();
  await page.keyboard.press('Escape');
  await inventory.region.focus();
  await page.keyboard.press('t');
  await expect(theme).toHaveAccessibleName('Theme: light');

  await page.keyboard.press('?');
  await help(page).getByRole('checkbox', { name: 'Shortcuts that are only a character' }).uncheck();
  await help(page).getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('t');
  await page.reload();
  await inventory.live();
  await page.keyboard.press('t');
  // A key that works comes after it: had it done anything, that would show by now.
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeVisible();
  await expect(theme).toHaveAccessibleName('Theme: light');
});

test('compact rows are lower, stay so, and the list is measured anew', async ({ page, stock }) => {
  await stock.add(200);
  const inventory = await Inventory.open(page, stock.tag);
  const height = async () => (await page.getByRole('rowheader').first().boundingBox())!.height;
  const comfortable = await height();
  const turn = async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('density');
    await page.keyboard.press('Enter');
  };
  await turn();
  await expect(inventory.message('Density: compact')).toBeVisible();
  await expect.poll(height).toBeLessThan(comfortable);
  expect(await inventory.all()).toHaveLength(200);
  await page.reload();
  await inventory.live();
  expect(await height()).toBeLessThan(comfortable);
  await turn();
  await expect.poll(height).toBe(comfortable);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('axe has nothing to say of the palette and the help', { tag: '@phone' }, async ({ page, server }) => {
      await openAs(page, server, 'Sam Staff', '/');
      await new Inventory(page).live();
      await page.getByRole('button', { name: 'Commands' }).click();
      await expect(palette(page)).toBeVisible();
      await flawless(page, 'the palette');
      await page.keyboard.type('keyboard');
      await page.keyboard.press('Enter');
      await expect(help(page)).toBeVisible();
      await flawless(page, 'the help');
    });
  });
}

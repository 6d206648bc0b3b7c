import { flawless } from '../support/flawless';
import { Inventory, expect, test } from '../support/test';

// Behind the badge: how the connection is doing, in figures.

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the badge opens figures that move with what comes', { tag: '@phone' }, async ({ page, stock }) => {
      await stock.one();
      const inventory = await Inventory.open(page, stock.tag);
      await page.getByRole('button', { name: 'Connection details' }).click();
      const panel = page.getByRole('dialog', { name: 'Connection' });
      await expect(panel).toContainText(/Round trip(below 1|\d+) ms/);
      await expect(panel).toContainText(/Subscriptions[1-9]/);
      await flawless(page, 'the details of the connection');

      const figures = async () => {
        const text = await panel.innerText();
        const [, amount, unit] = /([\d.]+) (B|kB|MB) so far/.exec(text)!;
        const bytes = Number(amount) * { B: 1, kB: 1_000, MB: 1_000_000 }[unit as 'B' | 'kB' | 'MB'];
        return { bytes, position: await panel.getByRole('definition').last().getAttribute('title') };
      };
      const before = await figures();
      // More than the answers to all that it asks meanwhile.
      await stock.add(200);
      await expect.poll(async () => (await figures()).bytes).toBeGreaterThan(before.bytes + 20_000);
      await expect.poll(async () => (await figures()).position).not.toBe(before.position);
      await page.keyboard.press('Escape');
      await expect(panel).toBeHidden();
      await expect(inventory.badge(/^Live$/)).toBeVisible();
    });
  });
}

test('a connection that was lost has no round trip until it is back', async ({ page, wire, complaints }) => {
  complaints.allow(/WebSocket connection to .* failed/, /net::ERR_/);
  const inventory = await Inventory.open(page, '', wire.url);
  await page.getByRole('button', { name: 'Connection details' }).click();
  const panel = page.getByRole('dialog', { name: 'Connection' });
  await expect(panel).toContainText(/Round trip(below 1|\d+) ms/);
  await wire.cut();
  await expect(panel).toContainText('Round tripnot measured yet');
  await wire.restore();
  await inventory.live();
  await expect(panel).toContainText(/Round trip(below 1|\d+) ms/);
});

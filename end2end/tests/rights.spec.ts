import { Inventory, expect, test } from '../support/test';

// What somebody may see changes while they look.

test('what is taken away leaves the page at once, and is back when it is granted again', async ({ page, launch }) => {
  const server = await launch({ settings: { 'heartbeat-seconds': 1 } });
  const inventory = await Inventory.open(page, '', server.url);
  await expect(page.getByRole('rowheader').first()).toBeVisible();
  await server.command('revoke', 'products', '--role', 'staff');
  await expect(page.getByRole('rowheader')).toHaveCount(0);
  await expect(page.getByRole('alert').filter({ hasText: 'The rows cannot be shown.' })).toBeVisible();

  await server.command('grant', 'products', '--role', 'staff', '--where', "category = 'Power tools'");
  await expect(page.getByRole('rowheader').first()).toBeVisible();
  await inventory.live();
  const [{ count } = { count: '0' }] = await server.sql<{ count: string }>(`select count(*) from products where category = 'Power tools'`);
  await expect(inventory.count(new RegExp(`^${count} products`))).toBeVisible();

  // A reload is rendered with the same rights.
  await page.reload();
  await expect(inventory.count(new RegExp(`^${count} products`))).toBeVisible();
});

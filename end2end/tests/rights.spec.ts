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

test('another role shows other rows at once, and whoever is disabled is shown none', async ({ page, launch, complaints }) => {
  complaints.allow(/status of 401/, /WebSocket connection to .* failed/);
  const server = await launch({ settings: { anonymous: 'nobody', 'heartbeat-seconds': 2 } });
  await server.command('grant', 'products', '--role', 'customer', '--where', "category = 'Power tools'");
  const password = (await server.command('user', 'add', 'ada@example.org', '--role', 'staff', '--name', 'Ada Lovelace')).trim();
  await page.goto(`${server.url}/sign-in`);
  const form = page.getByRole('form', { name: 'Sign in', exact: true });
  await form.getByLabel('E-mail address').fill('ada@example.org');
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Sign in' }).click();
  const inventory = new Inventory(page);
  await inventory.live();
  await expect(inventory.count(/^2,000 products/)).toBeVisible();

  const shown = async () => (await inventory.rendered()).map(({ category }) => category);
  await server.command('user', 'role', 'ada@example.org', 'customer');
  const [{ count } = { count: '0' }] = await server.sql<{ count: string }>(`select count(*) from products where category = 'Power tools'`);
  await expect(inventory.count(new RegExp(`^${count} products`))).toBeVisible();
  await inventory.live();
  expect(new Set(await shown())).toEqual(new Set(['Power tools']));

  // What is granted to the role she has now is followed, too.
  await server.command('revoke', 'products', '--role', 'customer');
  await expect(page.getByRole('rowheader')).toHaveCount(0);
  await server.command('user', 'role', 'ada@example.org', 'staff');
  await expect(inventory.count(/^2,000 products/)).toBeVisible();

  await server.command('user', 'disable', 'ada@example.org');
  await expect(inventory.badge('You are signed out')).toBeVisible();
  await expect(page.getByRole('rowheader')).toHaveCount(0);
});

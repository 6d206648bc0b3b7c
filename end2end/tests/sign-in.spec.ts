import type { Page } from '@playwright/test';
import AxeBuilder from '@axe-core/playwright';
import { Inventory, UNREACHABLE, expect, test, type Server } from '../support/test';

// People sign in and out; nobody else sees anything.

const EMAIL = 'ada@example.org';

interface Ada {
  server: Server;
  password: string;
}

/** A server that lets nobody in but Ada, and the people of the demo. */
async function strict(launch: (options: { settings: Record<string, string> }) => Promise<Server>, role = 'staff'): Promise<Ada> {
  const server = await launch({ settings: { anonymous: 'nobody' } });
  const password = (await server.command('user', 'add', EMAIL, '--role', role, '--name', 'Ada Lovelace')).trim();
  return { server, password };
}

async function signIn(page: Page, password: string, email = EMAIL): Promise<void> {
  const form = page.getByRole('form', { name: 'Sign in', exact: true });
  await form.getByLabel('E-mail address').fill(email);
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Sign in' }).click();
}

const account = (page: Page) => page.getByRole('banner').getByRole('link', { name: 'Ada Lovelace' });

/** The form with its notice, or the list: nothing that is in the way, nothing that axe knows of. */
async function flawless(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

test('a wrong password is refused, the right one leads to where one wanted to go', { tag: '@phone' }, async ({ page, launch, complaints }) => {
  complaints.allow(/status of 401/);
  const { server, password } = await strict(launch);
  await page.goto(`${server.url}/?q=drill`);
  await expect(page).toHaveURL(`${server.url}/sign-in?next=/%3Fq%3Ddrill`);
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await flawless(page);

  await signIn(page, 'not the password');
  await expect(page.getByRole('alert').filter({ hasText: 'The e-mail address or the password is wrong.' })).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue(EMAIL);
  await expect(page.getByLabel('Password')).toHaveValue('');
  await flawless(page);

  await signIn(page, password);
  await expect(page).toHaveURL(`${server.url}/?q=drill`);
  await expect(account(page)).toBeVisible();
  await new Inventory(page).live();
});

test('signing out leads to the form, and the way back shows nothing', async ({ page, launch }) => {
  const { server, password } = await strict(launch);
  await page.goto(`${server.url}/sign-in`);
  await signIn(page, password);
  await new Inventory(page).live();
  await account(page).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  await expect(page.getByText('Role: staff')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')).toHaveCount(1);
  await flawless(page);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByText('You are signed out.')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('table')).toBeHidden();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('everything works as well', { tag: '@phone' }, async ({ page, launch, complaints }) => {
    complaints.allow(/status of 401/);
    const { server, password } = await strict(launch);
    await page.goto(`${server.url}/?q=drill`);
    await signIn(page, 'not the password');
    await expect(page.getByRole('alert').filter({ hasText: 'is wrong' })).toBeVisible();
    await signIn(page, password);
    await expect(page).toHaveURL(`${server.url}/?q=drill`);
    await account(page).click();
    const form = page.getByRole('form', { name: 'Change your password' });
    await form.getByLabel('Current password').fill(password);
    await form.getByLabel('New password', { exact: true }).fill('a better password');
    await form.getByLabel('New password, again').fill('a better password');
    await form.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByText('The password is changed')).toBeVisible();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await signIn(page, 'a better password');
    await expect(account(page)).toBeVisible();
  });
});

test('a new password keeps this browser and signs out the others', async ({ page, openPage, launch, complaints }) => {
  complaints.allow(/status of 401/, /WebSocket connection to .* failed/);
  const { server, password } = await strict(launch);
  const other = await openPage({ baseURL: server.url });
  await other.goto('/sign-in');
  await signIn(other, password);
  await expect(account(other)).toBeVisible();

  await page.goto(`${server.url}/sign-in?next=/account`);
  await signIn(page, password);
  const logins = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem');
  await expect(logins).toHaveCount(2);
  const form = page.getByRole('form', { name: 'Change your password' });
  await form.getByLabel('Current password').fill(password);
  await form.getByLabel('New password', { exact: true }).fill('a better password');
  await form.getByLabel('New password, again').fill('a better password');
  await form.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('all other browsers are signed out')).toBeVisible();
  await expect(logins).toHaveCount(1);
  await other.reload();
  await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
});

test('a page that was signed out elsewhere says so when it connects again, and does not try for ever', async ({ page, launch, wireTo, complaints }) => {
  complaints.allow(/WebSocket connection to .* failed/, /net::ERR_/, /status of 401/);
  const { server, password } = await strict(launch);
  const wire = await wireTo(server);
  await page.goto(`${wire.url}/sign-in?next=/%3Fq%3Ddrill`);
  await signIn(page, password);
  const inventory = new Inventory(page);
  await inventory.live();
  await wire.cut();
  await expect(inventory.badge(/^Offline since/)).toBeVisible();
  await server.sql('delete from rowcast.login');
  await wire.restore();
  // Unless it has tried by itself.
  await inventory.retry.click({ timeout: 2_000 }).catch(() => {});
  await expect(inventory.badge(/^You are signed out$/)).toBeVisible();
  await expect(page.getByRole('rowheader'), 'what was seen is not for whoever is here now').toHaveCount(0);
  await expect(inventory.retry).toBeHidden();
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).first().click();
  await expect(page).toHaveURL(`${wire.url}/sign-in?next=/%3Fq%3Ddrill`);
  await signIn(page, password);
  await inventory.live();
});

test('a customer sees the inventory and changes nothing', { tag: '@phone' }, async ({ page, launch }) => {
  const { server, password } = await strict(launch, 'customer');
  await page.goto(`${server.url}/sign-in`);
  await signIn(page, password);
  await new Inventory(page).live();
  await expect(page.getByRole('rowheader').first()).toBeVisible();
  await expect(page.getByText('Add product')).toBeHidden();
  await expect(page.getByRole('textbox', { name: /^Quantity of/ })).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Delete/ })).toHaveCount(0);
  await flawless(page);
});

test('the demo offers its accounts with one click', { tag: '@phone' }, async ({ page, launch, complaints }) => {
  // The page is open while the server stops.
  complaints.allow(...UNREACHABLE);
  const { server } = await strict(launch);
  expect(server.log.filter((line) => line.includes('@demo.example'))).toHaveLength(3);
  await page.goto(`${server.url}/`);
  await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sam Staff' })).toBeVisible();
  await new Inventory(page).live();

  await server.stop();
  await server.start();
  expect(server.log.filter((line) => line.includes('@demo.example')), 'told only once').toHaveLength(3);
  await page.goto(`${server.url}/sign-in`);
  await page.getByRole('button', { name: 'Sign in as Ada Admin' }).click();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Ada Admin' })).toBeVisible();
});

test('whoever signs up is told nothing of whether the address was free', async ({ page, launch, complaints }) => {
  complaints.allow(/status of 422/);
  const { server } = await strict(launch);
  for (const email of ['eve@example.org', EMAIL]) {
    await page.goto(`${server.url}/sign-in`);
    await page.getByRole('link', { name: 'Sign up' }).click();
    const form = page.getByRole('form', { name: 'Sign up' });
    await form.getByLabel('Name').fill('Eve');
    await form.getByLabel('E-mail address').fill(email);
    await form.getByLabel('Password').fill('eves own password');
    await form.getByRole('button', { name: 'Sign up' }).click();
    await expect(page.getByText('If this e-mail address had no account yet, it has one now.')).toBeVisible();
    await expect(page.getByLabel('E-mail address')).toHaveValue(email);
  }
  await signIn(page, 'eves own password', 'eve@example.org');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Eve' })).toBeVisible();
});

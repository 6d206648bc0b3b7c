import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { Client, Inventory, expect, test, type Server } from '../support/test';

// Who else looks at the inventory.

interface People {
  server: Server;
  /** Opens the inventory as somebody, in a browser of their own. */
  open: (page: Page, name: string) => Promise<Inventory>;
}

/** A server that lets nobody in but people who are made here. */
async function strict(launch: (options: { settings: Record<string, string | number> }) => Promise<Server>): Promise<People> {
  const server = await launch({ settings: { anonymous: 'nobody', 'heartbeat-seconds': 2 } });
  const open = async (page: Page, name: string) => {
    const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.org`;
    const password = (await server.command('user', 'add', email, '--role', 'staff', '--name', name)).trim();
    await page.goto(`${server.url}/sign-in`);
    const form = page.getByRole('form', { name: 'Sign in', exact: true });
    await form.getByLabel('E-mail address').fill(email);
    await form.getByLabel('Password').fill(password);
    await form.getByRole('button', { name: 'Sign in' }).click();
    const inventory = new Inventory(page);
    await inventory.live();
    return inventory;
  };
  return { server, open };
}

const company = (page: Page): Locator => page.getByRole('button', { name: /here$/ });
const names = (page: Page): Locator => page.locator('#company-names').getByRole('listitem');

/** From now on, everything that the button says, however short: call the result to read it. */
async function note(button: Locator): Promise<() => Promise<string[]>> {
  await button.evaluate((button) => {
    const words = () => button.querySelector('.company-count')?.textContent ?? '';
    const said: string[] = [words()];
    Object.assign(button, { said });
    new MutationObserver(() => said.at(-1) === words() || said.push(words())).observe(button, { childList: true, characterData: true, subtree: true });
  });
  return () => button.evaluate((button) => (button as unknown as { said: string[] }).said);
}

const kept = (page: Page) => page.evaluate(() => sessionStorage.getItem('rowcast-client'));

test('people appear, whoever reloads is there again, and closing leaves', async ({ page, openPage, launch }) => {
  // Five pages start one after the other.
  test.slow();
  const { open } = await strict(launch);
  await open(page, 'Ada Lovelace');
  await expect(company(page)).toHaveAccessibleName('Only you here');
  const theirs = await openPage();
  await open(theirs, 'Grace Hopper');
  await expect(company(page)).toHaveAccessibleName('2 people here');
  await expect(company(theirs)).toHaveAccessibleName('2 people here');

  // Another tab of hers is not another person.
  const tab = await theirs.context().newPage();
  await tab.goto(theirs.url());
  await new Inventory(tab).live();
  await expect(company(tab)).toHaveAccessibleName('2 people here');
  expect(await kept(tab), 'and another page').not.toEqual(await kept(theirs));
  await tab.close();

  // By this a server knows the page again.
  const client = await kept(theirs);
  await theirs.reload();
  await new Inventory(theirs).live();
  expect(await kept(theirs)).toEqual(client);
  await expect(company(theirs)).toHaveAccessibleName('2 people here');
  await expect(company(page)).toHaveAccessibleName('2 people here');

  await theirs.close();
  await expect(company(page)).toHaveAccessibleName('Only you here');
});

test('a page that is loaded again in a moment is not seen to go, and one that is left is', async ({ page, launch }) => {
  const server = await launch({ settings: { 'heartbeat-seconds': 2 } });
  await Inventory.open(page, '', server.url);
  const button = company(page);
  await expect(button).toHaveAccessibleName('Only you here');
  // What a browser does, at the pace of one whose program is small.
  const come = async () => {
    const client = await Client.connect(server);
    client.send({ type: 'join', room: 'page:inventory', client: 'of-one-tab', ref: 'r' });
    await client.find(({ type }) => type === 'ack');
    return client;
  };
  let client = await come();
  await expect(button).toHaveAccessibleName('2 people here');
  const said = await note(button);
  for (let times = 0; times < 3; times++) {
    client.socket.close(1001);
    await client.end();
    client = await come();
  }
  const other = await Client.connect(server);
  other.send({ type: 'join', room: 'page:inventory', client: 'of-another' });
  await expect(button).toHaveAccessibleName('3 people here');
  expect(await said(), 'nobody went').toEqual(['2 people here', '3 people here']);
  client.socket.close(1001);
  await expect(button).toHaveAccessibleName('2 people here');
  // A goodbye is no loss.
  other.socket.close(1000);
  await expect(button).toHaveAccessibleName('Only you here');
});

test('names are for whoever points, presses or moves there with the keyboard, and nobody is interrupted', { tag: '@phone' }, async ({ page, openPage, launch, isMobile }) => {
  const { open } = await strict(launch);
  await open(page, 'Ada Lovelace');
  await open(await openPage(), 'Grace Hopper');
  const button = company(page);
  await expect(button).toHaveAccessibleName('2 people here');
  await expect(names(page)).toHaveCount(0);
  await expect(button).toHaveAttribute('aria-expanded', 'false');
  if (isMobile) {
    await button.tap();
  } else {
    await button.hover();
    await expect(names(page)).toHaveText(['Ada Lovelace (you)', 'Grace Hopper']);
    await page.mouse.move(0, 0);
    await expect(names(page)).toHaveCount(0);
    await button.focus();
  }
  await expect(names(page)).toHaveText(['Ada Lovelace (you)', 'Grace Hopper']);
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  await page.keyboard.press('Escape');
  await expect(names(page)).toHaveCount(0);
  expect(await page.locator('.company').locator('[aria-live], [role=status], [role=alert]').count(), 'nothing is announced').toBe(0);
});

test('whoever has no right to see who is there is shown nobody', async ({ page, launch }) => {
  const { server, open } = await strict(launch);
  await open(page, 'Ada Lovelace');
  await expect(company(page)).toBeVisible();
  await server.command('room', 'deny', 'page:inventory', '--role', 'staff');
  await page.reload();
  await new Inventory(page).live();
  await expect(company(page)).toHaveCount(0);
});

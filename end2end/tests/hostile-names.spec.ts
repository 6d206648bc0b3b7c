import { Inventory, expect, test } from '../support/test';

// Names that are text, whatever they look like.

const NAMES = {
  quotes: `O'Brien "the" \`tick\` \\ back`,
  script: `</script><script>alert(1)</script>`,
  image: `<img src=x onerror="alert(1)">`,
  entity: `&lt;b&gt; &amp; & <!-- -->`,
  emoji: '👩🏽‍🚀 spanner 🇩🇪 ✅',
  hebrew: 'מברג פיליפס 12',
  override: 'gnp\u202Etxt.exe',
  template: '{{7*7}} ${7*7} %s %00 %n',
  separators: 'line\u2028separator\u2029here',
  long: 'Ω'.repeat(185),
  blank: '\u00a0nbsp\u00a0 zero\u200bwidth',
};

// Nothing of it may run.
test.beforeEach(({ page }) => {
  page.on('dialog', (dialog) => {
    throw new Error(`The page opened a dialog: ${dialog.message()}`);
  });
});

test('hostile names are text: in the HTML, in the live page, in labels, titles and messages', async ({ page, openPage, stock, sql }) => {
  const products: { id: number; hostile: string; name: string }[] = [];
  for (const hostile of Object.values(NAMES)) {
    const name = `${hostile} ${stock.tag}`;
    products.push({ ...(await stock.one({ name })), hostile });
  }

  await test.step('in the HTML', async () => {
    const plain = await openPage({ javaScriptEnabled: false });
    await plain.goto(`/?q=${stock.tag}`);
    expect(await plain.getByRole('rowheader').allTextContents()).toEqual(products.map(({ name }) => name));
    for (const { id, name } of products) {
      await plain.goto(`/?q=${stock.tag}&delete=${id}`);
      expect(await plain.getByRole('form', { name: 'Delete a product' }).textContent()).toContain(`“${name}”`);
    }
  });

  const inventory = await Inventory.open(page, stock.tag);
  const cell = (id: number) => page.getByRole('row').filter({ has: page.locator(`#quantity-${id}`) });
  const header = (id: number) => cell(id).getByRole('rowheader');

  await test.step('in the live page', async () => {
    for (const { id, name } of products) {
      expect(await header(id).evaluate((element) => element.textContent)).toBe(name);
      await expect(header(id)).toHaveAttribute('title', name);
      await expect(cell(id).getByRole('textbox')).toHaveAttribute('aria-label', `Quantity of ${name}`);
      await expect(cell(id).getByRole('link', { name: /^Delete / })).toHaveAttribute('aria-label', `Delete ${name}`);
    }
  });

  await test.step('over the socket', async () => {
    for (const { id, hostile } of products) {
      await sql('update products set name = name || $2, category = $3, location = $4 where id = $1', [id, '!', hostile.slice(0, 60), hostile.slice(0, 40)]);
    }
    const expected = products.map(({ id, name, hostile }) => ({ id, name: `${name}!`, category: hostile.slice(0, 60), location: hostile.slice(0, 40) }));
    await expect.poll(async () => (await inventory.rendered()).map(({ id, name, category, location }) => ({ id, name, category, location }))).toEqual(expected);
  });

  await test.step('in messages, and back through JSON', async () => {
    const messages = page.getByRole('region', { name: 'Messages' });
    for (const { id, name } of products) {
      await cell(id).getByRole('link', { name: /^Delete / }).click();
      await expect.poll(() => messages.evaluate((element) => element.textContent)).toContain(`Deleted “${name}!”`);
      await messages.getByRole('button', { name: 'Undo' }).click();
      await expect.poll(() => sql('select id::int, name from products where id = $1', [id])).toEqual([{ id, name: `${name}!` }]);
      await expect(cell(id)).toBeVisible();
      expect(await header(id).evaluate((element) => element.textContent)).toBe(`${name}!`);
    }
  });

  // The name is a link to the product, and nothing in it.
  const strange = (cells: Element[]) => cells.filter(({ children: [link, ...more] }) => link?.tagName !== 'A' || link.childElementCount + more.length > 0).length;
  expect(await page.getByRole('rowheader').evaluateAll(strange), 'no element has come of any').toBe(0);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('script').evaluateAll((scripts) => scripts.map(({ textContent }) => textContent))).not.toContain('alert(1)');
});

test('a search for something hostile shows it as text and finds it', async ({ page, stock }) => {
  const hostile = '<b>bold</b>&"\'';
  await stock.one({ name: `${stock.tag} ${hostile}` });
  const inventory = await Inventory.open(page, `${stock.tag} ${hostile}`);
  await expect(page.getByRole('rowheader')).toHaveText([`${stock.tag} ${hostile}`]);
  await inventory.search.fill(`${hostile} not there`);
  await expect(page.getByRole('heading', { name: `Nothing matches “${hostile} not there”` })).toBeVisible();
  await expect(page).toHaveTitle('Inventory · Rowcast');
});

test('an address cannot put words into the page', async ({ page }) => {
  await page.goto(`/?notice=${encodeURIComponent('"<script>alert(1)</script>"')}&delete=${encodeURIComponent('1 or 1=1')}&sort=${encodeURIComponent('";--')}&page=99999999999999999999`);
  const inventory = new Inventory(page);
  await inventory.live();
  await expect(page.getByRole('alert').filter({ hasText: /./ })).toHaveCount(0);
  await expect(page.getByRole('rowheader').first()).toBeVisible();
});

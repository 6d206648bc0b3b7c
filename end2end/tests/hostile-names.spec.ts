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

for (const [kind, hostile] of Object.entries(NAMES)) {
  test(`a name with ${kind} is text: in the HTML, in the live page, in labels, titles and messages`, async ({ page, openPage, stock, sql }) => {
    const name = `${hostile} ${stock.tag}`;
    const first = await stock.one({ name });
    const plain = await openPage({ javaScriptEnabled: false });
    await plain.goto(`/?q=${stock.tag}`);
    await expect(plain.getByRole('rowheader')).toHaveText([name], { useInnerText: false });
    await plain.goto(`/?q=${stock.tag}&delete=${first.id}`);
    await expect(plain.getByRole('form', { name: 'Delete a product' })).toContainText(name);

    const inventory = await Inventory.open(page, stock.tag);
    const header = page.getByRole('rowheader').first();
    const input = page.getByRole('row').getByRole('textbox').first();
    const text = () => header.evaluate((cell) => cell.textContent);
    expect(await text()).toBe(name);
    await expect(header).toHaveAttribute('title', name);
    await expect(input).toHaveAttribute('aria-label', `Quantity of ${name}`);
    expect(await header.evaluate((cell) => cell.childElementCount), 'no element has come of it').toBe(0);

    // Over the socket, not in the HTML.
    await sql('update products set name = name || $2, category = $3, location = $4 where id = $1', [first.id, '!', hostile.slice(0, 60), hostile.slice(0, 40)]);
    await expect.poll(text).toBe(`${name}!`);
    await expect.poll(async () => (await inventory.rendered())[0]).toMatchObject({ category: hostile.slice(0, 60), location: hostile.slice(0, 40) });

    // In a message, and back through JSON.
    await page.getByRole('link', { name: 'Delete ' }).first().click();
    const messages = page.getByRole('region', { name: 'Messages' });
    await expect.poll(() => messages.evaluate((element) => element.textContent)).toContain(`Deleted “${name}!”`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(text).toBe(`${name}!`);
    expect(await sql('select id::int, name from products where id = $1', [first.id])).toEqual([{ id: first.id, name: `${name}!` }]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').evaluateAll((scripts) => scripts.map(({ textContent }) => textContent))).not.toContain('alert(1)');
  });
}

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

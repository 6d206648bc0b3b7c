import { test } from '../support/test';
const pages = (process.env.SHOTS ?? '').split(',');
const sizes = ([[390, 800], [1280, 900], [2560, 1300]] as const).filter(([w]) => !process.env.W || process.env.W === String(w));
for (const [w, h] of sizes) for (const colorScheme of ['light', 'dark'] as const) {
  test(`shot ${w} ${colorScheme}`, async ({ browser, server, sql }) => {
    test.setTimeout(120_000);
    const context = await browser.newContext({ viewport: { width: w, height: h }, colorScheme, baseURL: server.url });
    const page = await context.newPage();
    page.on('console', (m) => console.log(w, colorScheme, m.type(), m.text().slice(0, 300)));
    page.on('pageerror', (e) => console.log('ERR', e.message.slice(0, 500)));
    for (let i = 0; i < 6; i++) await sql(`update products set quantity = quantity + ${i + 1}, price = price + 0.5 where id = ${i * 7 + 1}`);
    await sql('begin'); await sql(`update products set reorder_level = 3 where id in (5, 9, 12)`); await sql('commit');
    for (const one of pages) {
      const [path, name] = one.split('|');
      await page.goto(path);
      await page.waitForTimeout(1500);
      if (name.includes('back')) for (let i = 0; i < 3; i++) { await page.getByRole('button', { name: 'Earlier' }).click(); await page.waitForTimeout(400); }
      await page.waitForTimeout(500);
      await page.screenshot({ path: `/tmp/shots/${name}-${w}-${colorScheme}.png` });
      console.log(page.url());
    }
    await context.close();
  });
}

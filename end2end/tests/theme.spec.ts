import { Inventory, expect, test } from '../support/test';

// Light, dark, or as the system has it.

/** Brightness of the background, 0 to 255. */
const BRIGHTNESS = () => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return (red + green + blue) / 3;
};

test.use({ colorScheme: 'light' });

test('the choice is kept, and there from the first frame on', async ({ page }) => {
  // Every frame's background, from the first with a body on.
  await page.addInitScript((brightness) => {
    const read = new Function(`return (${brightness})()`) as () => number;
    const seen: number[] = [];
    Object.assign(window, { seen });
    const look = () => {
      // The style sheet blocks painting, but not this.
      if (document.body && document.styleSheets.length > 0) seen.push(read());
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, BRIGHTNESS.toString());
  const seen = () => page.evaluate(() => (window as unknown as { seen: number[] }).seen);

  const inventory = await Inventory.open(page);
  const toggle = page.getByRole('button', { name: /^Theme: / });
  await expect(toggle).toHaveAccessibleName('Theme: auto');
  expect(await page.evaluate(BRIGHTNESS)).toBeGreaterThan(200);
  await toggle.click();
  await expect(toggle).toHaveAccessibleName('Theme: light');
  await toggle.click();
  await expect(toggle).toHaveAccessibleName('Theme: dark');
  expect(await page.evaluate(BRIGHTNESS)).toBeLessThan(60);

  await page.reload();
  await inventory.live();
  await expect(toggle).toHaveAccessibleName('Theme: dark');
  expect((await seen()).length).toBeGreaterThan(2);
  expect(Math.max(...(await seen())), 'no flash of light').toBeLessThan(60);

  await toggle.click();
  await expect(toggle).toHaveAccessibleName('Theme: auto');
  expect(await page.evaluate(BRIGHTNESS)).toBeGreaterThan(200);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await page.evaluate(BRIGHTNESS), 'as the system has it').toBeLessThan(60);
  await page.reload();
  await inventory.live();
  await expect(toggle).toHaveAccessibleName('Theme: auto');
});

test('a browser that keeps nothing still switches', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('forbidden', 'SecurityError');
      },
    });
  });
  await Inventory.open(page);
  const toggle = page.getByRole('button', { name: /^Theme: / });
  await toggle.click();
  await toggle.click();
  await expect(toggle).toHaveAccessibleName('Theme: dark');
  expect(await page.evaluate(BRIGHTNESS)).toBeLessThan(60);
  for (const density of ['compact', 'comfortable', 'compact']) {
    await page.keyboard.press('d');
    await expect(page.locator('html')).toHaveAttribute('data-density', density);
  }
});

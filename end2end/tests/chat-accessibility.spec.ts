import { Talk, room } from '../support/chat';
import { flawless } from '../support/flawless';
import { live } from '../support/orders';
import { expect, test } from '../support/test';

// Nothing that axe knows of on the pages of chat, in light and dark, on a desk and in a hand.

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('conversations, messages and what opens there', { tag: '@phone' }, async ({ page, server, complaints, isMobile }) => {
      test.slow();
      complaints.allow(/net::ERR_FAILED/, /status of 404/);
      const { id, name } = await room(server, 60, `${'Wide'.repeat(6)} ${Date.now()}`);
      const sam = await Talk.open(page, server, 'Sam Staff', '/chat');
      await expect(sam.item(name)).toContainText('unread');
      await flawless(page, 'the list');
      await sam.item(name).click();
      await expect(sam.message('line 60.')).toBeVisible();
      await sam.send(`@Ada Admin ${'W'.repeat(300)}\n\`code\` https://example.org/${'a'.repeat(200)}\n\`\`\`\n${'x'.repeat(300)}\n\`\`\``);
      await expect(sam.message('WWW')).toBeVisible();
      await sam.field.fill('@');
      await expect(page.getByRole('option', { name: 'Ada Admin' })).toBeVisible();
      await flawless(page, 'names that are offered');
      await page.keyboard.press('Escape');
      await sam.field.fill('');
      await page.route(/api\/chat\/send/, (route) => route.abort());
      await sam.send('That waits');
      await expect(sam.waiting.getByRole('button', { name: 'Discard' })).toBeVisible();
      await flawless(page, 'what waits');
      await sam.waiting.getByRole('button', { name: 'Discard' }).click();
      if (!isMobile) await sam.message('WWW').hover();
      await sam.message('WWW').getByRole('link', { name: 'Delete this message' }).click();
      await flawless(page, 'the question');
      await page.getByRole('link', { name: 'Keep' }).click();
      await sam.message('WWW').getByRole('link', { name: 'Edit this message' }).click({ force: true });
      await expect(page.getByRole('form', { name: 'Edit the message' })).toBeVisible();
      await flawless(page, 'a message being changed');
      await page.keyboard.press('Escape');
      await page.goto(`/chat/${id}?at=10`);
      await expect(page.getByRole('button', { name: /Newest messages/ })).toBeVisible();
      await flawless(page, 'far up');
      await page.goto('/chat?q=line');
      await expect(page.getByRole('list', { name: 'Messages found' })).toBeVisible();
      await flawless(page, 'what a search found');
      await page.goto('/chat/new');
      await expect(page.getByRole('list', { name: 'People' }).getByRole('button').first()).toBeVisible();
      await flawless(page, 'a new conversation');
      await page.goto('/chat/999999');
      await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
      await flawless(page, 'no such conversation');
    });
  });
}

for (const width of [320, 390, 600, 721, 921, 1241]) {
  test(`at ${width} pixels no page of chat is cut off`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    const { id } = await room(server, 3, `${'Wide'.repeat(8)} ${width} ${Date.now()}`);
    const sam = await Talk.open(page, server, 'Sam Staff', id);
    await expect(sam.field).toBeInViewport({ ratio: 1 });
    const sideways = () => page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.chat-frame, .chat-side')].map((element) => element.scrollWidth - element.clientWidth));
    for (const address of [`/chat/${id}`, '/chat', '/chat/new']) {
      await page.goto(address);
      await live(page);
      expect(Math.max(...(await sideways())), address).toBeLessThanOrEqual(0);
    }
  });
}

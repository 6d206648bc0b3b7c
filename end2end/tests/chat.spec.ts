import { Talk, room, say, texts } from '../support/chat';
import { live, message } from '../support/orders';
import { UNREACHABLE, expect, test } from '../support/test';

// People who talk to each other, each in a browser of their own.

test('what one says the other reads at once, sees being typed, changed and taken back', async ({ page, openPage, server }) => {
  test.slow();
  const { id, name } = await room(server);
  const other = await openPage();
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  const ada = await Talk.open(other, server, 'Ada Admin', '/chat');
  await sam.field.pressSequentially('Hel');
  await sam.send('Hello <b>you</b>, see https://example.org/a?b=c and `code`');
  // Ada looks at the list.
  await expect(ada.item(name)).toContainText('Sam Staff: Hello <b>you</b>');
  await expect(ada.item(name)).toContainText('1 unread');
  await expect(sam.message('Hello').getByText('Sent', { exact: true })).toBeAttached();
  await ada.item(name).click();
  const said = ada.message('Hello <b>you</b>');
  await expect(said.getByRole('link', { name: 'https://example.org/a?b=c' })).toHaveAttribute('rel', 'noopener noreferrer nofollow');
  await expect(said.locator('code')).toHaveText('code');
  await expect(said.locator('b')).toHaveCount(0);
  await expect(ada.item(name)).not.toContainText('unread');
  await expect(sam.message('Hello').getByText('Read by Ada Admin')).toBeAttached();

  await expect(page.getByRole('button', { name: '2 people here' })).toBeVisible();
  await ada.field.pressSequentially('An');
  await expect(page.getByText('Ada Admin is typing…')).toBeVisible();
  await ada.send('An answer');
  await expect(sam.message('An answer')).toBeVisible();
  await expect(page.getByText('Ada Admin is typing…')).toHaveCount(0);

  // The last thing that was said is changed with the arrow.
  await sam.send('A mistkae');
  await expect(ada.message('A mistkae')).toBeVisible();
  await sam.field.press('ArrowUp');
  const edit = page.getByRole('form', { name: 'Edit the message' }).getByRole('textbox');
  await expect(edit).toBeFocused();
  await edit.fill('A mistake');
  await edit.press('Enter');
  await expect(ada.message('A mistake')).toContainText('edited');
  await expect(sam.field).toBeFocused();

  const mine = sam.message('A mistake');
  await mine.hover();
  await mine.getByRole('link', { name: 'Delete this message' }).click();
  await expect(mine.getByRole('button', { name: 'Delete' })).toBeFocused();
  await mine.getByRole('button', { name: 'Delete' }).click();
  await expect(ada.messages.getByText('This message was deleted')).toBeVisible();
  await expect(ada.messages.getByText('A mistake')).toHaveCount(0);
  // Of others nothing can be changed, and administrators may clear a room.
  await expect(sam.message('An answer').getByRole('link', { name: /this message$/ })).toHaveCount(0);
  await expect(said.getByRole('link', { name: 'Edit this message' })).toHaveCount(0);
  await expect(said.getByRole('link', { name: 'Delete this message' })).toHaveCount(1);
});

test('what was begun in one conversation is still there after a look at another', async ({ page, server }) => {
  const [one, other] = [await room(server), await room(server, 3)];
  const sam = await Talk.open(page, server, 'Sam Staff', one.id);
  await sam.send('A line\nand another');
  await expect(sam.message('A line').getByText('Sent', { exact: true })).toBeAttached();
  const draft = 'Half a <b>thought</b>,\nin two lines';
  await sam.field.fill(draft);
  await sam.item(other.name).click();
  await expect(page).toHaveURL(new RegExp(`/chat/${other.id}$`));
  await expect(sam.message('line 3.')).toBeVisible();
  await expect(sam.field).toHaveValue('');
  await sam.item(one.name).click();
  await expect(page).toHaveURL(new RegExp(`/chat/${one.id}$`));
  await expect(sam.message('A line')).toBeVisible();
  await expect(sam.field).toHaveValue(draft);
  // In a field that is empty the arrow changes what was said last, just as it was said.
  await sam.field.fill('');
  await sam.field.press('ArrowUp');
  const edit = page.getByRole('form', { name: 'Edit the message' }).getByRole('textbox');
  await expect(edit).toHaveValue('A line\nand another');
});

test('two people talk, and the third has no part in it', async ({ page, openPage, server, complaints }) => {
  test.slow();
  complaints.allow(/status of 404/);
  const cleo = await Talk.open(page, server, 'Cleo Customer', '/chat/new');
  await expect(page.getByRole('list', { name: 'People' }).getByRole('button')).toHaveText([/Ada Admin/, /Sam Staff/]);
  await expect(page.getByRole('form', { name: 'Open a room' })).toHaveCount(0);
  await page.getByRole('searchbox', { name: 'Find people by name' }).fill('ada');
  await expect(page.getByRole('list', { name: 'People' }).getByRole('button')).toHaveText([/Ada Admin/]);
  await page.getByRole('button', { name: /Ada Admin/ }).click();
  await expect(page).toHaveURL(/\/chat\/\d+$/);
  const chat = Number(page.url().split('/').pop());
  const [ada, sam] = [await openPage(), await openPage()];
  const adas = await Talk.open(ada, server, 'Ada Admin', chat);
  const sams = await Talk.open(sam, server, 'Sam Staff', '/chat');
  await expect(page.getByText('Here now')).toBeVisible();
  await expect(ada.getByText('Here now')).toBeVisible();
  await adas.field.pressSequentially('Ye');
  await expect(page.getByText('Ada Admin is typing…')).toBeVisible();
  await adas.send('Yes, between us');
  await expect(cleo.message('Yes, between us')).toBeVisible();
  await expect(adas.message('Yes, between us').getByText('Read by Cleo Customer')).toBeAttached();
  await expect(sams.list.getByText('Yes, between us')).toHaveCount(0);
  await sam.goto(`${server.url}/chat/${chat}`);
  await expect(sam.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  await ada.goto(`${server.url}/chat`);
  await expect(page.getByText('Here now')).toHaveCount(0);
});

test('what is said without a connection waits, in its order, and is stored once when it is back', async ({ page, openPage, server, wire, complaints }) => {
  test.slow();
  complaints.allow(...UNREACHABLE);
  const { id } = await room(server);
  const ada = await Talk.open(await openPage(), server, 'Ada Admin', id);
  const sam = await Talk.open(page, wire, 'Sam Staff', id);
  await wire.cut();
  await expect(page.getByRole('banner').getByRole('status').filter({ hasText: /^Offline since/ })).toBeVisible();
  for (const text of ['first', 'second', 'third']) await sam.send(text);
  await expect(sam.waiting.getByRole('listitem')).toHaveText([/first/, /second/, /third/]);
  await expect(sam.waiting.getByRole('listitem').first()).toContainText('Waits for the connection');
  await sam.waiting.getByRole('listitem').nth(1).getByRole('button', { name: 'Discard' }).click();
  await wire.restore();
  await page.getByRole('button', { name: 'Retry now' }).click({ timeout: 2_000 }).catch(() => {});
  await live(page);
  await expect(ada.message('third')).toBeVisible();
  await expect(sam.waiting).toBeHidden();
  expect(await texts(server, id)).toEqual(['first', 'third']);
});

test('what was sent and not confirmed survives a reload, and is stored once all the same', async ({ page, server, complaints }) => {
  complaints.allow(/net::ERR_FAILED/);
  const { id } = await room(server);
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  // The server has it, and nobody hears its answer.
  let tries = 0;
  await page.route(/api\/chat\/send/, async (route) => {
    tries += 1;
    await route.fetch();
    await route.abort();
  });
  await sam.send('once');
  await expect.poll(() => texts(server, id)).toEqual(['once']);
  await expect(sam.message('once'), 'its row tells').toHaveCount(1);
  await page.unroute(/api\/chat\/send/);
  await page.route(/api\/chat\/send/, (route) => route.abort());
  await sam.send('twice');
  await expect(sam.waiting.getByText(/Not sent yet\. The server did not answer/).first()).toBeVisible();
  await page.reload();
  await live(page);
  await expect(sam.waiting.getByRole('listitem')).toHaveText([/twice/]);
  await page.unroute(/api\/chat\/send/);
  await sam.waiting.getByRole('button', { name: 'Try again' }).click({ timeout: 3_000 }).catch(() => {});
  await expect(sam.message('twice')).toBeVisible({ timeout: 20_000 });
  await expect(sam.waiting).toBeHidden();
  expect(await texts(server, id)).toEqual(['once', 'twice']);
  expect(tries).toBeGreaterThan(0);
});

test('what is refused says why, and can be tried again or discarded', async ({ page, server }) => {
  const { id } = await room(server);
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  await page.route(/api\/chat\/send/, (route) => route.fulfill({ json: { Err: 'too_many_names' } }));
  await sam.send('refused');
  await expect(sam.waiting.getByRole('listitem')).toContainText('Not sent. It names too many people.');
  await sam.send('too');
  await expect(sam.waiting.getByRole('listitem')).toHaveCount(2);
  await sam.waiting.getByRole('listitem').nth(0).getByRole('button', { name: 'Discard' }).click();
  await page.unroute(/api\/chat\/send/);
  await sam.waiting.getByRole('button', { name: 'Try again' }).click();
  await expect(sam.message('too')).toBeVisible();
  expect(await texts(server, id)).toEqual(['too']);
});

test('what one person has written another does not send who signs in in the same browser', async ({ page, server, complaints }) => {
  complaints.allow(/net::ERR_FAILED/);
  const { id } = await room(server);
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  await page.context().route(/api\/chat\/send/, (route) => route.abort());
  await sam.send('of Sam');
  await expect(sam.waiting.getByText(/Not sent yet/).first()).toBeVisible();
  // In another tab somebody else signs in; this one has not noticed.
  const tab = await page.context().newPage();
  const ada = await Talk.open(tab, server, 'Ada Admin', id);
  await expect(ada.waiting).toBeHidden();
  await ada.send('of Ada');
  await page.context().unroute(/api\/chat\/send/);
  await expect(ada.message('of Ada')).toBeVisible();
  // And by itself it is still his.
  const [{ account }] = (await server.sql<{ account: string }>(`select id as account from rowcast.account where email = 'staff@demo.example'`)) as [{ account: string }];
  const answer = await tab.evaluate(
    async ([chat, account]) => (await fetch('/api/chat/send', { method: 'POST', body: new URLSearchParams({ chat: `${chat}`, account: `${account}`, key: 'stolen', text: 'of Sam' }) })).json(),
    [id, account] as const,
  );
  expect(answer).toEqual({ Err: 'other_account' });
  expect(await texts(server, id)).toEqual(['of Ada']);
});

test('history loads upward and keeps its place, and what is new is counted below', async ({ page, server }) => {
  test.slow();
  const { id } = await room(server, 300);
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  const frame = page.getByRole('region', { name: 'What was said' });
  await expect(sam.message('line 300.')).toBeInViewport();
  await expect(sam.message('line 250.')).toHaveCount(0);
  // What somebody looks at stays under their eyes.
  await sam.message('line 262.').scrollIntoViewIfNeeded();
  const before = (await sam.message('line 262.').boundingBox())!.y;
  await page.getByRole('link', { name: 'Earlier messages' }).evaluate((link: HTMLElement) => link.click());
  await expect(sam.message('line 220.')).toHaveCount(1);
  expect(Math.abs((await sam.message('line 262.').boundingBox())!.y - before)).toBeLessThan(3);
  await say(server, id, 3, 'new');
  await expect(page.getByRole('button', { name: '3 new messages' })).toBeVisible();
  await expect(sam.message('new 303.')).toHaveCount(1);
  expect(Math.abs((await sam.message('line 262.').boundingBox())!.y - before)).toBeLessThan(3);
  await expect(sam.message('line 220.'), 'nothing is pushed out').toHaveCount(1);
  await page.getByRole('button', { name: '3 new messages' }).click();
  await expect(sam.message('new 303.')).toBeInViewport();
  await expect(page.getByRole('button', { name: /new messages?$/ })).toHaveCount(0);
  // By itself as well, up to where it begins.
  for (let times = 0; times < 40 && !(await page.getByText('This is where it begins.').isVisible()); times += 1) {
    await frame.evaluate((frame) => (frame.scrollTop = -frame.scrollHeight));
    await page.waitForTimeout(150);
  }
  await expect(sam.message('line 1.').first()).toBeVisible();
});

test('a name is offered while it is typed, who is named is told, and the way leads to the message', async ({ page, openPage, server }) => {
  const { id, name } = await room(server);
  const other = await openPage();
  const ada = await Talk.open(other, server, 'Ada Admin', '/');
  const sam = await Talk.open(page, server, 'Sam Staff', id);
  await sam.field.pressSequentially('Look, @a');
  await expect(page.getByRole('listbox', { name: 'People' }).getByRole('option', { name: 'Ada Admin' })).toBeVisible();
  await sam.field.press('Enter');
  await expect(sam.field).toHaveValue('Look, @Ada Admin ');
  await sam.field.pressSequentially('here');
  await sam.field.press('Enter');
  await expect(sam.message('Look').locator('.chat-name')).toHaveText('@Ada Admin');
  await expect(message(other, `Sam Staff mentioned you in ${name}`)).toBeVisible();
  // It is far up by now.
  await say(server, id, 120);
  await other.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Open' }).click();
  await expect(other).toHaveURL(new RegExp(`/chat/${id}\\?at=1$`));
  await expect(ada.message('Look, @Ada Admin here')).toBeInViewport();
  await expect(other.getByRole('button', { name: /Newest messages/ })).toBeVisible();
  await sam.send('Customers are not named here: @Cleo Customer');
  await expect(sam.message('Customers').locator('.chat-name')).toHaveCount(0);
});

test('a search finds what was said and leads there', async ({ page, server }) => {
  const { id, name } = await room(server, 200);
  const word = `needle${id}`;
  await server.sql('update chat_messages set text = $2 where chat = $1 and number = 40', [id, `A ${word} in the hay`]);
  const sam = await Talk.open(page, server, 'Sam Staff', '/chat');
  await page.getByRole('searchbox', { name: 'Search messages' }).fill(word.toUpperCase());
  await page.getByRole('searchbox', { name: 'Search messages' }).press('Enter');
  const found = page.getByRole('list', { name: 'Messages found' }).getByRole('link');
  await expect(found).toHaveCount(1);
  await expect(found).toContainText(`A ${word} in the hay`);
  await expect(found).toContainText(name);
  await found.click();
  await expect(sam.message(word)).toBeInViewport();
  await expect(found).toHaveCount(1);
  await page.getByRole('link', { name: 'Close the search' }).click();
  await expect(sam.item(name)).toBeVisible();
  await page.goto('/chat?q=nothing-like-this');
  await expect(page.getByText('Nothing was said with “nothing-like-this” in it.')).toBeVisible();
});

test('what is unread is the same on all devices of a person', async ({ page, openPage, server }) => {
  test.slow();
  const { id, name } = await room(server, 2);
  const other = await openPage();
  const here = await Talk.open(page, server, 'Sam Staff', '/chat');
  const there = await Talk.open(other, server, 'Sam Staff', '/chat');
  for (const talk of [here, there]) await expect(talk.item(name)).toContainText('2 unread');
  await here.item(name).click();
  await expect(here.message('line 2.')).toBeVisible();
  await expect(there.item(name)).not.toContainText('unread');
  await other.bringToFront();
  await expect(here.message('line 2.')).toBeVisible();
  await say(server, id, 1);
  await expect(here.message('line 3.')).toBeVisible();
});

test('in a hand there is the list, then the conversation, then the list again', { tag: '@phone' }, async ({ page, server, isMobile }) => {
  if (!isMobile) await page.setViewportSize({ width: 390, height: 800 });
  const { name } = await room(server, 60);
  const sam = await Talk.open(page, server, 'Sam Staff', '/chat');
  await expect(sam.field).toHaveCount(0);
  await sam.item(name).click();
  await expect(sam.message('line 60.')).toBeInViewport();
  await expect(sam.list).toBeHidden();
  await expect(sam.field).toBeInViewport({ ratio: 1 });
  await sam.field.fill('From a phone');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(sam.message('From a phone')).toBeInViewport();
  await page.getByRole('link', { name: 'All conversations' }).click();
  await expect(sam.item(name)).toContainText('You: From a phone');
  await expect(page.getByRole('heading', { level: 1, name: 'Chat' })).toBeVisible();
});

test('who is nobody in particular is told why there is nothing', async ({ page }) => {
  await page.goto('/chat');
  await live(page);
  await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('everything works with plain forms', { tag: '@phone' }, async ({ page, server, complaints }) => {
    complaints.allow(/status of 4(09|22)/);
    const { id, name } = await room(server, 120);
    await page.goto(`${server.url}/sign-in?next=/chat`);
    await page.getByRole('button', { name: 'Sign in as Sam Staff' }).click();
    const sam = new Talk(page);
    await expect(sam.item(name)).toContainText('99+');
    await sam.item(name).click();
    await expect(sam.message('line 120.'), 'it begins at its end').toBeInViewport();
    await page.getByRole('button', { name: 'Mark as read' }).click();
    await expect(page.getByRole('button', { name: 'Mark as read' })).toHaveCount(0);
    await sam.field.fill('Plain words');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(sam.message('Plain words')).toBeVisible();
    await sam.message('Plain words').getByRole('link', { name: 'Edit this message' }).click({ force: true });
    const edit = page.getByRole('form', { name: 'Edit the message' });
    await expect(edit.getByRole('textbox')).toHaveValue('Plain words');
    await edit.getByRole('textbox').fill('');
    await edit.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'There is nothing in it' })).toBeVisible();
    await edit.getByRole('textbox').fill('Other words');
    await edit.getByRole('button', { name: 'Save' }).click();
    await expect(sam.message('Other words')).toContainText('edited');
    await sam.message('Other words').getByRole('link', { name: 'Delete this message' }).click({ force: true });
    await page.getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByText('This message was deleted')).toBeVisible();
    await page.getByRole('link', { name: 'Earlier messages' }).click();
    await expect(sam.message('line 60.')).toHaveCount(1);
    await page.goto(`${server.url}/chat?q=${encodeURIComponent(`line 77.`)}`);
    await expect(page.getByRole('list', { name: 'Messages found' }).getByRole('link').first()).toBeVisible();
    await page.goto(`${server.url}/chat/new`);
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Open the room' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'There is a room of that name already' })).toBeVisible();
    await page.getByRole('button', { name: /Cleo Customer/ }).click();
    await expect(page).toHaveURL(/\/chat\/\d+$/);
    expect(id).toBeGreaterThan(0);
  });
});

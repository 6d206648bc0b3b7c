import { expect, type Locator, type Page } from '@playwright/test';
import { openAs } from './orders';
import type { Server } from './server';

export type Who = 'Cleo Customer' | 'Sam Staff' | 'Ada Admin';

let rooms = 0;

/** Makes a room of this test, with so many messages of somebody without an account, and returns its number. */
export async function room(server: Server, messages = 0, name = `Room ${process.pid}-${Date.now()}-${rooms++}`): Promise<{ id: number; name: string }> {
  const [row] = await server.sql<{ id: string }>(`insert into chats (kind, members, names, name, topic) values ('room', '{}', '{}', $1, 'Of a test') returning id`, [name]);
  const id = Number(row!.id);
  if (messages) await say(server, id, messages);
  return { id, name };
}

/** Says so many lines more, as somebody without an account, in one transaction. */
export async function say(server: Server, chat: number, messages: number, text = 'line'): Promise<void> {
  await server.sql(
    `with said as (
       insert into chat_messages (chat, number, kind, members, author_name, key, text)
       select c.id, c.last + n, c.kind, c.members, 'Kim', 'k' || c.id || '-' || c.last + n, $3::text || ' ' || c.last + n || '.'
       from chats c, generate_series(1, $2::int) n where c.id = $1 returning number)
     update chats set last = (select max(number) from said), last_at = now(), last_name = 'Kim', last_text = $3::text where id = $1`,
    [chat, messages, text],
  );
}

/** What the database has of a conversation. */
export async function texts(server: Server, chat: number): Promise<string[]> {
  const rows = await server.sql<{ text: string }>('select text from chat_messages where chat = $1 order by number', [chat]);
  return rows.map(({ text }) => text);
}

/** The page of chat, found as a screen reader finds it. */
export class Talk {
  readonly list: Locator;
  readonly messages: Locator;
  readonly waiting: Locator;
  readonly field: Locator;

  constructor(readonly page: Page) {
    this.list = page.getByRole('list', { name: 'Conversations' });
    this.messages = page.getByRole('list', { name: 'Messages', exact: true });
    this.waiting = page.getByRole('list', { name: 'Not sent yet' });
    this.field = page.getByRole('form', { name: 'Write a message' }).getByRole('textbox', { name: 'Message' });
  }

  static async open(page: Page, server: { url: string }, who: Who, address: string | number): Promise<Talk> {
    await openAs(page, server, who, typeof address === 'number' ? `/chat/${address}` : address);
    return new Talk(page);
  }

  /** A conversation in the list. */
  item(name: string): Locator {
    return this.list.getByRole('link').filter({ hasText: name });
  }

  /** A message, by a part of it. */
  message(text: string): Locator {
    return this.messages.getByRole('listitem').filter({ hasText: text });
  }

  async send(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
    await expect(this.field).toHaveValue('');
  }
}

import { expect, type Locator, type Page } from '@playwright/test';
import type { Server } from './server';

/** The states of an order as columns of the board. */
export type State = 'Placed' | 'Paid' | 'Picked' | 'Packed' | 'Shipped' | 'Delivered' | 'Cancelled' | 'Returned';

export interface Line {
  product_id: number;
  quantity: number;
}

export type Step = 'pay' | 'pick' | 'pack' | 'ship' | 'deliver' | 'cancel' | 'return';

/** Opens `address` as one of the demo's people, and returns when the page is live. */
export async function openAs(page: Page, server: { url: string }, who: 'Cleo Customer' | 'Sam Staff' | 'Ada Admin', address: string): Promise<void> {
  await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(address)}`);
  await page.getByRole('button', { name: `Sign in as ${who}` }).click();
  await live(page);
}

/** Returns when the page says that it is live. */
export async function live(page: Page): Promise<void> {
  await expect(page.getByRole('banner').getByRole('status').filter({ hasText: /^Live$/ })).toBeVisible({ timeout: 30_000 });
}

/** A message in the corner. */
export function message(page: Page, words: string | RegExp): Locator {
  return page.getByRole('region', { name: 'Messages' }).getByText(words);
}

/** The account of one of the demo's people. */
export async function accountOf(server: Server, role: 'customer' | 'staff' | 'admin'): Promise<number> {
  const [row] = await server.sql<{ id: string }>(`select id from rowcast.account where email = $1 || '@demo.example'`, [role]);
  return Number(row!.id);
}

/** Orders of a test, placed and moved by a script of staff: a server that takes everybody for staff answers it. */
export class Orders {
  constructor(private readonly server: Server) {}

  /** Places an order, and returns its number. */
  async place(of: { lines: Line[]; customer?: number; customer_name?: string; note?: string }): Promise<number> {
    return (await this.post('/api/orders', of)).id;
  }

  async step(order: number, step: Step, details: object = {}): Promise<void> {
    await this.post(`/api/orders/${order}/${step}`, details);
  }

  /** What the database says of it. */
  async state(order: number): Promise<string | undefined> {
    const [row] = await this.server.sql<{ state: string }>('select state from orders where id = $1', [order]);
    return row?.state;
  }

  private async post(address: string, body: object): Promise<{ id: number }> {
    const answer = await fetch(`${this.server.url}${address}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { id: number };
  }
}

/** The board, found as a screen reader finds it. */
export class Board {
  readonly search: Locator;

  constructor(readonly page: Page) {
    this.search = page.getByRole('searchbox', { name: 'Search by customer or number' });
  }

  /** Opens it, narrowed to `search`, on a server that takes everybody for staff. */
  static async open(page: Page, search = '', origin = ''): Promise<Board> {
    await page.goto(`${origin}/orders${search ? `?q=${encodeURIComponent(search)}` : ''}`);
    await live(page);
    return new Board(page);
  }

  column(state: State): Locator {
    return this.page.getByRole('region', { name: state, exact: true });
  }

  /** The orders in a column, from its top. */
  async numbers(state: State): Promise<number[]> {
    const texts = await this.column(state).getByRole('listitem').getByRole('link').allInnerTexts();
    return texts.map(Number);
  }

  card(order: number): Locator {
    return this.page.getByRole('listitem').filter({ has: this.page.getByRole('link', { name: new RegExp(`^Order ${order} `) }) });
  }

  /** A card in a column. */
  in(state: State, order: number): Locator {
    return this.column(state).getByRole('listitem').filter({ has: this.page.getByRole('link', { name: new RegExp(`^Order ${order} `) }) });
  }

  grip(order: number): Locator {
    return this.page.getByRole('button', { name: new RegExp(`^Move order ${order} of `) });
  }

  advance(order: number): Locator {
    return this.page.getByRole('button', { name: new RegExp(`^Move order ${order} to `) });
  }

  /** Drags a card, step by step as a hand does, and stays over the column until `release`. */
  async drag(order: number, to: Locator): Promise<void> {
    const from = (await this.card(order).boundingBox())!;
    const target = (await to.boundingBox())!;
    await this.page.mouse.move(from.x + from.width / 2, from.y + 12);
    await this.page.mouse.down();
    await this.page.mouse.move(from.x + from.width / 2 + 12, from.y + 20, { steps: 2 });
    await this.page.mouse.move(target.x + target.width / 2, target.y + Math.min(target.height / 2, 200), { steps: 6 });
  }

  async release(): Promise<void> {
    await this.page.mouse.up();
  }

  /** What is said to those who do not see it. */
  said(words: string | RegExp): Locator {
    return this.page.locator('[aria-live=assertive]').filter({ hasText: words });
  }
}

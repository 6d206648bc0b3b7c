import { expect, type Locator, type Page } from '@playwright/test';

/** What a row shows, read from the page as a person sees it. */
export interface Shown {
  id: number;
  /** `aria-rowindex`: the header is 1. */
  place: number;
  sku: string;
  name: string;
  category: string;
  location: string;
  quantity: string;
  reorderLevel: string;
  price: string;
}

/** The inventory page, found as a screen reader finds it. */
export class Inventory {
  readonly region: Locator;
  readonly table: Locator;
  readonly search: Locator;
  readonly retry: Locator;

  constructor(readonly page: Page) {
    this.region = page.getByRole('region', { name: 'Products, scrollable' });
    this.table = page.getByRole('table', { name: 'Products' });
    this.search = page.getByRole('searchbox', { name: 'Search by SKU, name, category or location' });
    this.retry = page.getByRole('button', { name: 'Retry now' });
  }

  /** Opens the page, narrowed to `search`, and returns when it says that it is live. */
  static async open(page: Page, search = '', origin = ''): Promise<Inventory> {
    await page.goto(`${origin}/${search ? `?q=${encodeURIComponent(search)}` : ''}`);
    const inventory = new Inventory(page);
    await inventory.live();
    return inventory;
  }

  /** What the connection badge says. */
  badge(words: string | RegExp): Locator {
    return this.page.getByRole('banner').getByRole('status').filter({ hasText: words });
  }

  async live(): Promise<void> {
    // A debug build's program is eight megabytes, which a busy machine compiles for a while.
    await expect(this.badge(/^Live$/)).toBeVisible({ timeout: 30_000 });
  }

  /** From now on, everything that the badge says, however short: call the result to read it. */
  async noteBadge(): Promise<() => Promise<string[]>> {
    const badge = this.page.getByRole('banner').getByRole('status');
    await badge.evaluate((badge) => {
      const said: string[] = [];
      Object.assign(badge, { said });
      new MutationObserver(() => said.push(badge.textContent)).observe(badge, { childList: true, characterData: true, subtree: true });
    });
    return () => badge.evaluate((badge) => (badge as unknown as { said: string[] }).said);
  }

  row(name: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name, exact: true }) });
  }

  quantity(name: string): Locator {
    return this.page.getByRole('textbox', { name: `Quantity of ${name}`, exact: true });
  }

  delete(name: string): Locator {
    return this.page.getByRole('link', { name: `Delete ${name}`, exact: true });
  }

  /** `2,003 products`, `37 of 2,003`. */
  count(words: string | RegExp): Locator {
    return this.page.getByRole('paragraph').filter({ hasText: words }).and(this.page.locator('.count'));
  }

  /** A message in the corner. */
  message(words: string | RegExp): Locator {
    return this.page.getByRole('region', { name: 'Messages' }).getByText(words);
  }

  /** The rows in the document, in order; most of them lie outside of what is visible. */
  rendered(): Promise<Shown[]> {
    return this.table.evaluate(readRows);
  }

  /** All rows of the list, collected by scrolling through it. A place that stays without rows fails the test. */
  async all(): Promise<Shown[]> {
    const found = await this.region.evaluate(async (region, read) => {
      const PATIENCE_MS = 5_000;
      const rows = new Map<number, Shown>();
      const readRows = new Function(`return ${read}`)() as (table: Element) => Shown[];
      // Without a display the browser now and then stops to draw for good: then neither frames nor events of scrolling come, and the rows
      // are asked for without them.
      const PATIENCE_FOR_A_FRAME_MS = 100;
      const frame = () => new Promise<void>((resolve) => {
        const late = setTimeout(() => {
          region.dispatchEvent(new Event('scroll'));
          resolve();
        }, PATIENCE_FOR_A_FRAME_MS);
        requestAnimationFrame(() => {
          clearTimeout(late);
          resolve();
        });
      });
      // A row at every height of what is visible, below the header.
      const filled = () => {
        const { bottom } = region.getBoundingClientRect();
        const top = region.querySelector('thead')?.getBoundingClientRect().bottom ?? 0;
        const shown = [...region.querySelectorAll('tbody tr')].filter((row) => row.querySelector('input[name=quantity]'));
        const [first, last] = [shown[0]?.getBoundingClientRect(), shown.at(-1)?.getBoundingClientRect()];
        const end = region.scrollTop + region.clientHeight >= region.scrollHeight - 1;
        return !!first && !!last && first.top <= top + 1 && (last.bottom >= bottom - 1 || end);
      };
      const settle = async () => {
        await frame();
        await frame();
        for (const start = performance.now(); !filled(); await frame()) {
          if (performance.now() - start > PATIENCE_MS) throw new Error(`no rows at ${region.scrollTop} of ${region.scrollHeight}`);
        }
      };
      for (let top = 0; ; top += region.clientHeight) {
        region.scrollTop = top;
        await settle();
        for (const row of readRows(region.querySelector('table')!)) rows.set(row.id, row);
        if (top + region.clientHeight >= region.scrollHeight) break;
      }
      region.scrollTop = 0;
      await settle();
      return [...rows.values()];
    }, readRows.toString());
    return found.sort((a, b) => a.place - b.place);
  }
}

/** Runs in the page. */
function readRows(table: Element): Shown[] {
  return [...table.querySelectorAll('tr')].flatMap((row) => {
    const input = row.querySelector<HTMLInputElement>('input[name=quantity]');
    if (!input) return [];
    const text = (cell: string) => row.querySelector(cell)?.textContent ?? '';
    return {
      id: Number(input.id.replace('quantity-', '')),
      place: Number(row.getAttribute('aria-rowindex')),
      sku: text('.sku'),
      name: text('.name'),
      category: text('.category'),
      location: text('.location'),
      quantity: input.value,
      reorderLevel: text('.reorder_level'),
      price: text('.price'),
    };
  });
}

import type { Page } from '@playwright/test';

/** What one animation frame showed: the rows in the document by key, with the quantity and the text of each. */
export type Painted = Record<string, string>;

/**
 * Looks at the page in every animation frame from the first on, after layout and before painting, and keeps each picture that
 * differs from the one before. Install it before `goto`.
 *
 * A `ResizeObserver` is called exactly there: after the frame's own callbacks, and with no other task in between.
 */
export class Film {
  private constructor(private readonly page: Page) {}

  static async of(page: Page): Promise<Film> {
    await page.addInitScript(() => {
      const film: { at: number; rows: Record<string, string> }[] = [];
      Object.assign(window, { film });
      let last = '';
      const look = () => {
        const rows: Record<string, string> = {};
        for (const input of document.querySelectorAll<HTMLInputElement>('input[name=quantity]')) {
          rows[input.id.replace('quantity-', '')] = input.value;
        }
        const picture = JSON.stringify(rows);
        if (picture === last) return;
        last = picture;
        film.push({ at: performance.now(), rows });
      };
      const pixel = document.createElement('div');
      pixel.style.cssText = 'position:fixed;visibility:hidden;height:1px;width:1px';
      new ResizeObserver(look).observe(pixel);
      let wide = false;
      const turn = () => {
        // Outside of the body, which is hydrated.
        if (!pixel.isConnected && document.documentElement) document.documentElement.append(pixel);
        wide = !wide;
        pixel.style.width = wide ? '2px' : '1px';
        requestAnimationFrame(turn);
      };
      requestAnimationFrame(turn);
    });
    return new Film(page);
  }

  /**
   * All pictures since the start or since the last `cut`, oldest first. What the page holds already is among them: a value that a
   * test has found is painted a moment later.
   */
  async pictures(): Promise<Painted[]> {
    await this.painted();
    return this.page.evaluate(() => (window as unknown as { film: { rows: Painted }[] }).film.map(({ rows }) => rows));
  }

  /** Forgets what was so far. The current picture is the first of the new reel. */
  async cut(): Promise<void> {
    await this.painted();
    await this.page.evaluate(() => {
      const { film } = window as unknown as { film: unknown[] };
      film.splice(0, film.length - 1);
    });
  }

  /** Whether the browser draws. Without a display it now and then stops to for good, while the page itself goes on: then there is nothing to see. */
  async draws(): Promise<boolean> {
    const PATIENCE_MS = 10_000;
    return this.page.evaluate((patience) => new Promise<boolean>((answer) => {
      setTimeout(() => answer(false), patience);
      requestAnimationFrame(() => requestAnimationFrame(() => answer(true)));
    }), PATIENCE_MS);
  }

  /** Returns when what the page holds now has been looked at: the look is after the callbacks of its frame, so in two turns. */
  painted(): Promise<void> {
    return this.page.evaluate(() => new Promise<void>((painted) => requestAnimationFrame(() => requestAnimationFrame(() => painted()))));
  }
}

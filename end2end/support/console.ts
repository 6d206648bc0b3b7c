import type { BrowserContext } from '@playwright/test';

/**
 * Notes everything a page complains about: console errors (a WASM panic prints one), uncaught exceptions, crashes. A test fails
 * on any complaint that it did not announce with `allow`.
 */
export class Complaints {
  private readonly all: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Covers every page of the context, also those opened later. */
  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() !== 'error') return;
      const { url, lineNumber } = message.location();
      this.all.push(`console: ${message.text()}${url ? ` (${url}:${lineNumber})` : ''}`);
    });
    context.on('weberror', (problem) => {
      const error = problem.error();
      this.all.push(`uncaught: ${error.stack ?? error.message}`);
    });
    context.on('page', (page) => page.on('crash', () => this.all.push(`crash: ${page.url()}`)));
  }

  /** From here to the end of the test, complaints that match are part of the plan, earlier ones included. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** What nobody announced. */
  unexpected(): string[] {
    return this.all.filter((complaint) => !this.allowed.some((pattern) => pattern.test(complaint)));
  }
}

/** What Chromium says while the server cannot be reached, for `allow`. */
export const UNREACHABLE = [/WebSocket connection to .* failed/, /net::ERR_[A-Z_]+/];

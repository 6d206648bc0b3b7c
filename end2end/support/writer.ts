import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from './server';

/** Writes on and on, one small transaction after the other, until it is stopped. */
export class Writer {
  /** Transactions committed so far. */
  written = 0;
  private begun = 0;
  private paused = true;
  private running: Promise<unknown> = Promise.resolve();

  /** `statement` gets the number of the write, from 1. `perSecond` is what is aimed at, over all connections. */
  constructor(
    private readonly sql: Server['sql'],
    private readonly statement: (write: number) => [text: string, params?: unknown[]],
    private readonly perSecond: number,
    private readonly connections = 4,
  ) {
    this.resume();
  }

  resume(): void {
    const [from, start] = [this.begun, performance.now()];
    this.paused = false;
    const write = async () => {
      while (!this.paused) {
        const early = start + ((this.begun - from) * 1_000) / this.perSecond - performance.now();
        if (early > 1) await delay(early);
        const [text, params] = this.statement((this.begun += 1));
        await this.sql(text, params);
        this.written += 1;
      }
    };
    this.running = Promise.all(Array.from({ length: this.connections }, write));
    // A write that fails is told by `pause`.
    this.running.catch(() => {});
  }

  /** Returns when the last transaction has been committed; fails if any write failed. */
  async pause(): Promise<void> {
    this.paused = true;
    await this.running;
  }
}

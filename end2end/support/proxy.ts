import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';

type Pair = readonly [browser: Socket, server: Socket];

/**
 * A wire between browser and server that tests can cut and stall.
 *
 * - `cut()`: the server's machine is gone. Open connections are reset, new ones refused.
 * - `stall()`: packets vanish. Open connections stay open and new ones are accepted, but nothing comes through in either direction.
 * - `restore()`: the wire works again. What was stalled flows on, as TCP's own retransmission would have it.
 */
export class Proxy {
  private readonly pairs = new Set<Pair>();
  private stalled = false;
  private listener: Listener | undefined;
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(
    private readonly target: number,
    private listeningPort: number,
  ) {}

  static async to(target: number): Promise<Proxy> {
    const proxy = new Proxy(target, 0);
    await proxy.listen();
    return proxy;
  }

  get port(): number {
    return this.listeningPort;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Open connections. */
  get connections(): number {
    return this.pairs.size;
  }

  async cut(): Promise<void> {
    const listener = this.listener;
    this.listener = undefined;
    const closed = listener && once(listener, 'close');
    listener?.close();
    for (const [browser, server] of this.pairs) {
      browser.resetAndDestroy();
      server.resetAndDestroy();
    }
    await closed;
  }

  stall(): void {
    this.stalled = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  async restore(): Promise<void> {
    this.stalled = false;
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
    if (!this.listener) await this.listen();
  }

  async close(): Promise<void> {
    await this.cut();
  }

  private async listen(): Promise<void> {
    const listener = createServer({ pauseOnConnect: true }, (browser) => this.accept(browser));
    listener.listen(this.listeningPort, '127.0.0.1');
    await once(listener, 'listening');
    this.listeningPort = (listener.address() as AddressInfo).port;
    this.listener = listener;
  }

  private accept(browser: Socket): void {
    this.accepted += 1;
    const server = createConnection(this.target, '127.0.0.1');
    const pair: Pair = [browser, server];
    this.pairs.add(pair);
    this.forward(browser, server, pair);
    this.forward(server, browser, pair);
    if (this.stalled) server.pause();
    else browser.resume();
  }

  private forward(from: Socket, to: Socket, pair: Pair): void {
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!this.stalled) from.resume();
    });
    from.on('end', () => to.end());
    // A refused or reset connection: the other side learns it by its own being closed.
    from.on('error', () => to.resetAndDestroy());
    from.on('close', () => {
      to.destroy();
      this.pairs.delete(pair);
    });
  }
}

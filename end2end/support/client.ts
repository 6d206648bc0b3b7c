import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Message } from './frames';
import type { Server } from './server';

/** A client of `rowcast.v1` that is no browser. */
export class Client {
  readonly received: Message[] = [];
  closed: number | undefined;
  private readonly waiting = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.received.push(JSON.parse(data.toString()) as Message);
      this.wake();
    });
    socket.on('close', (code) => {
      this.closed = code;
      this.wake();
    });
    socket.on('error', () => {});
  }

  static async connect(server: Server): Promise<Client> {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/live`, 'rowcast.v1');
    const client = new Client(socket);
    await once(socket, 'open');
    return client;
  }

  send(message: Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message that fits, past or to come; the test's own time limit bounds the wait. */
  async find(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      if (this.closed !== undefined) throw new Error(`The socket was closed (${this.closed}) before that message came.`);
      await this.change();
    }
  }

  /** The close code. */
  async end(): Promise<number> {
    while (this.closed === undefined) await this.change();
    return this.closed;
  }

  close(): void {
    this.socket.terminate();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

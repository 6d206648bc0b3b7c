import type { Page, WebSocket } from '@playwright/test';

/** A message of the `rowcast.v1` protocol; a frame that is not JSON has the type `binary` or `text`. */
export type Message = { type: string } & Record<string, unknown>;

export interface Frame {
  direction: 'sent' | 'received';
  /** Which of the page's sockets, counted from 0 in the order of opening. */
  socket: number;
  /** Milliseconds since 1970, on the test's clock. */
  at: number;
  raw: string | Buffer;
  message: Message;
}

/** Records the frames of a page's sockets, from its creation on: make it before `goto`. */
export class Frames {
  readonly all: Frame[] = [];
  readonly sockets: WebSocket[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(page: Page, path = '/live') {
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).pathname !== path) return;
      const number = this.sockets.push(socket) - 1;
      socket.on('framesent', ({ payload }) => this.add('sent', number, payload));
      socket.on('framereceived', ({ payload }) => this.add('received', number, payload));
    });
  }

  /** The messages that the page sent, of one type or of all. */
  sent(type?: string): Message[] {
    return this.messages('sent', type);
  }

  /** The messages that the page received, of one type or of all. */
  received(type?: string): Message[] {
    return this.messages('received', type);
  }

  /** The first frame that fits, past or to come; the test's own time limit bounds the wait. */
  async find(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.all.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  clear(): void {
    this.all.length = 0;
  }

  private messages(direction: Frame['direction'], type?: string): Message[] {
    return this.all
      .filter((frame) => frame.direction === direction && (type === undefined || frame.message.type === type))
      .map((frame) => frame.message);
  }

  private add(direction: Frame['direction'], socket: number, raw: string | Buffer): void {
    this.all.push({ direction, socket, at: Date.now(), raw, message: parse(raw) });
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

function parse(raw: string | Buffer): Message {
  if (typeof raw !== 'string') return { type: 'binary', bytes: raw.length };
  try {
    return JSON.parse(raw) as Message;
  } catch {
    return { type: 'text', text: raw };
  }
}

import { test as base, type BrowserContextOptions, type Page } from '@playwright/test';
import { Complaints } from './console';
import { Proxy } from './proxy';
import { Server, type LaunchOptions } from './server';
import { Stock } from './stock';

export { expect } from '@playwright/test';
export { UNREACHABLE } from './console';
export { Client } from './client';
export { Frames, type Frame, type Message } from './frames';
export { Inventory, type Shown } from './inventory';
export { Film, type Painted } from './painted';
export type { Proxy } from './proxy';
export type { Server } from './server';
export { Stock, type Product } from './stock';
export { Writer } from './writer';

interface WorkerFixtures {
  /** A server that the tests of one worker share; `page.goto('/')` goes there. Leave it running, and tidy up in its data. */
  server: Server;
}

interface TestFixtures {
  /** Another server with untouched demo data, for this test alone: kill it, fill it, stop its Postgres. */
  freshServer: Server;
  /** Another such server, configured differently. */
  launch: (options?: LaunchOptions) => Promise<Server>;
  /** Products of this test in `server`'s inventory. */
  stock: Stock;
  /** Runs SQL on `server`'s database and returns the rows. */
  sql: Server['sql'];
  /** A wire to `server` that the test can cut and stall. */
  wire: Proxy;
  /** Such a wire to another server. */
  wireTo: (server: Server) => Promise<Proxy>;
  /** A page of another person: its own cookies and storage, watched like `page`. */
  openPage: (options?: BrowserContextOptions) => Promise<Page>;
  /** Announces complaints of the pages that belong to the test. */
  complaints: Complaints;
  /** Attaches the servers' logs when the test fails. */
  serverLogs: Set<{ name: string; server: Server; from: number }>;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await Server.launch();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  serverLogs: [
    async ({ server }, use, testInfo) => {
      const logs: TestFixtures['serverLogs'] = new Set([{ name: 'server', server, from: server.log.length }]);
      await use(logs);
      if (testInfo.status === testInfo.expectedStatus) return;
      for (const { name, server, from } of logs) {
        await testInfo.attach(`${name}.log`, { body: server.log.slice(from).join('\n'), contentType: 'text/plain' });
      }
    },
    { auto: true },
  ],

  launch: [
    async ({ serverLogs }, use) => {
      const servers: Server[] = [];
      await use(async (options) => {
        const server = await Server.launch(options);
        servers.push(server);
        serverLogs.add({ name: `server-${servers.length + 1}`, server, from: 0 });
        return server;
      });
      for (const server of servers) await server.dispose();
    },
    { timeout: 120_000 },
  ],

  freshServer: [async ({ launch }, use) => use(await launch()), { timeout: 120_000 }],

  stock: async ({ sql }, use) => {
    const stock = new Stock(sql);
    await use(stock);
    await stock.clear();
  },

  baseURL: async ({ server }, use) => use(server.url),

  sql: async ({ server }, use) => use(server.sql),

  wireTo: async ({}, use) => {
    const proxies: Proxy[] = [];
    await use(async (server) => {
      const proxy = await Proxy.to(server.port);
      proxies.push(proxy);
      return proxy;
    });
    for (const proxy of proxies) await proxy.close();
  },

  wire: async ({ server, wireTo }, use) => use(await wireTo(server)),

  // After these: a page is closed and has had its say before its server and its wire go.
  complaints: [
    async ({ launch: _servers, wireTo: _wires }, use, testInfo) => {
      const complaints = new Complaints();
      await use(complaints);
      const unexpected = complaints.unexpected();
      if (unexpected.length && testInfo.status === testInfo.expectedStatus) {
        throw new Error(`The page complained ${unexpected.length} time(s):\n\n${unexpected.join('\n\n')}`);
      }
      if (unexpected.length) await testInfo.attach('complaints.txt', { body: unexpected.join('\n\n'), contentType: 'text/plain' });
    },
    { auto: true },
  ],

  context: async ({ context, complaints }, use) => {
    complaints.watch(context);
    await use(context);
  },

  openPage: async ({ browser, baseURL, complaints }, use, testInfo) => {
    const contexts: { close(): Promise<void> }[] = [];
    await use(async (options = {}) => {
      const { viewport, isMobile, hasTouch, userAgent, deviceScaleFactor } = testInfo.project.use;
      const context = await browser.newContext({ baseURL, viewport, isMobile, hasTouch, userAgent, deviceScaleFactor, ...options });
      contexts.push(context);
      complaints.watch(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

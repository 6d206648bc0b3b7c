import { once } from 'node:events';
import fs from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { UNREACHABLE } from '../support/console';
import { expect, test } from '../support/test';

// The example for browsers, from a site of its own that the configuration names.

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves `examples/browser`. */
async function site() {
  const folder = path.join(__dirname, '../../examples/browser');
  const server = createServer(async (request, response) => {
    const name = request.url === '/' ? 'index.html' : path.basename(request.url ?? '');
    const body = await fs.readFile(path.join(folder, name)).catch(() => undefined);
    response.writeHead(body ? 200 : 204, { 'content-type': TYPES[path.extname(name)] ?? 'text/plain' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test('the browser example shows rows, changes, and what was missed while the server was down', async ({ page, launch, complaints }) => {
  const { url, close } = await site();
  try {
    const server = await launch({ settings: { origins: [url] } });
    await server.sql('create table public.notes (id int primary key, body text)');
    await server.sql(`insert into notes values (1, 'first'), (2, 'second'), (9, 'not asked for')`);
    await server.command('track', 'notes');
    await server.command('grant', 'notes', '--role', 'staff');
    await page.goto(url);
    await page.getByLabel('Server').fill(new URL(server.url).host);
    await page.getByLabel('Table').fill('notes');
    await page.getByLabel('Where').fill('id < 5');
    const state = page.getByRole('status');
    const cells = page.locator('tbody td');
    await expect(async () => {
      await page.getByRole('button', { name: 'Show' }).click();
      await expect(state).toHaveText('live', { timeout: 1_000 });
    }).toPass();
    await expect(cells).toHaveText(['1', 'first', '2', 'second']);

    await server.transaction(async (sql) => {
      await sql(`update notes set body = 'changed' where id = 1`);
      await sql('update notes set id = 7 where id = 2');
    });
    await expect(cells).toHaveText(['1', 'changed']);

    complaints.allow(...UNREACHABLE);
    await server.kill();
    await expect(state).toContainText('trying again');
    await server.start();
    await server.sql(`insert into notes values (3, 'missed')`);
    await expect(cells).toHaveText(['1', 'changed', '3', 'missed'], { timeout: 30_000 });
    await expect(state).toHaveText('live');
  } finally {
    close();
  }
});

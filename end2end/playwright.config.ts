import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { defineConfig, devices } from '@playwright/test';

// Found once and handed to the workers through the environment.
process.env.ROWCAST_CHROMIUM ||= execFileSync(path.join(__dirname, '../.ci/browser'), { encoding: 'utf8' }).trim();

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results/artifacts',
  // Every worker runs a server and a Postgres of its own.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/summary.json' }]],
  use: {
    trace: 'off',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'UTC',
    launchOptions: {
      executablePath: process.env.ROWCAST_CHROMIUM,
      args: [
        // Chromium's sandbox refuses to work for root, as in most containers.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        // Where there is no graphics card, one that is emulated sometimes stops to draw, and the page waits for its next frame for ever.
        '--disable-gpu',
        // Nothing but the page under test talks to anything.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-quic',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
  projects: [
    { name: 'desktop', use: { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 800 } } },
    // Only what looks or works differently there: test('…', { tag: '@phone' }, …).
    { name: 'phone', use: { ...devices['Pixel 7'] }, grep: /@phone/ },
  ],
});

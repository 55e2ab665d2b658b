import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A busy machine takes long; this only ends what hangs. */
export const PATIENCE_MILLIS = 120_000;

/** Headless Chromium of the system, told to leave the network alone. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: PATIENCE_MILLIS,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenPage {
  readonly page: Page;
  /** URL of the file. */
  readonly url: string;
  /** Errors and warnings of the console, uncaught errors, dialogs: an empty list is a sound page. */
  readonly complaints: readonly string[];
  /** Everything the page asked for, itself included. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Writes a page to a file and opens it from there, as a person opens an artifact of a CI run. */
export async function openPage(
  browser: Browser,
  document: string,
  options: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<OpenPage> {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-page-'));
  const file = join(folder, 'report.html');
  writeFileSync(file, document);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MILLIS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url + (options.hash ?? ''));
  if (options.javaScriptEnabled !== false) await page.waitForSelector('html[data-ready]', { state: 'attached' });
  return {
    page,
    url,
    complaints,
    requests,
    async close() {
      await context.close();
      rmSync(folder, { recursive: true });
    },
  };
}

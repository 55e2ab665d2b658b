import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { launchChromium, PATIENCE_MILLIS } from '../support/browser.ts';
import { FakeSniff } from '../support/fake-capturer.ts';
import { ethernet, ipv4, tcp } from '../support/frames.ts';
import { TestBoard } from '../support/live-board.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['chromium'], 'the page of a live run in Chromium', () => {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
  let browser: Browser;
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function open(url: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(PATIENCE_MILLIS);
    closing.push(() => context.close());
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
    await page.goto(url);
    await page.waitForSelector('html[data-ready]', { state: 'attached' });
    return { page, complaints, requests };
  }

  async function sniff() {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-live-'));
    const run = new FakeSniff(folder, ['--serve', '0', '--answer-timeout', '500ms', '-f', 'ndjson']);
    closing.push(() => {
      run.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    await run.until(({ stderr }) => stderr.includes('live page at'), 'address');
    return { run, url: /live page at (\S+\/)/.exec(run.stderr)![1]! };
  }

  const shareOf = async (page: Page, verdict: string) =>
    (await page
      .locator(`.share[data-verdict=${verdict}] .figure`)
      .textContent({ timeout: 500 })
      .catch(() => null)) ?? '0';

  it('follows 50 findings a second', async () => {
    const { run, url } = await sniff();
    const { page, complaints, requests } = await open(url);
    expect(await page.textContent('#newest')).toBe('No finding yet.');
    for (let turn = 0; turn < 80; turn++) {
      await run.connect(5);
      await page.waitForTimeout(100);
    }
    await expect.poll(() => shareOf(page, 'refused')).toBe('400');
    expect(await page.textContent('#rules')).toMatch(/^warningsyn-to-port-zero\d+400$/);
    const counts = await page.$$eval('#newest tr', (rows) =>
      rows.map((row) => Number.parseInt(row.querySelector('.many')?.textContent.replace(',', '') ?? '1', 10)),
    );
    expect(counts.length).toBeLessThanOrEqual(60);
    // Where no row had to leave, each of the 400 is in one.
    if (counts.length < 60) expect(counts.reduce((a, b) => a + b)).toBe(400);
    else expect(counts.reduce((a, b) => a + b)).toBeGreaterThan(60);
    expect(await page.locator('#live-plot rect.v-refused').count()).toBeGreaterThan(0);
    expect(await page.getAttribute('#live-plot svg', 'aria-label')).toContain('400 exchanges with port 0: Refused 400');
    expect(complaints).toEqual([]);
    expect([...new Set(requests)].filter((request) => !request.startsWith('data:'))).toEqual([url, `${url}events`]);
  });

  it('shows what is rare beside a flood, and the flood as one line', async () => {
    const { run, url } = await sniff();
    const { page, complaints } = await open(url);
    const ends = { source: '198.51.100.9', destination: '192.0.2.2' };
    await run.send([
      {
        bytes: ethernet({}, ipv4(ends, tcp({ sourcePort: 4242, destinationPort: 0, flags: 'S', sequence: 7 }))),
      },
      {
        bytes: ethernet(
          {},
          ipv4(
            { source: ends.destination, destination: ends.source },
            tcp({ sourcePort: 0, destinationPort: 4242, flags: 'SA', sequence: 99, acknowledgment: 8 }),
          ),
        ),
      },
    ]);
    await page.locator('#newest tr', { hasText: 'port-zero-accepted' }).waitFor();
    for (let turn = 0; turn < 40; turn++) await run.connect(500);
    await expect.poll(() => shareOf(page, 'refused')).toBe('20,000');
    await expect.poll(() => page.textContent('#rules')).toContain('syn-to-port-zero');
    expect(await page.locator('#newest tr', { hasText: 'port-zero-accepted' }).count()).toBe(1);
    expect(await page.locator('#newest tr', { hasText: ' since ' }).count()).toBeGreaterThan(0);
    expect(await page.locator('#newest tr').count()).toBeLessThanOrEqual(60);
    // It is still there for its reader.
    await page.click('#hold');
    expect(await page.getAttribute('#hold', 'aria-pressed')).toBe('true');
    await run.interrupt();
    await expect.poll(() => page.textContent('#live-state')).toContain('This run ended');
    expect(await shareOf(page, 'accepted')).toBe('1');
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  });

  it('connects again by itself, and shows what the next run has', async () => {
    const first = new TestBoard('eth0');
    first.settle(first.find('syn-to-port-zero'), 'refused');
    const server = await first.serve();
    const port = Number(new URL(server.url).port);
    const { page } = await open(server.url);
    expect(await shareOf(page, 'refused')).toBe('1');
    server.kill();
    await expect.poll(() => page.textContent('#live-state')).toContain('Not connected since');
    expect(await shareOf(page, 'refused')).toBe('1');
    const second = new TestBoard('eth1');
    second.settle(second.find('syn-to-port-zero'), 'silent');
    const again = await second.serve(port);
    closing.push(() => again.close());
    await expect.poll(() => page.textContent('#live-heading')).toBe('Sniffing on eth1');
    expect(await page.textContent('#live-state')).toBe('Connected; told anew each second.');
    expect([await shareOf(page, 'refused'), await shareOf(page, 'silent')]).toEqual(['0', '1']);
  });

  const HOSTILE = '</script><img src=x onerror=alert(1)>"\'&\u202egpj.exe\u0007\n\ndata: {}\n\n';
  it('makes nothing but text of what it is told, and says what is lost', async () => {
    const test = new TestBoard(HOSTILE);
    test.find(`rule-${HOSTILE}`, { message: HOSTILE });
    test.complaints = [HOSTILE];
    test.drops = 1234;
    test.update([HOSTILE]);
    const server = await test.serve();
    closing.push(() => server.close());
    const { page, complaints } = await open(server.url);
    expect(await page.locator('img, iframe, object, embed').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    const text = (await page.textContent('body'))!;
    expect(text).toContain('<img src=x onerror=alert(1)>');
    expect(text).toContain('\\u{202e}gpj.exe');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0008\u000e-\u001f\u202a-\u202e\u2066-\u2069]/);
    expect(await page.textContent('#live-facts')).toContain('1,234 frames lost');
    expect(await page.locator('#live-plot .lost').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('gives axe nothing to say in either theme', async () => {
    const test = new TestBoard('eth0');
    test.complaints = ['nothing is captured'];
    for (const verdict of ['refused', 'silent', 'accepted'] as const)
      test.settle(test.find('syn-to-port-zero'), verdict);
    for (let each = 0; each < 20; each++) test.find('port-zero-data');
    const server = await test.serve();
    closing.push(() => server.close());
    const { page } = await open(server.url, { bypassCSP: true });
    await page.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const violations = await page.evaluate(async () => {
        type Node = { html: string; failureSummary: string };
        type Axe = { run(options: object): Promise<{ violations: { id: string; nodes: Node[] }[] }> };
        const { violations } = await (window as unknown as { axe: Axe }).axe.run({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        });
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
      });
      expect(violations).toEqual([]);
    }
  });
});

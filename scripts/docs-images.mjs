/**
 * Makes the pictures of the README, docs/images/report.png and docs/images/page.png, from what the built program says of fixtures: the
 * text as a terminal shows it, and the top of the page. Needs Chromium; CHROMIUM names another than /usr/bin/chromium.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..');
const images = join(root, 'docs/images');
const work = mkdtempSync(join(tmpdir(), 'portzero-images-'));

const portzero = (...args) =>
  execFileSync(process.execPath, ['bin/portzero.js', '--fail-on', 'never', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });

/** What the escapes of the text report mean (ECMA-48 §8.3.117), in colours that stand out from a dark terminal. */
const STYLES = {
  1: 'font-weight:700',
  2: 'color:#8b949e',
  31: 'color:#ff8a80',
  32: 'color:#7ee787',
  33: 'color:#f2c14e',
  35: 'color:#d2a8ff',
  36: 'color:#76d7ea',
};

function terminalPage(command, output) {
  const toMarkup = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const [start, ...rest] = toMarkup(output).split('\u001b[');
  const body = rest.map((part) => {
    const [code, text] = part.split(/m(.*)/s);
    return `${code in STYLES ? `<span style="${STYLES[code]}">` : '</span>'}${text}`;
  });
  return `<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#fff}
pre{display:inline-block;margin:0;padding:18px 22px;border-radius:10px;background:#14181f;color:#e4e8ef;font:13px/1.45 "DejaVu Sans Mono","Liberation Mono",monospace}
</style><pre><span style="color:#7ee787">$</span> ${toMarkup(command)}\n\n${[start, ...body].join('').trimEnd()}</pre>`;
}

const captures = ['accepted/redirect-ipv4.pcap', 'closed/connect-ipv4.pcap'].map((name) => `fixtures/${name}`);
writeFileSync(
  join(work, 'report.html'),
  terminalPage(`portzero ${captures.join(' ')}`, portzero('--color', ...captures)),
);
const folders = ['accepted', 'closed', 'rejected', 'dropped', 'backscatter'].map((name) => `fixtures/${name}`);
writeFileSync(join(work, 'page.html'), portzero('-f', 'html', ...folders));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  mkdirSync(images, { recursive: true });
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(join(work, 'report.html')).href);
  await page.locator('pre').screenshot({ path: join(images, 'report.png') });
  await page.goto(pathToFileURL(join(work, 'page.html')).href);
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
  await page.locator('#rows .line', { hasText: '10.0.0.1:' }).locator('.toggle').first().click();
  await page.screenshot({ path: join(images, 'page.png') });
} finally {
  await browser.close();
  rmSync(work, { recursive: true });
}

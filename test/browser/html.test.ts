import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { formatHtml } from '../../src/report/html/html.ts';
import type { ExchangeReport, RunResult } from '../../src/report/model/types.ts';
import { launchChromium, type OpenPage, openPage } from '../support/browser.ts';
import { HOSTILE, type SampleOptions, sampleResult } from '../support/html-sample.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['chromium'], 'the HTML report in Chromium', () => {
  vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
  let browser: Browser;
  let opened: OpenPage[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const page of opened) await page.close();
    opened = [];
  });

  type Options = Parameters<typeof openPage>[2];
  async function open(result: RunResult, options?: Options): Promise<OpenPage> {
    const page = await openPage(browser, [...formatHtml(result, { width: 80, color: false })].join(''), options);
    opened.push(page);
    return page;
  }
  async function openSample(options: SampleOptions, pageOptions?: Options): Promise<{ page: Page; result: RunResult }> {
    const result = sampleResult(options);
    return { page: (await open(result, pageOptions)).page, result };
  }

  const shownIds = (page: Page) =>
    page.$$eval('#rows .toggle', (buttons) => buttons.map((button) => Number(button.dataset.id)));
  const countText = (page: Page) => page.textContent('#result');
  const having = (result: RunResult, test: (exchange: ExchangeReport) => boolean) =>
    result.report.exchanges.filter(test).map(({ id }) => id);
  const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);

  const SAMPLES: readonly [string, SampleOptions][] = [
    ['no exchange', { exchanges: 0 }],
    ['one exchange', { exchanges: 1, verdict: 'unreachable' }],
    ['every verdict in three inputs', { exchanges: 120, inputs: 3 }],
    ['hostile names', { exchanges: 60, inputs: 2, hostile: true }],
  ];

  it.each(SAMPLES)('shows %s without an error and asks the network for nothing', async (_name, options) => {
    const { page, complaints, requests, url } = await open(sampleResult(options));
    // Whatever a person may press.
    await page.evaluate(() => {
      for (const button of document.querySelectorAll<HTMLElement>('button'))
        if (button.checkVisibility()) button.click();
    });
    await page.waitForTimeout(200);
    expect(complaints).toEqual([]);
    expect(requests.filter((request) => !request.startsWith('data:'))).toEqual([url]);
  });

  it.each(SAMPLES)('gives axe nothing to say of %s in either theme', async (_name, options) => {
    const { page } = await openSample({ ...options, exchanges: Math.min(options.exchanges, 27) }, { bypassCSP: true });
    await page.evaluate(() => {
      for (const share of document.querySelectorAll<HTMLElement>('button.share:enabled')) share.click();
      document.getElementById('open-all')!.click();
      for (const fields of document.querySelectorAll<HTMLElement>('.step .quiet')) fields.click();
    });
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

  it('makes nothing but text of what a packet or a file name says', async () => {
    const { page } = await openSample({ exchanges: 60, inputs: 2, hostile: true });
    await page.click('#open-all');
    expect(await page.locator('img, iframe, object, embed, link[href^=http]').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    const text = await page.textContent('main');
    expect(text).toContain(HOSTILE[0]);
    expect(text).toContain('\\u{202e}gpj.exe');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0008\u000e-\u001f\u202a-\u202e\u2066-\u2069]/);
  });

  it('filters by the parts of the bar', async () => {
    const { page, result } = await openSample({ exchanges: 300 });
    expect(await countText(page)).toBe('300 exchanges');
    const silent = page.locator('button.share', { hasText: 'Silent' });
    await silent.click();
    const expected = having(result, ({ verdict }) => verdict === 'silent');
    expect(await silent.getAttribute('aria-pressed')).toBe('true');
    expect(sorted(await shownIds(page))).toEqual(expected);
    expect(await countText(page)).toBe(`${expected.length} of 300 exchanges`);
    await page.locator('button.share', { hasText: 'Accepted' }).click();
    expect(sorted(await shownIds(page))).toEqual(
      having(result, ({ verdict }) => verdict === 'silent' || verdict === 'accepted'),
    );
    await page.getByRole('button', { name: 'Remove the filter verdict: Silent' }).click();
    expect(sorted(await shownIds(page))).toEqual(having(result, ({ verdict }) => verdict === 'accepted'));
    await page.getByRole('button', { name: 'Clear all' }).click();
    expect(await countText(page)).toBe('300 exchanges');
  });

  it('filters by text, rule, severity, input and end', async () => {
    const { page, result } = await openSample({ exchanges: 90, inputs: 2 });
    const rulesOf = (id: number) => result.report.findings.filter(({ exchange }) => exchange === id);

    await page.fill('#filter-text', '192.0.2.1: refused');
    await expect.poll(() => countText(page)).toContain(' of 90');
    expect(sorted(await shownIds(page))).toEqual(
      having(result, ({ client, verdict }) => client.address === '192.0.2.1' && verdict === 'refused'),
    );
    await page.fill('#filter-text', 'nothing like it');
    await expect.poll(() => page.textContent('#rows')).toBe('No exchange passes the filters.');
    await page.press('#filter-text', 'Escape');
    expect(await countText(page)).toBe('90 exchanges');

    await page.selectOption('#filter-rule', 'port-zero-data');
    expect(sorted(await shownIds(page))).toEqual(
      having(result, ({ id }) => rulesOf(id).some(({ ruleId }) => ruleId === 'port-zero-data')),
    );
    await page.selectOption('#filter-rule', '');
    await page.selectOption('#filter-severity', '3');
    expect(sorted(await shownIds(page))).toEqual(
      having(result, ({ id }) => rulesOf(id).some(({ severity }) => severity === 'error')),
    );
    await page.selectOption('#filter-severity', '0');
    await page.selectOption('#filter-input', '1');
    expect(sorted(await shownIds(page))).toEqual(having(result, ({ input }) => input === 1));
    await page.selectOption('#filter-input', '-1');

    const target = await page.locator('#targets .address').first().textContent();
    await page.locator('#targets button').first().click();
    expect(sorted(await shownIds(page))).toEqual(having(result, ({ server }) => server.address === target));
    await page.locator('#targets button[aria-pressed=true]').click();
    const cell = page.locator('.matrix button').first();
    const [, source, other] = /^(\S+) to (\S+):/.exec((await cell.getAttribute('aria-label'))!)!;
    await cell.click();
    expect(sorted(await shownIds(page))).toEqual(
      having(result, ({ client, server }) => client.address === source && server.address === other),
    );
  });

  it('says in words that all sources have an equal share, and sorts them by number', async () => {
    const result = sampleResult({ exchanges: 57, verdict: 'refused' });
    const exchanges = result.report.exchanges.map((exchange, index) => ({
      ...exchange,
      client: { ...exchange.client, address: `192.0.2.${57 - index}` },
      server: { address: '198.51.100.7', port: 0 },
    }));
    const { page } = await open({ ...result, report: { ...result.report, exchanges } });
    expect(await page.textContent('#sources-more')).toBe('57 sources, none twice; the first 10 are shown');
    expect(await page.locator('#sources .address').allTextContents()).toEqual(
      Array.from({ length: 10 }, (_, index) => `192.0.2.${index + 1}`),
    );
    expect(await page.textContent('#targets-more')).toBe('');
  });

  it('sorts by a heading, both ways, and says so', async () => {
    const { page, result } = await openSample({ exchanges: 100 });
    const heading = page.locator('#list th', { hasText: 'Latency' });
    const byLatency = (sign: number) =>
      [...result.report.exchanges]
        .sort((a, b) => {
          if (a.latencyMs === null || b.latencyMs === null) {
            return Number(a.latencyMs === null) - Number(b.latencyMs === null) || a.id - b.id;
          }
          return sign * (a.latencyMs - b.latencyMs);
        })
        .map(({ id }) => id);
    await heading.getByRole('button').click();
    expect(await shownIds(page)).toEqual(byLatency(1));
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    await heading.getByRole('button').press('Enter');
    expect(await shownIds(page)).toEqual(byLatency(-1));
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    expect(await page.locator('th[aria-sort]').count()).toBe(1);
  });

  it('puts errors first unless told otherwise', async () => {
    const { page, result } = await openSample({ exchanges: 100 });
    const errors = new Set(
      result.report.findings.filter(({ severity }) => severity === 'error').map(({ exchange }) => exchange),
    );
    const flags = (await shownIds(page)).map((id) => errors.has(id));
    expect(flags).toEqual([...flags].sort((a, b) => Number(b) - Number(a)));
    expect(flags.filter(Boolean).length).toBeGreaterThan(0);
  });

  it('brushes the timeline by mouse, and zooms to what is brushed', async () => {
    const { page, result } = await openSample({ exchanges: 90 });
    await page.locator('#timeline-plot').scrollIntoViewIfNeeded();
    const label = () => page.getAttribute('#timeline-plot svg', 'aria-label');
    const before = await label();
    const box = (await page.locator('#timeline-plot').boundingBox())!;
    await page.mouse.move(box.x + 52 + (box.width - 62) / 2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width + 5, box.y + 60, { steps: 8 });
    await page.mouse.up();
    const timeOf = ({ started }: ExchangeReport) => Date.parse(started!);
    const shown = sorted(await shownIds(page));
    const first = timeOf(result.report.exchanges[shown[0]! - 1]!);
    const expected = having(result, (exchange) => timeOf(exchange) >= first);
    expect(shown).toEqual(expected);
    // A bar more or less: the plot ends with a whole one.
    const times = result.report.exchanges.map(timeOf);
    const span = times.at(-1)! - times[0]!;
    expect(Math.abs(first - (times[0]! + span / 2))).toBeLessThan(span / 20);
    await page.click('#zoom-in');
    const zoomed = await label();
    expect(zoomed).not.toBe(before);
    expect(zoomed).toContain(`Timeline of ${expected.length} exchanges`);
    await page.click('#zoom-all');
    expect(await label()).toBe(before);
    await page.getByRole('button', { name: /Remove the filter time/ }).click();
    expect(await countText(page)).toBe('90 exchanges');
  });

  it('brushes the timeline by keyboard', async () => {
    const { page, result } = await openSample({ exchanges: 90 });
    await page.focus('#range-to');
    await page.keyboard.press('Home');
    expect(await countText(page)).toBe('1 of 90 exchanges');
    for (let press = 0; press < 5; press++) await page.keyboard.press('PageUp');
    const ids = sorted(await shownIds(page));
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(90);
    // What is left is what came first.
    expect(ids).toEqual(having(result, ({ id }) => id <= ids.length));
    expect(await page.getAttribute('#range-to', 'aria-valuetext')).toMatch(/^\+[\d.]+ (s|min)/);
  });

  it('opens a ladder by keyboard, and the fields of a frame in it', async () => {
    const { page, result } = await openSample({ exchanges: 40, verdict: 'accepted' });
    const exchange = result.report.exchanges.find(({ evidence }) => evidence.otherAnswers.length > 0)!;
    await page.fill('#filter-text', `#${exchange.id} conflicting`);
    await expect.poll(() => countText(page)).toContain(' of 40');
    const toggle = page.locator(`.toggle[data-id="${exchange.id}"]`);
    await toggle.focus();
    await page.keyboard.press('Enter');
    expect(await toggle.getAttribute('aria-expanded')).toBe('true');
    expect(await toggle.evaluate((node) => node === document.activeElement)).toBe(true);
    const steps = page.locator(`#detail-${exchange.id} .steps > li:not(.pause)`);
    // The question, the answer, the other answer, and how it ended.
    expect(await steps.count()).toBe(4);
    expect(await steps.nth(0).textContent()).toMatch(/Client .* to server .*SYN.*seq\s0.*ttl\s64/);
    expect(await steps.nth(1).textContent()).toMatch(/Server .* to client .*SYN ACK.*seq\s0.*ack\s1/);
    expect(await steps.nth(2).textContent()).toMatch(/RST ACK.*ttl\s49/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    const fields = steps.nth(0).locator('.fields');
    expect(await fields.isVisible()).toBe(true);
    const { probe } = exchange.evidence;
    expect(await fields.textContent()).toContain(
      `${probe!.sequence} 0x${probe!.sequence!.toString(16).padStart(8, '0')}, relative 0`,
    );
    expect(await fields.locator('.bit.on').allTextContents()).toEqual([expect.stringContaining('SYN')]);
    await toggle.press('Enter');
    expect(await page.locator('.detail').count()).toBe(0);
  });

  it('draws every frame of a conversation, and says how many it does not', async () => {
    const result = sampleResult({ exchanges: 1, verdict: 'accepted' });
    const [exchange] = result.report.exchanges;
    const { probe, answer } = exchange!.evidence;
    const segments = Array.from({ length: 64 }, (_, index) => ({
      frame: answer!.frame + 1 + index,
      time: answer!.time,
      sender: index % 2 === 0 ? ('client' as const) : ('server' as const),
      ttl: 64,
      flags: index === 0 ? 'ACK' : index > 61 ? 'FIN,ACK' : 'PSH,ACK',
      sequence: (index % 2 === 0 ? probe : answer)!.sequence! + 1,
      acknowledgment: (index % 2 === 0 ? answer : probe)!.sequence! + 1,
      window: 500,
      payloadLength: index === 0 || index > 61 ? 0 : 10 + index,
      checksumBad: false,
    }));
    const all = [probe!.frame, answer!.frame, ...segments.map(({ frame }) => frame)];
    const whole: ExchangeReport = {
      ...exchange!,
      evidence: { ...exchange!.evidence, otherAnswers: [], segments },
      frames: { ...exchange!.frames, all, count: 80 },
    };
    const { page, complaints } = await open({ ...result, report: { ...result.report, exchanges: [whole] } });
    const steps = page.locator('.step:not(.pause):not(.end)');
    expect(await steps.count()).toBe(64);
    expect(await page.textContent('.ladder > .note')).toBe('16 more frames of this exchange are not drawn.');
    const arrows = await page.$$eval('.step .arrow', (list) => list.map((arrow) => arrow.classList.contains('right')));
    expect(arrows.slice(0, 6)).toEqual([true, false, true, false, true, false]);
    expect(await steps.nth(2).locator('b').textContent()).toBe('ACK');
    expect(await steps.nth(3).locator('.numbers').textContent()).toMatch(/^seq.1 +ack.1 +win.500 +ttl.64 +11.B$/);
    await steps.nth(3).getByRole('button').click();
    expect(await steps.nth(3).locator('.fields').textContent()).toContain('PSH set');
    expect(complaints).toEqual([]);
  });

  it('gives the sender of an ICMP error a core of its own', async () => {
    const { page, result } = await openSample({ exchanges: 3, verdict: 'unreachable' });
    await page.locator('.toggle').first().click();
    expect(await page.locator('.core b').allTextContents()).toEqual(['Client', 'On the way', 'Server']);
    expect(await page.locator('.core .address').nth(1).textContent()).toBe(result.report.exchanges[0]!.answeredBy);
  });

  it('walks the rows by arrow keys, and goes to the search by a slash', async () => {
    const { page } = await openSample({ exchanges: 20 });
    const ids = await shownIds(page);
    await page.locator('.toggle').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.id)).toBe(String(ids[2]));
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('filter-text');
    await page.reload();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the exchanges');
  });

  it('copies display filters and links', async () => {
    const { page, result } = await openSample(
      { exchanges: 30, verdict: 'accepted' },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    );
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    const exchange = result.report.exchanges.find(({ established }) => established)!;
    await page.locator(`.toggle[data-id="${exchange.id}"]`).click();
    const [first, last] = [exchange.frames.all[0], exchange.frames.all.at(-1)];
    await page.getByRole('button', { name: 'Copy Wireshark filter', exact: true }).click();
    await expect.poll(() => page.textContent('#announcer')).toContain('copied');
    expect(await clipboard()).toBe(`frame.number in {${first}..${last}}`);
    await page.getByRole('button', { name: 'Copy link', exact: true }).click();
    await expect.poll(clipboard).toMatch(new RegExp(`^file:.*#x${exchange.id}$`));
  });

  it('stays operable with 10,000 exchanges, and says what it leaves out', async () => {
    const result = sampleResult({ exchanges: 10_000, omitted: 52_000 });
    const { page, complaints } = await open(result);
    expect(await countText(page)).toBe('10,000 exchanges');
    expect(await page.textContent('#page-place')).toBe('1–100 of 10,000');
    expect(await page.locator('#rows tr').count()).toBe(100);
    expect(await page.textContent('main')).toContain('52,000 are only counted here');
    expect(await page.textContent('footer')).toContain('52,000 exchanges, counted but not listed');
    await page.locator('#pager').getByRole('button', { name: 'Next' }).click();
    expect(await page.textContent('#page-place')).toBe('101–200 of 10,000');
    await page.locator('#pager').getByRole('button', { name: 'Last' }).click();
    expect(await page.textContent('#page-place')).toBe('9,901–10,000 of 10,000');
    await page.selectOption('#page-size', '1000');
    expect(await page.locator('#rows .toggle').count()).toBe(1000);
    await page.fill('#filter-text', '198.51.100.1: unreachable');
    const expected = having(
      result,
      ({ server, verdict }) => server.address === '198.51.100.1' && verdict === 'unreachable',
    );
    await expect.poll(() => countText(page)).toBe(`${expected.length} of 10,000 exchanges`);
    expect(sorted(await shownIds(page))).toEqual(expected);
    await page.fill('#filter-text', '');
    await page.locator('#list th', { hasText: 'Client' }).getByRole('button').click();
    await page.locator('.toggle').first().click();
    expect(await page.locator('.ladder').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('goes to the exchange that the address names, on whatever page it is', async () => {
    const { page } = await openSample({ exchanges: 2000 }, { hash: '#x1999' });
    const row = page.locator('#x1999');
    expect(await row.isVisible()).toBe(true);
    expect(await page.locator('#detail-1999').isVisible()).toBe(true);
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.id)).toBe('1999');
  });

  it('shows the members of a group, over all captures, and takes it back', async () => {
    const { page, result } = await openSample({ exchanges: 100, inputs: 3 });
    const line = page.locator('#group-rows tr', { hasText: 'Challenged' }).first();
    const count = Number((await line.locator('td').first().textContent())!.replace(',', ''));
    await line.getByRole('button', { name: 'Show' }).click();
    const ids = await shownIds(page);
    expect(ids.length).toBe(count);
    for (const id of ids) expect(result.report.exchanges[id - 1]!.verdict).toBe('challenged');
    expect(await page.locator('#group-rows tr').count()).toBe(1);
    await page.locator('#group-rows').getByRole('button', { name: 'All' }).click();
    expect(await countText(page)).toBe('100 exchanges');
  });

  it('groups what passes the filters, in pages', async () => {
    const { page, result } = await openSample({ exchanges: 400, inputs: 3 });
    const counts = () =>
      page.$$eval('#group-rows tr', (rows) =>
        rows.map((row) => Number(row.firstElementChild!.textContent!.replace(',', ''))),
      );
    const all: number[] = [];
    expect((await counts()).length).toBe(10);
    for (;;) {
      all.push(...(await counts()));
      const next = page.locator('#groups-pager [data-go=next]');
      if ((await next.getAttribute('aria-disabled')) === 'true') break;
      await next.click();
    }
    const flagged = new Set(result.report.findings.flatMap(({ exchange }) => exchange ?? []));
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(flagged.size);
    await page.fill('#filter-text', '198.51.100.1:');
    const expected = having(result, ({ id, server }) => flagged.has(id) && server.address === '198.51.100.1').length;
    await expect.poll(async () => (await counts()).reduce((sum, count) => sum + count, 0)).toBe(expected);
    expect(expected).toBeLessThan(flagged.size);
  });

  it('draws all exchanges with port 0 where not all of them are listed', async () => {
    const result = sampleResult({ exchanges: 300 });
    // Only the first third is listed.
    const exchanges = result.report.exchanges.slice(0, 100);
    const findings = result.report.findings.filter(({ exchange }) => exchange === null || exchange <= 100);
    const omitted = { ...result.report.omitted, exchanges: 200 };
    const { page } = await open({ ...result, report: { ...result.report, exchanges, findings, omitted } });
    const label = () => page.getAttribute('#timeline-plot svg', 'aria-label');
    expect(await label()).toContain('Timeline of 300 exchanges');
    expect(await page.textContent('#timeline-what')).toBe('all 300 exchanges with port 0');
    const sources = new Map<string, number>();
    for (const { client } of result.report.exchanges)
      sources.set(client.address, (sources.get(client.address) ?? 0) + 1);
    const most = Math.max(...sources.values());
    expect(await page.locator('#sources .number').first().textContent()).toBe(String(most));
    // By verdict the counts tell all, too; by what only the list has, the list tells.
    const refused = having(result, ({ verdict }) => verdict === 'refused').length;
    await page.selectOption('#filter-verdict', 'refused');
    expect(await label()).toContain(`Timeline of ${refused} exchanges`);
    await page.fill('#filter-text', 'reset');
    await expect.poll(() => page.textContent('#timeline-what')).toBe('of the exchanges that are listed');
    expect(await page.textContent('#ends-what')).toBe('of the exchanges that are listed');
  });

  it('has the view in its address, and reads it from there', async () => {
    const { page } = await openSample({ exchanges: 200, inputs: 2 });
    expect(await page.evaluate(() => location.hash)).toBe('');
    await page.selectOption('#filter-verdict', 'silent');
    await page.selectOption('#filter-severity', '2');
    await page.selectOption('#filter-input', '1');
    await page.locator('#sources button').first().click();
    await page.focus('#range-to');
    await page.keyboard.press('PageDown');
    await page.fill('#filter-text', 'no-response');
    await page.locator('#list th', { hasText: 'Client' }).getByRole('button').click();
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('text=no-response');
    const view = async (of: Page) => [
      await shownIds(of),
      await of.$$eval('#chips .chip', (chips) => chips.map((chip) => chip.textContent)),
      await of.getAttribute('#list th[aria-sort]', 'aria-sort'),
    ];
    const before = await view(page);
    expect((before[0] as number[]).length).toBeGreaterThan(0);
    const hash = await page.evaluate(() => location.hash);
    const { page: other } = await openSample({ exchanges: 200, inputs: 2 }, { hash });
    expect(await view(other)).toEqual(before);
    await other.getByRole('button', { name: 'Clear all' }).click();
    expect(await countText(other)).toBe('200 exchanges');
    // What cannot be meant is passed over.
    const { page: third, complaints } = await open(sampleResult({ exchanges: 20 }), {
      hash: '#verdict=shrugged&severity=dire&input=77&time=b..a&sort=up&unknown=%ff',
    });
    expect(await countText(third)).toBe('20 exchanges');
    expect(complaints).toEqual([]);
  });

  it('does not lose what was typed a moment before something else was chosen', async () => {
    const { page } = await openSample({ exchanges: 200, inputs: 2 });
    // Both in one turn: no timer comes between.
    await page.evaluate(() => {
      const text = document.querySelector<HTMLInputElement>('#filter-text')!;
      text.focus();
      text.value = 'no-response';
      text.dispatchEvent(new Event('input', { bubbles: true }));
      const sort = document.querySelector<HTMLButtonElement>('#list th button[data-sort="client"]')!;
      sort.focus();
      sort.click();
    });
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#text=no-response&sort=client');
    expect(await page.inputValue('#filter-text')).toBe('no-response');
  });

  it('follows the system theme, and the one chosen, also next time', async () => {
    const { page } = await openSample({ exchanges: 3 }, { colorScheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const lightness = async () => Number(/\d+/.exec(await background())![0]);
    expect(await lightness()).toBeLessThan(64);
    await page.click('#theme');
    expect(await page.textContent('#theme')).toBe('Theme: light');
    expect(await lightness()).toBeGreaterThan(192);
    await page.reload();
    expect(await lightness()).toBeGreaterThan(192);
    await page.click('#theme');
    await page.click('#theme');
    expect(await lightness()).toBeLessThan(64);
  });

  it('prints in the light theme, opened, without controls', async () => {
    const { page, result } = await openSample({ exchanges: 60 }, { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    expect(await page.locator('#rows .line').count()).toBe(60);
    // Those with an error are open, as many as twenty pages hold.
    const errors = new Set(
      result.report.findings.filter(({ severity }) => severity === 'error').map(({ exchange }) => exchange),
    );
    errors.delete(null);
    expect(await page.locator('.ladder:visible').count()).toBe(Math.min(10, errors.size));
    // A ladder stays with its row, on the next sheet where there is no room for both.
    const breaks = (selector: string, name: 'breakInside' | 'breakAfter') =>
      page
        .locator(selector)
        .first()
        .evaluate((row, key) => getComputedStyle(row)[key], name);
    expect(await breaks('#rows .line.open', 'breakAfter')).toBe('avoid');
    expect(await breaks('#rows .detail-row', 'breakInside')).toBe('avoid');
    for (const control of ['#pager', '#filter-text', '#zoom-in', '.sliders', '#open-all']) {
      expect(await page.locator(control).isVisible()).toBe(false);
    }
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    expect(await page.locator('.ladder').count()).toBe(0);
  });

  it('prints twenty pages at most', async () => {
    const { page } = await openSample({ exchanges: 3000, inputs: 3 });
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    const pages = pdf.match(/\/Type\s*\/Page\b/g)!.length;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThanOrEqual(20);
  });

  it('prints twenty pages at most where conversations are long', async () => {
    const result = sampleResult({ exchanges: 300 });
    const segments = Array.from({ length: 64 }, (_, index) => ({
      frame: 10_000 + index,
      time: '2026-11-20T10:00:01.000000Z',
      sender: index % 2 === 0 ? ('client' as const) : ('server' as const),
      ttl: 64,
      flags: 'PSH,ACK',
      sequence: 1000 + index,
      acknowledgment: 1,
      window: 64_240,
      payloadLength: 10,
      checksumBad: false,
    }));
    const exchanges = result.report.exchanges.map((exchange) => ({
      ...exchange,
      evidence: { ...exchange.evidence, segments },
    }));
    const { page } = await open({ ...result, report: { ...result.report, exchanges } });
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    const pages = pdf.match(/\/Type\s*\/Page\b/g)!.length;
    expect(pages).toBeGreaterThan(5);
    expect(pages).toBeLessThanOrEqual(20);
  });

  it('shows tables as cards on a phone', async () => {
    const { page } = await openSample({ exchanges: 60, inputs: 3 }, { viewport: { width: 400, height: 800 } });
    for (const id of ['rows', 'group-rows']) {
      const cells = await page.$$eval(`#${id} td`, (list) =>
        list.filter((cell) => cell.checkVisibility()).map((cell) => cell.getBoundingClientRect().right),
      );
      expect(cells.length).toBeGreaterThan(20);
      expect(Math.max(...cells)).toBeLessThanOrEqual(400);
    }
    expect(
      await page
        .locator('#group-rows td[data-label=Answer]')
        .first()
        .evaluate((cell) => getComputedStyle(cell).display),
    ).toBe('grid');
  });

  it('breaks no port of an end, however narrow the place', async () => {
    const { page } = await openSample({ exchanges: 60 }, { viewport: { width: 400, height: 800 } });
    await page.locator('#rows .toggle').first().click();
    const lines = await page.$$eval('.core .address, #rows td.address', (ends) =>
      ends.map((end) => {
        const range = document.createRange();
        range.selectNodeContents(end.lastChild!);
        return [end.lastChild!.textContent, new Set([...range.getClientRects()].map(({ top }) => top)).size];
      }),
    );
    expect(lines.length).toBeGreaterThan(100);
    for (const [port, rows] of lines) expect([port, rows]).toEqual([expect.stringMatching(/^:\d+$/), 1]);
  });

  it('shows counts, findings, groups and a plain list where no script runs', async () => {
    const { page, result } = await openSample({ exchanges: 140 }, { javaScriptEnabled: false });
    const refused = result.report.summary.portZero.refused;
    expect(await page.locator('.share', { hasText: 'Refused' }).textContent()).toContain(String(refused));
    expect(await page.getByRole('heading', { name: 'Findings beyond single exchanges' }).isVisible()).toBe(true);
    expect(await page.getByRole('heading', { name: 'Flagged exchanges that are alike' }).isVisible()).toBe(true);
    expect(await page.locator('.no-js tbody tr').count()).toBe(100);
    expect(
      await page
        .locator('#filters, #timeline, #exchanges, #theme')
        .evaluateAll((nodes) => nodes.map((node) => getComputedStyle(node).display)),
    ).toEqual(['none', 'none', 'none', 'none']);
  });

  it.each([360, 768, 1440])('fits a window of %i pixels without scrolling sideways', async (width) => {
    const { page } = await openSample({ exchanges: 60, inputs: 2 }, { viewport: { width, height: 800 } });
    for (const toggle of (await page.$$('#rows .toggle')).slice(0, 10)) await toggle.click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

  it('says at the top that not all could be looked into', async () => {
    const { page: all } = await openSample({ exchanges: 0 });
    expect(await all.textContent('h1')).toMatch(/^Nobody used/);
    const result = sampleResult({ exchanges: 0 });
    const notLookedInto = { frames: 3, reasons: { 'ethertype-0xa001': 3 } };
    const summary = { ...result.report.summary, notLookedInto };
    const { page } = await open({ ...result, report: { ...result.report, summary } });
    expect(await page.textContent('h1')).toContain('what could be looked into');
    expect(await page.textContent('body')).toContain('frames could not be looked into (ethertype-0xa001 3)');
    expect(await page.textContent('body')).not.toContain('Nobody used');
  });
});

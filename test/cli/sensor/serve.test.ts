import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/cli/sensor/event-stream.ts';
import { serve } from '../../../src/cli/sensor/http.ts';
import type { LiveView } from '../../../src/report/html/live-view.ts';
import { runCommand } from '../../support/command.ts';
import { FakeSniff } from '../../support/fake-capturer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-serve-'));
let number = 0;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const open = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(url, { headers, method }, resolve).on('error', reject);
    closing.push(() => request.destroy());
  });

async function start(...args: string[]) {
  const folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
  const sniff = new FakeSniff(folder, ['--answer-timeout', '200ms', ...args]);
  closing.push(() => sniff.kill());
  await sniff.until(({ stderr }) => stderr.includes('live page at'), 'address');
  const [, url = ''] = /live page at (\S+\/)/.exec(sniff.stderr)!;
  return { sniff, url };
}

/** What the events of a page tell, as they come. */
class Events {
  readonly views: LiveView[] = [];
  ended = false;
  constructor(response: IncomingMessage) {
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) this.views.push(JSON.parse(data) as LiveView);
      }
    });
    response.on('end', () => {
      this.ended = true;
    });
  }
  async until(holds: (view: LiveView) => boolean): Promise<LiveView> {
    for (let turn = 0; ; turn++) {
      const found = this.views.find(holds);
      if (found !== undefined) return found;
      if (turn === 6000) throw new Error(`never: ${JSON.stringify(this.views.at(-1))}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('sniff --serve', () => {
  it('tells the whole state each second, and its end', async () => {
    const { sniff, url } = await start('--serve', '0');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const response = await open(`${url}events`);
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const events = new Events(response);
    await sniff.connect(3);
    const view = await events.until(({ portZero }) => portZero.refused === 3);
    expect(view).toMatchObject({ name: 'any', frames: 6, drops: null, ended: false, capturing: true });
    expect(view.rules).toEqual([{ ruleId: 'syn-to-port-zero', severity: 'warning', total: 3, lastMinute: 3 }]);
    expect(view.newest.map(({ verdict, waiting }) => [verdict, waiting])).toEqual(Array(3).fill(['refused', false]));
    // Whoever comes later misses nothing.
    const later = new Events(await open(`${url}events`));
    expect((await later.until(() => true)).portZero.refused).toBe(3);
    await sniff.connect(2);
    expect(await sniff.interrupt()).toBe(1);
    expect((await events.until(({ ended }) => ended)).portZero.refused).toBe(5);
    await expect.poll(() => events.ended).toBe(true);
    await expect(open(url)).rejects.toThrow('ECONNREFUSED');
  });

  it('has a policy that lets the page do nothing but read its events', async () => {
    const { url } = await start('--serve', '0');
    const { headers } = await open(url);
    const policy = headers['content-security-policy'] as string;
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]));
    expect(rules.get('default-src')).toBe("'none'");
    expect(rules.get('connect-src')).toBe("'self'");
    expect(rules.get('script-src')).toMatch(/^'sha256-[^ ]+'$/);
    expect(rules.get('style-src')).toMatch(/^'sha256-[^ ]+'$/);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors', 'trusted-types'])
      expect(rules.get(name)).toBe("'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is read-only, and answers to no name that a stranger may have given to its address', async () => {
    const { url } = await start('--serve', '0');
    const statusOf = async (path: string, headers = {}, method = 'GET') =>
      (await open(url + path, headers, method)).statusCode;
    expect(await statusOf('', {}, 'POST')).toBe(405);
    expect(await statusOf('events', {}, 'DELETE')).toBe(405);
    expect(await statusOf('report.json')).toBe(404);
    for (const path of ['', 'events']) {
      expect(await statusOf(path, { host: 'rebound.example' })).toBe(421);
      expect(await statusOf(path, { host: 'rebound.example:80' })).toBe(421);
      expect(await statusOf(path, { host: '127.0.0.1.rebound.example' })).toBe(421);
      expect(await statusOf(path, { host: hostname() })).toBe(hostname() === 'localhost' ? 200 : 421);
      expect(await statusOf(path, { host: 'localhost:9' })).toBe(200);
      expect(await statusOf(path, { host: '[::1]:9' })).toBe(200);
    }
  });

  it('says that others can reach it, also when it is to be quiet, and checks names there too', async () => {
    const { sniff, url } = await start('--serve', '0.0.0.0:0', '--quiet');
    expect(sniff.stderr).toContain(`live page at ${url}, open to whoever can reach that address\n`);
    const statusOf = async (host: string) => (await open(url.replace('0.0.0.0', '127.0.0.1'), { host })).statusCode;
    expect(await statusOf('rebound.example')).toBe(421);
    expect(await statusOf('192.0.2.7:80')).toBe(200);
    expect(await statusOf(hostname().toUpperCase())).toBe(200);
  });

  it('takes no address that is none, and no port that is taken', async () => {
    const run = (...args: string[]) => runCommand(['sniff', 'lo', ...args]);
    for (const [args, words] of [
      [['--serve', 'here'], '--serve here: expected a port or ADDRESS:PORT'],
      [['--serve', '9', '--metrics', '127.0.0.1:9'], '--metrics is there already'],
      [['--serve', '192.0.2.1:9999'], '--serve: cannot listen on 192.0.2.1 port 9999'],
    ] as const) {
      const { status, stderr } = await run(...args);
      expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
    }
  });
});

describe('events for readers', () => {
  const LINE = 'x'.repeat(8_000_000);
  async function serveEvents() {
    const made: number[] = [];
    const stream = new EventStream(() => {
      made.push(performance.now());
      return LINE;
    });
    const server = await serve('--serve', { host: '127.0.0.1', port: 0 }, new Map([['/events', stream.handler]]));
    closing.push(() => {
      stream.close();
      server.close();
    });
    return { made, url: server.url };
  }
  /** Asks, and takes no answer. */
  function stare(url: string): Socket {
    const { hostname: host, port } = new URL(url);
    const socket = connect(Number(port), host);
    socket.on('error', () => {});
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    closing.push(() => socket.destroy());
    return socket;
  }

  it('keep no more than one for who does not take them, and let that one go', async () => {
    const { made, url } = await serveEvents();
    stare(url);
    await expect.poll(() => made.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(made).toHaveLength(1);
    // Another one is told all the same.
    let bytes = 0;
    (await open(`${url}/events`)).on('data', (chunk) => {
      bytes += chunk.length;
    });
    await expect.poll(() => bytes).toBeGreaterThan(3 * LINE.length);
  });

  it('are for so many readers, and no more', async () => {
    const { url } = await serveEvents();
    const statuses = [];
    for (let reader = 0; reader < 17; reader++) statuses.push((await open(`${url}/events`)).statusCode);
    expect(statuses).toEqual([...Array(16).fill(200), 503]);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../../support/command.ts';
import { FakeSniff } from '../../support/fake-capturer.ts';
import { describeWith } from '../../support/tools.ts';

const examples = join(import.meta.dirname, '../../../examples');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-metrics-'));
let folder: string;
let number = 0;
let running: FakeSniff | null = null;
const sockets: Socket[] = [];

beforeEach(() => {
  folder = join(scratch, `run${number++}`);
  mkdirSync(folder);
});
afterEach(() => {
  running?.kill();
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** With headers of ours, which fetch() does not let one set. */
const ask = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Answer>((resolve, reject) => {
    get(url, { headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
      );
    }).on('error', reject);
  });

/** Port 0 of the option lets the system choose one. */
async function start(...args: string[]) {
  const sniff = new FakeSniff(folder, ['--answer-timeout', '200ms', '--metrics', '0', ...args]);
  running = sniff;
  await sniff.until(({ stderr }) => stderr.includes('/metrics'), 'address');
  const [, url = ''] = /metrics at (\S+)\/metrics/.exec(sniff.stderr)!;
  return { sniff, url };
}

/** Samples by name and labels as they are written. */
const samplesOf = (text: string) =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

async function readUntil(url: string, holds: (samples: Map<string, number>) => boolean) {
  for (let turn = 0; ; turn++) {
    const { text } = await ask(`${url}/metrics`);
    const samples = samplesOf(text);
    if (holds(samples)) return { text, samples };
    if (turn === 6000) throw new Error(`never: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('sniff --metrics', () => {
  it('counts exchanges by verdict, findings by rule, and what its outputs wrote', async () => {
    const { sniff, url } = await start('-w', 'e.pcapng', '-f', 'eve', '-o', 'eve.json');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await sniff.connect(3);
    const { samples } = await readUntil(
      url,
      (it) => it.get('portzero_exchanges_total{verdict="refused",port_zero="true"}') === 3,
    );
    expect(samples.get('portzero_frames_total')).toBe(6);
    expect(samples.get('portzero_exchanges_total{verdict="refused",port_zero="false"}')).toBe(0);
    expect(samples.get('portzero_findings_total{rule="syn-to-port-zero"}')).toBe(3);
    expect(samples.get('portzero_findings_total{rule="port-zero-accepted"}')).toBe(0);
    expect(samples.get('portzero_capturing')).toBe(1);
    expect(samples.get('portzero_capturer_starts_total')).toBe(1);
    expect(samples.get('portzero_healthy')).toBe(1);
    expect(samples.get(`portzero_output_failing{output="${join(folder, 'eve.json')}"}`)).toBe(0);
    // The script is no tcpdump, and does not count what it loses.
    expect([...samples.keys()].filter((it) => it.includes('dropped_frames'))).toEqual([]);
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect((await ask(`${url}/healthz`)).text).toBe('{"status":"ok","complaints":[]}\n');
    expect(await sniff.interrupt()).toBe(1);
    await expect(ask(`${url}/metrics`)).rejects.toThrow('ECONNREFUSED');
  });

  it('has labels of few values, whatever the packets hold', async () => {
    const { sniff, url } = await start();
    await sniff.connect(2);
    const before = await readUntil(url, (it) => it.get('portzero_frames_total') === 4);
    await sniff.connect(500);
    const after = await readUntil(url, (it) => it.get('portzero_frames_total') === 1004);
    expect([...after.samples.keys()]).toEqual([...before.samples.keys()]);
  });

  it('is red without a capturer, and when an output fails or loses', async () => {
    const { sniff, url } = await start('-f', 'ndjson', '-o', join(folder, 'gone/lines')).catch(() => ({
      sniff: running!,
      url: '',
    }));
    // What cannot be made at the start is no run at all.
    expect(url).toBe('');
    expect(await sniff.ended).toBe(2);
    folder = join(scratch, `run${number++}`);
    mkdirSync(folder);
    const other = await start('-f', 'ndjson', '-o', '/dev/full');
    await other.sniff.until(({ stderr }) => stderr.includes('sniffing'), 'capturer');
    await other.sniff.connect(1);
    await other.sniff.until(({ stderr }) => stderr.includes('cannot write'), 'failure');
    const { status, type, text } = await ask(`${other.url}/healthz`);
    expect([status, type]).toEqual([503, 'application/json']);
    expect(JSON.parse(text)).toMatchObject({
      status: 'failing',
      complaints: [expect.stringMatching(/^cannot write \/dev\/full: ENOSPC/)],
    });
    expect((await readUntil(other.url, () => true)).samples.get('portzero_healthy')).toBe(0);
    expect(await other.sniff.interrupt()).toBe(2);
  });

  it('is red while the interface is waited for', async () => {
    running = new FakeSniff(folder, ['--metrics', '0', '--restart'], {
      complaint: 'tcpdump: eth7: No such device exists',
    });
    await running.until(({ stderr }) => stderr.includes('waiting for it'), 'wait');
    const [, url] = /metrics at (\S+)\/metrics/.exec(running.stderr)!;
    const { status, text } = await ask(`${url}/healthz`);
    expect([status, JSON.parse(text).complaints]).toEqual([503, ['nothing is captured']]);
    expect((await readUntil(url!, () => true)).samples.get('portzero_capturing')).toBe(0);
  });

  it('is for reading, by a name of this machine', async () => {
    const { url } = await start();
    expect((await ask(`${url}/metrics`, {}, 'POST')).status).toBe(405);
    expect((await ask(`${url}/etc/passwd`)).status).toBe(404);
    expect((await ask(`${url}/metrics`, { host: 'rebound.example:9464' })).status).toBe(421);
    expect((await ask(`${url}/metrics`, { host: 'localhost:9464' })).status).toBe(200);
    expect((await ask(`${url}/metrics`, { cookie: 'x'.repeat(20_000) })).status).toBe(431);
  });

  it('goes on when connections say nothing, and refuses more than 64', async () => {
    const { url } = await start();
    const { port, hostname } = new URL(url);
    let refused = 0;
    for (let i = 0; i < 100; i++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.on('close', () => {
        refused++;
      });
      sockets.push(socket);
    }
    await expect.poll(() => refused, { timeout: 3000 }).toBeGreaterThanOrEqual(36);
    // Those that say nothing are let go after five seconds, and others come in.
    await expect
      .poll(
        () =>
          ask(`${url}/healthz`).then(
            ({ text }) => text,
            () => '',
          ),
        { timeout: 9000, interval: 500 },
      )
      .toContain('status');
  });

  it.each(['x', '70000', '1.2.3.4', '[::1:9464', ':-1'])('--metrics %s is one line and status 2', async (address) => {
    const { status, stderr } = await runCommand(['sniff', 'lo', `--metrics=${address}`]);
    expect([status, stderr.split('\n').length]).toEqual([2, 2]);
    expect(stderr).toContain('--metrics');
  });

  it('says what it cannot listen on', async () => {
    const { url } = await start();
    const { host } = new URL(url);
    const { status, stderr } = await runCommand(['sniff', 'lo', '--metrics', host]);
    expect(status).toBe(2);
    expect(stderr).toContain(`--metrics: cannot listen on 127.0.0.1 port ${host.split(':')[1]}`);
  });

  it('says so where others can reach it', async () => {
    running = new FakeSniff(folder, ['--metrics', '0.0.0.0:0']);
    await running.until(({ stderr }) => stderr.includes('/metrics'), 'address');
    expect(running.stderr).toContain('open to whoever can reach that address');
  });

  it('is not loaded where nobody asks', () => {
    const main = readFileSync(join(import.meta.dirname, '../../../dist/bundle/sniff.js'), 'utf8');
    expect(main).not.toContain('openmetrics-text');
  });
});

// Debian's, for its packages.
const PYTHON = '/usr/bin/python3';

describeWith(['promtool', 'python3'], 'what others make of the metrics', () => {
  it('passes promtool and the parser of the reference client', async () => {
    const { sniff, url } = await start('-w', 'e"vi\\dence.pcapng');
    await sniff.connect(3);
    const { text } = await readUntil(url, (it) => it.get('portzero_frames_total') === 6);
    const open = await ask(`${url}/metrics`, { accept: 'application/openmetrics-text' });
    expect(open.type).toContain('application/openmetrics-text');
    expect(open.text.endsWith('# EOF\n')).toBe(true);
    const script =
      'import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n' +
      'for f in parse(sys.stdin.read()):\n  for s in f.samples: print(s.name, dict(s.labels).get("output"))';
    const parsed = execFileSync(PYTHON, ['-c', script], { input: text, encoding: 'utf8' });
    expect(parsed).toContain('portzero_frames_total None');
    expect(parsed).toContain(`portzero_output_records_total ${join(folder, 'e"vi\\dence.pcapng')}`);
    const plain = await ask(`${url}/metrics`, { accept: 'text/plain' });
    expect(plain.type).toContain('text/plain; version=0.0.4');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: plain.text,
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });
});

/** Names of our metrics in expressions. */
const namesIn = (text: string) => new Set(text.match(/\b(?:portzero|process)_[a-z_]+\b/g));

describe('examples for those who watch', () => {
  it('name only metrics and rules that are there', async () => {
    const { sniff, url } = await start('-w', 'e.pcapng');
    await sniff.connect(1);
    const { text } = await readUntil(url, (it) => it.get('portzero_frames_total') === 2);
    const there = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, kind]) =>
        kind === 'counter' ? `${name}_total` : name!,
      ),
    );
    const dashboard = JSON.parse(readFileSync(join(examples, 'grafana-dashboard.json'), 'utf8'));
    const expressions = [
      ...dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets.map(({ expr }) => expr)),
      ...dashboard.templating.list
        .map(({ query }: { query: string }) => query)
        .filter((it: string) => it !== 'prometheus'),
    ] as string[];
    const rules = parse(readFileSync(join(examples, 'prometheus-rules.yml'), 'utf8')).groups.flatMap(
      (group: { rules: { expr: string }[] }) => group.rules.map(({ expr }) => expr),
    ) as string[];
    expect(expressions.length).toBeGreaterThan(15);
    for (const expression of [...expressions, ...rules]) {
      for (const name of namesIn(expression)) expect(there, expression).toContain(name);
      for (const [, rule] of expression.matchAll(/rule="([^"]+)"/g)) expect(text).toContain(`{rule="${rule}"}`);
      for (const [, verdict] of expression.matchAll(/verdict="([^"]+)"/g))
        expect(text).toContain(`{verdict="${verdict}"`);
    }
  });
});

describeWith(['promtool'], 'examples/prometheus-rules.yml', () => {
  it('fires when it should, and not before', () => {
    const alert = (alertname: string, eval_time: string, exp_alerts: object[]) => ({
      alertname,
      eval_time,
      exp_alerts,
    });
    const labels = { instance: 'a', job: 'portzero' };
    const series = (name: string, values: string, more = '') => ({
      series: `${name}{instance="a",job="portzero"${more}}`,
      values,
    });
    const firing = (severity: string, summary: string, more: object = {}, description?: string) => [
      {
        exp_labels: { ...labels, ...more, severity },
        exp_annotations: { summary, ...(description === undefined ? {} : { description }) },
      },
    ];
    const test = {
      rule_files: [join(examples, 'prometheus-rules.yml')],
      evaluation_interval: '30s',
      tests: [
        {
          interval: '30s',
          input_series: [
            series('portzero_capturing', '1x20 0x20'),
            series('portzero_dropped_frames_total', '0x20 300x20'),
            series('portzero_output_failing', '0x20 1x20', ',output="eve.json"'),
            series('portzero_findings_total', '0x20 1x20', ',rule="port-zero-accepted"'),
            series('portzero_findings_total', '5x40', ',rule="port-zero-flood"'),
          ],
          alert_rule_test: [
            alert('PortzeroNotCapturing', '10m', []),
            alert(
              'PortzeroNotCapturing',
              '13m',
              firing('critical', 'portzero on a runs, but captures nothing (interface down or gone, capturer ended)'),
            ),
            alert('PortzeroDropsFrames', '10m', []),
            alert(
              'PortzeroOutputFailing',
              '13m',
              firing('critical', 'portzero on a cannot write eve.json', { output: 'eve.json' }),
            ),
            alert(
              'PortZeroAccepted',
              '12m',
              firing('critical', 'A stack seen by a accepts connections on TCP port 0', { rule: 'port-zero-accepted' }),
            ),
            alert('PortZeroFlood', '12m', []),
          ],
        },
      ],
    };
    const path = join(folder, 'test.json');
    writeFileSync(path, JSON.stringify(test));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', path], { encoding: 'utf8' });
    expect(stdout + stderr).toContain('SUCCESS');
    expect(status).toBe(0);
    expect(spawnSync('promtool', ['check', 'rules', join(examples, 'prometheus-rules.yml')]).status).toBe(0);
  });
});
